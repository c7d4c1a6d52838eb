/** Submits jobs that ended badly again. */

import type { ActionContext } from '../actions/context.js';
import { asSubmitted } from '../actions/submit/fill-in.js';
import { describePortions } from '../actions/submit/portions.js';
import type { SubmitReport } from '../engine/addon.js';
import { ActionError } from '../errors.js';
import type { EnsembleConfig, JobEntry } from '../model/ensemble.js';
import { formatJobId } from '../model/job-id.js';
import type { Retry } from '../model/retry.js';

/** The job as it was submitted. Throws an Error with the reason when a part of it is unknown. */
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

/** Submits the job again or, where the engine's source does that, waits for its report. Throws ActionError. */
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
