/** When failed jobs of a group are submitted again. */

import type { JobGroup, RetryPolicy } from '../../model/ensemble.js';
import { durationSeconds } from '../../text/duration.js';
import type { JobShape } from '../schema/ensemble.js';
import type { ResolveContext } from './context.js';

/** Longer than any run, because a plan can't hold infinity. */
const MAX_SECONDS = 1e9;
const DEFAULT_FACTOR = 2;

/** The policy of the group. All its entries have the same one, or only one entry has it; `index` is the next entry. */
export function resolveRetry(
  context: ResolveContext,
  group: Pick<JobGroup, 'name' | 'retry'>,
  { retry }: JobShape,
  index: number,
): RetryPolicy | null {
  if (retry === undefined || retry === null) return group.retry;
  const policy = policyOf(typeof retry === 'number' ? { times: retry } : retry);
  if (group.retry !== null && JSON.stringify(group.retry) !== JSON.stringify(policy)) {
    const message = `another entry has a different retry; all entries of the group '${group.name}' share one`;
    context.problems.error(['jobs', index, 'retry'], message, 'key');
  }
  return policy;
}

function policyOf(retry: Partial<Exclude<NonNullable<JobShape['retry']>, number>>): RetryPolicy {
  const { times = 0, backoff = 0, on = ['failed', 'timeout'] } = retry;
  const reasons = (Array.isArray(on) ? on : [on]).filter((reason) => reason !== undefined);
  const seconds = (duration: number | string) => Math.min(durationSeconds(duration), MAX_SECONDS);
  return {
    times,
    backoff:
      typeof backoff === 'object'
        ? {
            initial: seconds(backoff.initial ?? 0),
            factor: backoff.factor ?? DEFAULT_FACTOR,
            longest: backoff.max === undefined ? MAX_SECONDS : seconds(backoff.max),
          }
        : { initial: seconds(backoff), factor: 1, longest: MAX_SECONDS },
    outcomes: reasons.filter((reason) => typeof reason === 'string'),
    exceptions: reasons.flatMap((reason) => (typeof reason === 'string' ? [] : [reason.exception])),
  };
}
