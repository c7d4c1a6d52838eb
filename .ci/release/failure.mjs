/** A failure of the release with one line for the publisher: what was found, where, what is expected, what to do. */
export class Failure extends Error {}
