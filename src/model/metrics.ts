/** Counts, statistics and status of a run, as plain objects. */

import type { Count, KeptStatistic } from './metric-names.js';

/** Plain data, which is never changed here. */
export interface StreamState {
  readonly count: number;
  readonly mean: number;
  /** Sum of squared differences from the mean. */
  readonly squares: number;
  /** 0 without numbers, as is `max`. */
  readonly min: number;
  readonly max: number;
  readonly sum: number;
  /** How many numbers were 0. */
  readonly zeros: number;
  /** Scale of the buckets (log-buckets.ts): 6, and less if the numbers span more than 19 powers of ten. */
  readonly scale: number;
  /** Index of the first bucket. */
  readonly first: number;
  /** How many numbers fell into each bucket from there on. At most 4,096 buckets. */
  readonly buckets: Float64Array;
}

export interface EngineStatus {
  readonly activeJobs: number;
  /** Jobs that limits hold back, on their way to the source, or accepted by it and without an event yet. */
  readonly submitting: number;
  /** Jobs that limits hold back. */
  readonly queued: number;
  /** Jobs that wait for their next submission. */
  readonly retrying: number;
  /** No job is active, but time alone may make a rule due. */
  readonly timeCouldFire: boolean;
  /** No rule fires any more. */
  readonly ended: boolean;
  /** The sentinel has been seen, and the stream is not interrupted. */
  readonly backlogOver: boolean;
  /** The current state of the ensemble; null without states. */
  readonly state: string | null;
  readonly records: number;
  /** Events in all records. */
  readonly events: number;
  /** Events of jobs that belong to the ensemble. */
  readonly trackedEvents: number;
  readonly decodeErrors: number;
  /** Times that were left out because a clock was set back between two events of a job. */
  readonly negativeIntervals: number;
  /** Values that jobs told under a name that their group does not have, or of another kind. */
  readonly ignoredTells: number;
  readonly firings: number;
  /** Jobs that ended while the stream was interrupted, with an unknown result. */
  readonly lostJobs: number;
  /** Time of the earliest and of the latest event, in seconds since the epoch; 0 before the first one. */
  readonly earliest: number;
  readonly latest: number;
  /** Seconds since the oldest write to the log that is not on the disk; 0 without one, null without a log. */
  readonly logLag: number | null;
}

/**
 * The statistics of one stream of numbers; null before the first number. `variance` is the sample variance (ddof 1; 0 for a
 * single number); `q25`, `q50` and `q75` are P² estimates of the quartiles, `iqr` is their interquartile range, and `mad` the
 * median absolute deviation.
 */
export type SummaryValues = {
  readonly count: number;
} & Readonly<Record<KeptStatistic, number | null>>;

export interface GroupMetrics {
  readonly count: Readonly<Record<Count, number>>;
  /** Jobs by the type of their first fatal exception: `cancel`, `timeout`, `exec`, ... */
  readonly exceptions: Readonly<Record<string, number>>;
  /** Seconds from start to finish. */
  readonly duration: SummaryValues;
  /** Seconds from submit to start. */
  readonly pending: SummaryValues;
  /** Probe variables, by name, of groups that have some. */
  readonly probes?: Readonly<Record<string, SummaryValues>>;
}

/** A group's streams in a form in which those of several ensembles can be merged (mergeable.ts). */
export interface GroupStates {
  readonly duration: StreamState;
  readonly pending: StreamState;
}

export interface MetricsSnapshot {
  readonly groups: ReadonlyMap<string, GroupMetrics>;
  /**
   * Metrics that rules name and that are not in `groups`, by name: `p95.lammps-duration`; null without a
   * value.
   */
  readonly named: ReadonlyMap<string, number | null>;
  /** By group; null where the run keeps no sketches of all streams. */
  readonly states: ReadonlyMap<string, GroupStates> | null;
  readonly status: EngineStatus;
}
