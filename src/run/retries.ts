/** Submits failed jobs again. */

import type { ActionContext } from '../actions/context.js';
import { asSubmitted } from '../actions/submit/fill-in.js';
import { describePortions } from '../actions/submit/portions.js';
import type { SubmitReport } from '../engine/addon.js';
import { ActionError } from '../errors.js';
import { parameterValue } from '../language/expression/parameters.js';
import type { EnsembleConfig, JobEntry } from '../model/ensemble.js';
import type { JobOrigin } from '../model/firing.js';
import { formatJobId } from '../model/job-id.js';
import type { Parameters } from '../model/parameters.js';
import type { Retry } from '../model/retry.js';
import type { LostUrgencies } from './lost-urgencies.js';
import type { TaskQueue } from './task-queue.js';

/**
 * The job as it was submitted, with the other parameters that the group's retry has. Throws an Error with the reason when a
 * part of it is unknown.
 */
function entryOf(retry: Retry, config: EnsembleConfig, urgency: number | null = null): JobEntry {
  const group = config.groups.get(retry.group);
  const entry = group?.entries[retry.entry];
  if (entry === undefined) throw new Error(`the group has no entry ${retry.entry}`);
  const job = asSubmitted(entry, ...nextRow(retry, group?.retry?.parameters ?? {}));
  return urgency === null ? job : { ...job, urgency };
}

/**
 * The parameters of the next try, with their texts. A job that was lost, and not tried, keeps its own. Throws an Error for an
 * expression without a value.
 */
function nextRow(
  { parameters, attempt, lost, index, values, texts }: Retry,
  changed: Parameters,
): [Parameters | null, Pick<JobOrigin, 'index' | 'values' | 'texts'>] {
  const names = Object.keys(changed);
  if (lost || names.length === 0) return [parameters, { index, values, texts }];
  const own = parameters ?? {};
  const next = Object.entries(changed).map(([name, value]) => [
    name,
    typeof value === 'string' ? parameterValue(value, own, attempt) : value,
  ]);
  const kept = Object.entries(texts).filter(([name]) => !names.includes(name));
  return [
    { ...own, ...Object.fromEntries(next) },
    { index, values, texts: Object.fromEntries(kept) },
  ];
}

/** The job on one line, as submissions are described. */
export function describeRetry(retry: Retry, config: EnsembleConfig): string {
  try {
    return describePortions([{ entry: entryOf(retry, config), count: 1 }]);
  } catch (error) {
    return `(${error instanceof Error ? error.message : error})`;
  }
}

export class Retries {
  readonly #context: ActionContext;
  readonly #queue: TaskQueue;
  readonly #urgencies: Pick<LostUrgencies, 'of'>;

  constructor(context: ActionContext, queue: TaskQueue, urgencies: Pick<LostUrgencies, 'of'>) {
    this.#context = context;
    this.#queue = queue;
    this.#urgencies = urgencies;
  }

  /** Takes in a job that is to be submitted again. It is submitted after the actions that were taken in before. */
  push(retry: Retry): void {
    if (this.#queue.stopped) return;
    const { source } = this.#context.engine;
    // Requested now, because the report may be in the next message of the engine.
    const report = retry.submitting ? source.submissionOfRetry(retry.number) : null;
    this.#queue.addReleasable(async (release) => {
      if (this.#queue.stopped) return;
      try {
        await this.#submit(retry, report, release);
      } catch (error) {
        if (!this.#queue.stopped) this.#context.observer.problem?.(error as ActionError);
      }
    });
  }

  /** Submits the job or, where the engine's source does that, waits for its report. Throws ActionError. */
  async #submit(retry: Retry, report: Promise<SubmitReport> | null, onHeld: () => void): Promise<void> {
    const { config, submit, noticeHeld, observer, signal } = this.#context;
    const { group, rule, firing, part, index, attempt, job } = retry;
    const refuse = (reason: string) =>
      new ActionError(`job ${formatJobId(job)} of group '${group}' was not submitted again: ${reason}`, rule);
    observer.retry?.(retry, describeRetry(retry, config));
    if (report !== null) {
      void noticeHeld(onHeld);
      const { refused, reason } = await report;
      if (refused > 0) throw refuse(reason);
    } else if (!signal.aborted) {
      try {
        const origin = { rule, firing, part, index, attempt };
        await submit(entryOf(retry, config, this.#urgencies.of(retry)), 1, origin, onHeld);
      } catch (cause) {
        throw refuse(cause instanceof Error ? cause.message : String(cause));
      }
    }
  }
}
