/** `limits:` of the ensemble and of job groups. */

import type { JobGroup } from '../../model/ensemble.js';
import { type Limits, NO_LIMITS } from '../../model/job-limits.js';
import { durationSeconds } from '../../text/duration.js';
import type { JobShape, LimitsShape } from '../schema/ensemble.js';
import type { ResolveContext } from './context.js';

const SECONDS: Readonly<Record<string, number>> = { s: 1, min: 60, m: 60, h: 3600, d: 86400 };

/** Jobs a second of `50/s`. */
function rateOf(text: string): number {
  const [count, unit = 's'] = text.split('/');
  return Number(count) / (SECONDS[unit.trim()] ?? 1);
}

function failuresOf(failures: number | string): Limits['failures'] {
  return typeof failures === 'number' ? { jobs: failures } : { share: Number.parseFloat(failures) / 100 };
}

export function limitsOf(shape: LimitsShape | null | undefined): Limits {
  const { active, rate, jobs, nodeHours, wall, failures } = shape ?? {};
  return {
    active: active ?? null,
    rate: rate == null ? null : rateOf(rate),
    jobs: jobs ?? null,
    nodeHours: nodeHours ?? null,
    wall: wall == null ? null : durationSeconds(wall),
    failures: failures == null ? null : failuresOf(failures),
  };
}

/** The limits of a group. Its entries share them: two entries may not have different values of one limit. */
export function resolveLimits(
  { problems }: ResolveContext,
  group: Pick<JobGroup, 'name' | 'limits'>,
  { limits }: JobShape,
  index: number,
): Limits {
  if (limits === undefined || limits === null) return group.limits;
  const own = limitsOf(limits);
  const keys = Object.keys(NO_LIMITS) as (keyof Limits)[];
  for (const key of keys) {
    const [before, now] = [group.limits[key], own[key]];
    if (before === null || now === null || JSON.stringify(before) === JSON.stringify(now)) continue;
    const message = `another entry has a different limit; all entries of the group '${group.name}' share one`;
    problems.error(['jobs', index, 'limits', key], message);
  }
  return Object.fromEntries(keys.map((key) => [key, own[key] ?? group.limits[key]])) as unknown as Limits;
}
