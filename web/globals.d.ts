/** Styles are files of their own in the built page. */
declare module '*.css';
