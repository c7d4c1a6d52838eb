/** Jobs that ended badly and are submitted again: what they are, and how they become the same job anew. */

import type { EnsembleConfig, JobEntry, Parameters } from '../config/types.js';
import type { NativeRetry, SubmitReport } from '../engine/addon.js';
import { ActionError } from '../errors.js';
import { formatJobId } from '../members/local/job-id.js';
import { rowOf } from '../parameters/written.js';
import type { ActionContext } from './context.js';
import { describePortions, fillIn } from './submit.js';

/** A job that is submitted again. */
export interface Retry {
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
  /** The rule and the firing that the job was first submitted for, and its number among that one's jobs. */
  readonly rule: number;
  readonly firing: number;
  readonly index: number;
  /** What its tags were filled in with besides; null for a job that is as the file has it. */
  readonly values: Parameters | null;
  /** Parameters and values as they are written, where that is not as `String` writes them. */
  readonly texts: Readonly<Record<string, string>>;
  /** The engine's source submits it by itself. */
  readonly submitting: boolean;
}

/** A native retry with its texts read. */
export function readRetry(native: NativeRetry, groups: readonly string[]): Retry {
  const { number, timestamp, job, group, entry, attempt, submitting } = native;
  const origin = JSON.parse(native.origin) as Partial<Retry>;
  return {
    number,
    timestamp,
    job,
    group: groups[group] ?? '',
    entry,
    attempt,
    parameters: native.parameters === null ? null : (JSON.parse(native.parameters) as Parameters),
    rule: origin.rule ?? 0,
    firing: origin.firing ?? 0,
    index: origin.index ?? 0,
    values: origin.values ?? null,
    texts: origin.texts ?? {},
    submitting,
  };
}

/** The same job anew. Throws an Error that says why there can't be one. */
function entryOf(retry: Retry, config: EnsembleConfig): JobEntry {
  const entry = config.groups.get(retry.group)?.entries[retry.entry];
  if (entry === undefined) throw new Error(`the group has no entry ${retry.entry}`);
  if (retry.values === null && !entry.late) return entry;
  const parameters = retry.parameters === null ? entry.parameters : rowOf(retry.parameters, retry.texts);
  const values = rowOf(retry.values ?? {}, retry.texts);
  return fillIn(entry, parameters, retry.index, (name) => {
    const value = values[name];
    if (value === undefined) throw new Error(`its jobspec does not say what {{${name}}} was`);
    return value;
  });
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
