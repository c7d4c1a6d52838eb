/** The native source of an engine: a Flux instance whose journal the engine's thread follows, and which runs the jobs. */

import type {
  ControlReport,
  FluxOptions,
  NativeOutbox,
  SourceFacts,
  SourceFailure,
  SubmitReport,
} from './addon.js';
import { type CommandChannel, notify, type OutboxReader } from './command-channel.js';
import type { SubmitPortion } from './plan/plan.js';

/** The listener of an open source. */
export interface SourceListener {
  /** Records as they arrived, one a line, when the source was opened with `tap`. */
  records(lines: Uint8Array): void;
  /** The source failed after it was open. */
  failed(failure: SourceFailure): void;
  /** The last active job has ended, and no submission is under way. */
  quiet(): void;
}

/**
 * The firing that submits jobs, the number of the submission in it (0 when absent), the number of its first job, and how
 * often the job was submitted before.
 */
export interface SubmissionOrigin {
  readonly rule: number;
  readonly firing: number;
  readonly part?: number;
  readonly index: number;
  readonly attempt: number;
}

export class NativeSource implements OutboxReader {
  readonly #channel: CommandChannel;
  readonly #ofFirings = new Map<number, (report: SubmitReport) => void>();
  readonly #ofRetries = new Map<number, (report: SubmitReport) => void>();
  #listener: SourceListener | null = null;

  constructor(channel: CommandChannel) {
    this.#channel = channel;
    channel.addReader(this);
  }

  /**
   * Connects to a Flux instance and follows its journal. Rejects with MemberError: `ERR_MEMBER_UNAVAILABLE` when
   * this build or machine has no libflux-core, `ERR_MEMBER` when the instance can't be reached.
   */
  async openFlux(options: FluxOptions, listener: SourceListener): Promise<SourceFacts> {
    this.#listener = listener;
    // Before the answer: the outbox that holds it may also report that the source has failed.
    this.#channel.setActive('source', true);
    try {
      return await this.#channel.command<SourceFacts>((native, number) => native.openFlux(number, options));
    } catch (error) {
      this.#channel.setActive('source', false);
      throw error;
    }
  }

  /** Ends the connection. */
  async close(): Promise<void> {
    await this.#channel.command((native, number) => native.closeSource(number));
    this.#channel.setActive('source', false);
  }

  /** Requests the events with these names, too: the names of all, or none for all events. */
  async widen(names: readonly string[]): Promise<void> {
    await this.#channel.command((native, number) => native.widen(number, names));
  }

  /** Submits jobs; resolves when each has been accepted or refused. */
  submit(portion: SubmitPortion, origin: SubmissionOrigin): Promise<SubmitReport> {
    const { rule, firing, part = 0, index, attempt } = origin;
    return this.#channel.command((native, number) =>
      native.submit(number, portion, rule, firing, part, index, attempt),
    );
  }

  /** Raises a `cancel` exception on each of the jobs. */
  cancel(ids: BigUint64Array, note: string): Promise<ControlReport> {
    return this.#channel.command((native, number) => native.cancel(number, ids, note));
  }

  /** Sets the urgency (0 to 31) of pending jobs. */
  setUrgency(ids: BigUint64Array, urgency: number): Promise<ControlReport> {
    return this.#channel.command((native, number) => native.setUrgency(number, ids, urgency));
  }

  /**
   * Sends a request to a service of the instance; resolves with the JSON of its response. Without a rank, the nearest
   * broker with the service answers.
   */
  request(topic: string, json: string, rank: number | null = null): Promise<string> {
    return this.#channel.command((native, number) => native.ask(number, topic, json, rank));
  }

  /**
   * The report on the jobs of a firing that the source submits by itself. Request it while the firing is delivered: the
   * report may be in the next outbox.
   */
  submission(firing: number): Promise<SubmitReport> {
    return new Promise((resolve) => this.#ofFirings.set(firing, resolve));
  }

  /** The same for a retry. */
  submissionOfRetry(retry: number): Promise<SubmitReport> {
    return new Promise((resolve) => this.#ofRetries.set(retry, resolve));
  }

  deliver({ records, submissions }: NativeOutbox): void {
    if (records !== null) notify(() => this.#listener?.records(records));
    for (const report of submissions) {
      const pending = report.ofRetry ? this.#ofRetries : this.#ofFirings;
      pending.get(report.number)?.(report);
      pending.delete(report.number);
    }
  }

  delivered({ quiet, failure }: NativeOutbox): void {
    if (quiet) notify(() => this.#listener?.quiet());
    if (failure === null) return;
    this.#channel.setActive('source', false);
    notify(() => this.#listener?.failed(failure));
  }

  /** Reports on submissions that are under way have no jobs. */
  closed(): void {
    for (const [number, resolve] of [...this.#ofFirings, ...this.#ofRetries]) {
      resolve({ number, ofRetry: false, accepted: 0, refused: 0, dropped: 0, reason: '' });
    }
    this.#ofFirings.clear();
    this.#ofRetries.clear();
  }
}
