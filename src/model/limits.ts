/** Limits of the numbers that a configuration may hold. */

/** The largest number of jobs, nodes, tasks and the like: counts are 32-bit integers in jobspecs. */
export const MAX_COUNT = 2 ** 31 - 1;

/** Rows of parameters that a group may have. */
export const MAX_ROWS = 100_000;

/** Seconds of the longest timer. Node counts milliseconds in 31 bits, and would fire a longer timer at once. */
export const MAX_TIMER = Math.floor((2 ** 31 - 1) / 1000);
