/**
 * Replays a recording through the engine and, with a configuration, its rules. Timestamps of the records are the
 * only clock, so a recording always gives the same firings and statistics. Actions are not performed.
 */

import type { DecodeError } from '../engine/addon.js';
import { Engine } from '../engine/engine.js';
import { readFiring, readRetry } from '../engine/firings.js';
import { compilePlan, NO_ACTIONS, ruleNames } from '../engine/plan/compile.js';
import { EMPTY_PLAN } from '../engine/plan/plan.js';
import { readRuleReports } from '../engine/rule-report.js';
import { EnsembleError } from '../errors.js';
import { nextTimes } from '../language/cron.js';
import type { EndedBy } from '../model/ended-by.js';
import type { EnsembleConfig } from '../model/ensemble.js';
import type { Firing } from '../model/firing.js';
import type { EngineStatus, MetricsSnapshot } from '../model/metrics.js';
import type { Retry } from '../model/retry.js';
import type { RuleReport } from '../model/rule-report.js';
import { counted } from '../text/counted.js';
import { paced } from './pace.js';
import type { RecordingReader } from './reader.js';

/** Maximum pieces in flight to the engine: enough to keep it busy, few enough for memory. */
const MAX_IN_FLIGHT = 4;

export interface ReplayOptions {
  /** Its rules are evaluated. Without it, every group of the recording is tracked, and rules are not evaluated. */
  readonly config?: EnsembleConfig;
  /** Replay speed as a multiple of the recording's; as fast as possible by default. */
  readonly speed?: number;
  /** Stops the replay. */
  readonly signal?: AbortSignal;
  /** Reports a firing. Its action is not performed. */
  readonly firing?: (firing: Firing) => void;
  /** Reports a failed job that would have been submitted again. */
  readonly retry?: (retry: Retry) => void;
  readonly decodeError?: (error: DecodeError) => void;
  /**
   * Called after each piece. The replay waits for the returned promise, for example when the receiver falls
   * behind.
   */
  readonly ready?: (piece: Uint8Array) => Promise<void> | undefined;
}

export interface ReplayResult {
  /**
   * Reason of the end: all was read, a `terminate` rule fired (statistics cover all that was read), the signal, or
   * `error`.
   */
  readonly end: 'replayed' | 'terminated' | 'interrupted' | 'failed';
  /** Why the recording could not be read to its end, or that it contains no record. */
  readonly error: EnsembleError | null;
  /** The rule that would have ended the run; set for `terminated`. */
  readonly by: EndedBy | null;
  /** Reports of the rules, in their order. */
  readonly rules: readonly RuleReport[];
  readonly metrics: MetricsSnapshot;
}

export class Replay {
  readonly #reader: RecordingReader;
  readonly #options: ReplayOptions;
  readonly #engine: Engine;
  #by: EndedBy | null = null;
  /** The first line that is not a record. */
  #firstBroken: DecodeError | null = null;
  /** The first exception of a function of the options. */
  #thrown: { readonly cause: unknown } | null = null;

  /** Throws EnsembleError `ERR_ADDON` when the native addon can't be loaded. */
  constructor(reader: RecordingReader, options: ReplayOptions = {}) {
    this.#reader = reader;
    this.#options = options;
    const { rules = [], states = [] } = options.config ?? {};
    const plan =
      options.config === undefined
        ? { ...EMPTY_PLAN, trackAll: true }
        : compilePlan(options.config, '', ruleNames(options.config, NO_ACTIONS), null);
    this.#engine = new Engine(
      { ...plan, virtualTime: true },
      {
        firing: (native) => {
          const rule = rules[native.rule];
          if (rule !== undefined) this.#fired(readFiring(native, rule, this.#engine.names, states));
        },
        retry: (retry) => this.#tell(() => options.retry?.(readRetry(retry, this.#engine.groups))),
        decodeError: (broken) => {
          this.#firstBroken ??= broken;
          this.#tell(() => options.decodeError?.(broken));
        },
        cronTimes: nextTimes,
      },
    );
  }

  /** Returns the state of the engine. */
  status(): Promise<EngineStatus> {
    return this.#engine.status();
  }

  /**
   * Reads the recording to its end. May be called once. Errors of the recording are in the result. Rejects with an
   * exception of a function of the options, which ends the replay.
   */
  async run(): Promise<ReplayResult> {
    let error: EnsembleError | null = null;
    try {
      await this.#read().catch((cause: unknown) => {
        if (!(cause instanceof EnsembleError)) throw cause;
        error = cause;
      });
      await this.#engine.finishStream();
      const metrics = await this.#engine.metrics();
      if (this.#thrown !== null) throw this.#thrown.cause;
      if (metrics.status.records === 0 && !this.#options.signal?.aborted)
        error ??= this.#noRecord(metrics.status);
      const { rules = [] } = this.#options.config ?? {};
      const reports = readRuleReports(await this.#engine.rules(), rules, this.#engine.names.metrics);
      return { end: this.#endOf(error, metrics.status), error, by: this.#by, rules: reports, metrics };
    } finally {
      this.#engine.close();
    }
  }

  #tell(call: () => void): void {
    try {
      if (this.#thrown === null) call();
    } catch (cause) {
      this.#thrown = { cause };
    }
  }

  #fired(firing: Firing): void {
    const { action, rule, name } = firing;
    if (action === 'terminate') this.#by ??= { kind: 'rule', rule, name };
    this.#tell(() => this.#options.firing?.(firing));
  }

  async #read(): Promise<void> {
    const { signal, speed } = this.#options;
    const pieces = this.#reader.pieces();
    const pending: Promise<void>[] = [];
    for await (const piece of speed === undefined ? pieces : paced(pieces, speed, signal)) {
      if (signal?.aborted || this.#thrown !== null) break;
      pending.push(this.#engine.ingest(piece));
      if (pending.length >= MAX_IN_FLIGHT) await pending.shift();
      await this.#options.ready?.(piece);
    }
    await Promise.all(pending);
  }

  #noRecord({ decodeErrors }: EngineStatus): EnsembleError {
    const first = this.#firstBroken;
    const empty = this.#reader.bytesRead === 0 ? 'it is empty' : 'all of its lines are blank';
    const why =
      first === null
        ? empty
        : `${counted(decodeErrors, 'invalid line')}, the first is line ${first.line} (byte ${first.offset}): ${first.reason}`;
    return new EnsembleError('ERR_FILE', `${this.#reader.name} contains no journal records: ${why}`);
  }

  #endOf(error: EnsembleError | null, status: EngineStatus): ReplayResult['end'] {
    if (error !== null) return 'failed';
    if (this.#options.signal?.aborted) return 'interrupted';
    return status.ended ? 'terminated' : 'replayed';
  }
}
