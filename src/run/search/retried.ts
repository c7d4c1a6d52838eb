/** Whether a job that has ended is submitted again. */

import type { RetryPolicy } from '../../model/ensemble.js';
import type { SearchEvent } from './rules.js';

/**
 * The decision of the engine (native/engine/retries.cpp) for a job of this attempt. `exception` is the type of its
 * gravest exception; empty without one.
 */
export function isRetried(
  retry: RetryPolicy | null,
  end: SearchEvent,
  attempt: number,
  exception: string,
): boolean {
  if (retry === null || end === 'success' || attempt >= retry.times) return false;
  const outcome = end === 'fail' ? 'failed' : end === 'cancel' ? 'canceled' : 'timeout';
  return retry.outcomes.includes(outcome) || retry.exceptions.includes(exception);
}
