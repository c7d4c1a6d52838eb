/** The kinds of names that a completion script asks the program for. */

export const nameKinds = ['runs', 'ensembles'] as const;
export type NameKind = (typeof nameKinds)[number];
