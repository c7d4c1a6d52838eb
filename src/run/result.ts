/** The result of a run. */

import type { Engine } from '../engine/engine.js';
import type { GroupFailures } from '../model/failure.js';
import type { MetricsSnapshot } from '../model/metrics.js';
import type { RuleReport } from '../model/rule-report.js';
import type { SearchReport } from '../model/search.js';
import type { RunEnding } from './end-of-run.js';
import type { LimitsOfRun } from './reached-limits.js';

/** Jobs of a group that go on after the run. */
export interface LeftJobs {
  readonly group: string;
  readonly pending: number;
  readonly running: number;
  readonly jobs: readonly bigint[];
}

export interface RunResult extends RunEnding {
  /** A report of each rule, up to the end of the run. */
  readonly rules: readonly RuleReport[];
  /** The searches of groups with `ask` that have begun. */
  readonly searches: readonly SearchReport[];
  /** The limits that the run has reached, and what they kept from being submitted. */
  readonly limits: LimitsOfRun;
  /** By group, the jobs that this process did not submit because a run has done them (`skip: done`). */
  readonly skipped: ReadonlyMap<string, number>;
  /** Jobs that have not ended with the run, by group: a run under Flux leaves its jobs to Flux. */
  readonly left: readonly LeftJobs[];
  readonly metrics: MetricsSnapshot;
  /**
   * Jobs that failed in the end, timeouts among them. A job that was submitted again by `retry` and succeeded is not a
   * failed job, nor is a canceled one.
   */
  readonly failedJobs: number;
  /** The reasons, by group; without groups of which no job failed. */
  readonly failures: ReadonlyMap<string, GroupFailures>;
  /**
   * Requests of this process to the workload manager by their kind (`squeue`), where the member counts them because many
   * users share it; empty for other members.
   */
  readonly requests: Readonly<Record<string, number>>;
}

/** The jobs that are still active, by group. */
export async function leftJobs(engine: Engine, { groups, status }: MetricsSnapshot): Promise<LeftJobs[]> {
  if (status.activeJobs === 0) return [];
  const active = [...groups].map(async ([group, { count }], index): Promise<LeftJobs[]> => {
    const { pending, running } = count;
    if (pending + running === 0) return [];
    const jobs = await engine.activeJobs(index);
    return [{ group, pending, running, jobs: [...jobs.sort()] }];
  });
  return (await Promise.all(active)).flat();
}
