/** Limits of the numbers that a configuration may hold. */

/** The largest number of jobs, nodes, tasks and the like: counts are 32-bit integers in jobspecs. */
export const MAX_COUNT = 2 ** 31 - 1;
