/** When jobs of a group that end badly are submitted again. */

import type { JobGroup, RetryPolicy } from '../../model/ensemble.js';
import { durationSeconds } from '../../text/duration.js';
import type { JobShape } from '../schema/ensemble.js';
import type { ResolveContext } from './context.js';

/** Longer than any run; infinity has no place in a plan. */
const LONGEST = 1e9;
const DEFAULT_FACTOR = 2;

/** What the group's entries say, of which the one at `index` is the next: one of them, or all the same. */
export function resolveRetry(
  context: ResolveContext,
  group: Pick<JobGroup, 'name' | 'retry'>,
  { retry }: JobShape,
  index: number,
): RetryPolicy | null {
  if (retry === undefined || retry === null) return group.retry;
  const policy = policyOf(typeof retry === 'number' ? { times: retry } : retry);
  if (group.retry !== null && JSON.stringify(group.retry) !== JSON.stringify(policy)) {
    const message = `an entry of this group before has another retry; it is one for all jobs of group '${group.name}'`;
    context.problems.error(['jobs', index, 'retry'], message, 'key');
  }
  return policy;
}

function policyOf(retry: Partial<Exclude<NonNullable<JobShape['retry']>, number>>): RetryPolicy {
  const { times = 0, backoff = 0, on = ['failed', 'timeout'] } = retry;
  const reasons = (Array.isArray(on) ? on : [on]).filter((reason) => reason !== undefined);
  const seconds = (duration: number | string) => Math.min(durationSeconds(duration), LONGEST);
  return {
    times,
    backoff:
      typeof backoff === 'object'
        ? {
            initial: seconds(backoff.initial ?? 0),
            factor: backoff.factor ?? DEFAULT_FACTOR,
            longest: backoff.max === undefined ? LONGEST : seconds(backoff.max),
          }
        : { initial: seconds(backoff), factor: 1, longest: LONGEST },
    outcomes: reasons.filter((reason) => typeof reason === 'string'),
    exceptions: reasons.flatMap((reason) => (typeof reason === 'string' ? [] : [reason.exception])),
  };
}
