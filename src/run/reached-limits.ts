/** The budgets that a run has reached. */

import type { Engine } from '../engine/engine.js';
import { namedLimits } from '../engine/plan/limits.js';
import { type AllLimits, budgetName } from '../model/job-limits.js';

export interface ReachedLimit {
  /** `jobs`, `nodeHours`, `wall` or `failures`, and `jobs.GROUP` for one of a group. */
  readonly name: string;
  /** Seconds since the epoch. */
  readonly time: number;
}

export interface LimitsOfRun {
  readonly reached: readonly ReachedLimit[];
  /** By group, the jobs that this process did not submit for that reason. */
  readonly withheld: ReadonlyMap<string, number>;
}

export async function limitsOfRun(engine: Engine, config: AllLimits): Promise<LimitsOfRun> {
  const named = namedLimits(config);
  const { limits, withheld } = await engine.limits();
  return {
    reached: limits.flatMap(({ limit, time }) => {
      const { budget = null, of = null } = named[limit] ?? {};
      return budget === null ? [] : [{ name: budgetName(budget, of), time }];
    }),
    withheld: new Map(
      withheld.flatMap((jobs, group) => (jobs > 0 ? [[engine.groups[group] ?? '', jobs] as const] : [])),
    ),
  };
}
