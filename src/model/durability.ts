/** The failures that the log of a run survives at every moment: the end of the process, or also that of the host. */
export const DURABILITIES = ['process', 'host'] as const;
export type Durability = (typeof DURABILITIES)[number];
