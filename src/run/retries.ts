/** Jobs that ended badly and are submitted again: what they are, and how they become the same job anew. */

import type { EnsembleConfig, JobEntry, Parameters } from '../model/ensemble.js';
import type { NativeRetry, SubmitReport } from '../engine/addon.js';
import { ActionError } from '../errors.js';
import { type JobOrigin, readOrigin } from '../model/firing.js';
import { formatJobId } from '../model/job-id.js';
import type { ActionContext } from '../actions/context.js';
import { asSubmitted, describePortions } from '../actions/submit.js';

/** A job that is submitted again. */
export interface Retry extends JobOrigin {
  /** Counted from 0 in this run. */
  readonly number: number;
  /** When it was due, in seconds since the epoch. */
  readonly timestamp: number;
  /** The job that ended. */
  readonly job: bigint;
  readonly group: string;
  /** Index of its entry in the group. */
  readonly entry: number;
  /** Times that it was submitted before. */
  readonly attempt: number;
  readonly parameters: Parameters | null;
  /** The engine's source submits it by itself. */
  readonly submitting: boolean;
}

/** A native retry with its texts read. */
export function readRetry(native: NativeRetry, groups: readonly string[]): Retry {
  const { number, timestamp, job, group, entry, attempt, submitting } = native;
  return {
    number,
    timestamp,
    job,
    group: groups[group] ?? '',
    entry,
    attempt,
    parameters: native.parameters === null ? null : (JSON.parse(native.parameters) as Parameters),
    ...readOrigin(native.origin),
    submitting,
  };
}

/** The same job anew. Throws an Error that says why there can't be one. */
function entryOf(retry: Retry, config: EnsembleConfig): JobEntry {
  const entry = config.groups.get(retry.group)?.entries[retry.entry];
  if (entry === undefined) throw new Error(`the group has no entry ${retry.entry}`);
  return asSubmitted(entry, retry.parameters, retry);
}

/** The job on one line, as submissions are described. */
export function describeRetry(retry: Retry, config: EnsembleConfig): string {
  try {
    return describePortions([{ entry: entryOf(retry, config), count: 1 }]);
  } catch (error) {
    return `(${error instanceof Error ? error.message : error})`;
  }
}

/** Submits the job again, unless the engine's source does: then waits for what comes of it. Throws ActionError. */
export async function submitAgain(
  { config, member, observer, signal }: ActionContext,
  retry: Retry,
  report: Promise<SubmitReport> | null,
): Promise<void> {
  const { group, rule, firing, index, attempt, job } = retry;
  const refuse = (reason: string) =>
    new ActionError(`job ${formatJobId(job)} of group '${group}' was not submitted again: ${reason}`, rule);
  observer.retry?.(retry, describeRetry(retry, config));
  if (report !== null) {
    const { refused, reason } = await report;
    if (refused > 0) throw refuse(reason);
  } else if (!signal.aborted) {
    try {
      await member.submit(entryOf(retry, config), 1, { rule, firing, index, attempt });
    } catch (cause) {
      throw refuse(cause instanceof Error ? cause.message : String(cause));
    }
  }
}
