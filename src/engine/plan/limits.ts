/** Limits -> the native plan. */

import { type AllLimits, BUDGETS, type Budget, type Limits, limitsByOwner } from '../../model/job-limits.js';

/** A limit in the native plan. */
export interface PlanLimit {
  readonly kind: 'active' | 'rate' | 'jobs' | 'nodeHours' | 'wall' | 'failures' | 'failureShare';
  /** Index of the group; null for the ensemble. */
  readonly group: number | null;
  /** Jobs, jobs a second, node hours, seconds, or a share from 0 to 1. */
  readonly amount: number;
}

/** A limit of the plan with its names. */
export interface NamedLimit extends PlanLimit {
  readonly budget: Budget | null;
  readonly of: string | null;
}

function* limitsOf(limits: Limits): Generator<Pick<NamedLimit, 'kind' | 'amount' | 'budget'>> {
  const { active, rate, failures } = limits;
  if (active !== null) yield { kind: 'active', amount: active, budget: null };
  if (rate !== null) yield { kind: 'rate', amount: rate, budget: null };
  for (const budget of BUDGETS) {
    if (budget === 'failures') continue;
    const amount = limits[budget];
    if (amount !== null) yield { kind: budget, amount, budget };
  }
  if (failures === null) return;
  yield 'jobs' in failures
    ? { kind: 'failures', amount: failures.jobs, budget: 'failures' }
    : { kind: 'failureShare', amount: failures.share, budget: 'failures' };
}

/** All limits, in the order of the plan. */
export function namedLimits(all: AllLimits): NamedLimit[] {
  const names = [...all.groups.keys()];
  return [...limitsByOwner(all)].flatMap(([of, limits]) =>
    [...limitsOf(limits)].map((limit) => ({ ...limit, of, group: of === null ? null : names.indexOf(of) })),
  );
}

export function planLimits(all: AllLimits): PlanLimit[] {
  return namedLimits(all).map(({ kind, group, amount }) => ({ kind, group, amount }));
}
