/**
 * Reports why jobs of a run fail, as it happens and at the end. The engine counts natively and reports only
 * examples: the first jobs of each reason, then ever fewer. The member is asked for their details.
 */

import type { NativeFailure, NativeGroupFailures } from '../engine/addon.js';
import type { Member } from '../members/member.js';
import {
  type Failure,
  type FailureReason,
  failedJob,
  type GroupFailures,
  type JobTrace,
} from '../model/failure.js';
import type { MetricsSnapshot } from '../model/metrics.js';
import { causeOf, isCancel, keyOfLine, repeats } from './failure-words.js';

/** Jobs whose details are requested at a time. */
const MAX_ASKED = 16;
/** Different lines of standard error that are kept for a reason. */
const MAX_LINES = 4;
/** Milliseconds after which a job stays unexplained. */
const PATIENCE = 5000;

/** Details of the examples of a reason. */
interface Examples {
  readonly traces: Map<bigint, JobTrace | null>;
  /** By their common properties. */
  readonly lines: Map<string, string>;
  told: boolean;
}

export interface FailureWatchOptions {
  readonly member: Pick<Member, 'explain'>;
  /** By index. */
  readonly groups: () => readonly string[];
  readonly report: (failure: Failure) => void;
}

export class FailureWatch {
  readonly #options: FailureWatchOptions;
  /** By group, then by reason, both as the engine numbers them. */
  readonly #examples = new Map<number, Map<number, Examples>>();
  readonly #waiting: NativeFailure[] = [];
  /** Requests to the member without an answer. */
  readonly #asked = new Set<NativeFailure>();
  #closed = false;
  #onSettled: (() => void)[] = [];

  constructor(options: FailureWatchOptions) {
    this.#options = options;
  }

  /** Takes in an example. */
  failed(native: NativeFailure): void {
    this.#waiting.push(native);
    this.#askSome();
  }

  /** Resolves when all examples have been reported, or stay unexplained because the member takes too long. */
  async settled(): Promise<void> {
    if (this.#asked.size === 0) return;
    const timer = setTimeout(() => this.close(), PATIENCE);
    await new Promise<void>((resolve) => this.#onSettled.push(resolve));
    clearTimeout(timer);
  }

  /** No more requests to the member: the remaining examples are reported without its details. */
  close(): void {
    this.#closed = true;
    const unexplained = [...this.#asked, ...this.#waiting.splice(0)];
    this.#asked.clear();
    for (const native of unexplained) this.#tell(native, null);
    for (const resolve of this.#onSettled.splice(0)) resolve();
  }

  /** The failures of every group with failed jobs. `over`: jobs that wait for a retry have failed, as the run is over. */
  conclude(
    failures: readonly NativeGroupFailures[],
    metrics: MetricsSnapshot,
    over = true,
  ): Map<string, GroupFailures> {
    const result = new Map<string, GroupFailures>();
    const groups = this.#options.groups();
    for (const { group, reasons: natives } of failures) {
      const name = groups[group] ?? '';
      const { submitted = 0, retried = 0 } = metrics.groups.get(name)?.count ?? {};
      const waitingOf = (reason: { readonly waiting: number }) => (over ? reason.waiting : 0);
      const waiting = natives.reduce((sum, reason) => sum + reason.waiting, 0);
      const reasons = natives
        .map((native, index) =>
          this.#conclude(native, waitingOf(native), this.#examples.get(group)?.get(index)),
        )
        .filter(({ count }) => count > 0)
        .sort((a, b) => b.count - a.count);
      const ended = natives.reduce((sum, reason) => sum + reason.count + waitingOf(reason), 0);
      const canceled = natives
        .filter(isCancel)
        .reduce((sum, reason) => sum + reason.count + waitingOf(reason), 0);
      const jobs = Math.max(ended, submitted - retried + waiting);
      if (ended === 0) continue;
      result.set(name, { failed: ended - canceled, canceled, jobs, reasons });
    }
    return result;
  }

  #conclude(
    native: NativeGroupFailures['reasons'][number],
    waiting: number,
    examples: Examples | undefined,
  ): FailureReason {
    const jobs = [...native.jobs].map((job) => failedJob(job, examples?.traces.get(job) ?? null));
    return {
      ...causeOf(native),
      count: native.count + waiting,
      lines: [...(examples?.lines.values() ?? [])],
      jobs,
    };
  }

  #askSome(): void {
    while (this.#asked.size < MAX_ASKED) {
      const native = this.#waiting.shift();
      if (native === undefined) break;
      if (this.#closed || this.#options.member.explain === undefined) this.#tell(native, null);
      else void this.#ask(native);
    }
    if (this.#asked.size === 0) for (const resolve of this.#onSettled.splice(0)) resolve();
  }

  async #ask(native: NativeFailure): Promise<void> {
    this.#asked.add(native);
    const trace = await this.#options.member.explain?.(native.job, native.started).catch(() => null);
    // Reported before, without details.
    if (!this.#asked.delete(native)) return;
    this.#tell(native, trace ?? null);
    this.#askSome();
  }

  /** Reports the first job of each reason, and each job with a new line on standard error. */
  #tell({ group, reason, job, again, what }: NativeFailure, found: JobTrace | null): void {
    const examples = this.#examplesOf(group, reason);
    const cause = causeOf(what);
    const trace = found?.line && repeats(found.line, cause) ? { ...found, line: null } : found;
    examples.traces.set(job, trace);
    const key = trace?.line ? keyOfLine(trace.line) : null;
    const isNew = key !== null && !examples.lines.has(key) && examples.lines.size < MAX_LINES;
    if (isNew) examples.lines.set(key, trace?.line ?? '');
    if (examples.told && !isNew) return;
    examples.told = true;
    const name = this.#options.groups()[group] ?? '';
    this.#options.report({
      group: name,
      canceled: isCancel(what),
      again,
      ...cause,
      ...failedJob(job, trace),
    });
  }

  #examplesOf(group: number, reason: number): Examples {
    const ofGroup = this.#examples.get(group) ?? new Map<number, Examples>();
    this.#examples.set(group, ofGroup);
    const examples = ofGroup.get(reason) ?? { traces: new Map(), lines: new Map(), told: false };
    ofGroup.set(reason, examples);
    return examples;
  }
}
