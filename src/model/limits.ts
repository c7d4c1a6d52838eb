/** Limits of the numbers that a configuration may hold. */

/** The largest number of jobs, nodes, tasks and the like: counts are 32-bit integers in jobspecs. */
export const MAX_COUNT = 2 ** 31 - 1;

/** Rows of an entry's parameters beyond which they are made when they are submitted, and not when the file is read. */
export const MAX_EAGER_ROWS = 1000;

/** Values of drawn parameters in a Latin hypercube, all of which are kept in memory. */
export const MAX_HYPERCUBE_VALUES = 5_000_000;

/** Seconds of the longest timer. Node counts milliseconds in 31 bits, and would fire a longer timer at once. */
export const MAX_TIMER = Math.floor((2 ** 31 - 1) / 1000);
