/** The modules that users import, as in `exports` of package.json, without the ending. Only the build imports this file. */
export const LIBRARY = ['index', 'service/index', 'api/index', 'testing/index'] as const;
