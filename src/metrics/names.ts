/** What is kept of every job group, by name; in the order in which the native engine keeps it. */

import type { Count, Statistic, Variable } from '../config/types.js';

/** The statistics kept for each variable of each group. */
export const STATISTICS = [
  'mean',
  'variance',
  'min',
  'max',
  'iqr',
  'mad',
  'q25',
  'q50',
  'q75',
] as const satisfies readonly Statistic[];

/** What is measured of each job, in seconds. */
export const VARIABLES = ['duration', 'pending'] as const satisfies readonly Variable[];

/** What is counted for each group. */
export const COUNTS = [
  'submitted',
  'finished',
  'success',
  'failed',
  'canceled',
  'timeout',
  'exception',
  'pending',
  'running',
] as const satisfies readonly Count[];
