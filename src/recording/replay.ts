/**
 * A recording through the same engine and, with a configuration, the same rules. Time is that of the records, so
 * the same recording always comes to the same firings and statistics; nothing is performed.
 */

import type { DecodeError } from '../engine/addon.js';
import { Engine } from '../engine/engine.js';
import { readFiring, readRetry } from '../engine/firings.js';
import { compilePlan, ruleNames } from '../engine/plan/compile.js';
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

/** Pieces on their way to the engine: enough to keep it busy, few enough to be held in memory. */
const MOST_IN_FLIGHT = 4;

export interface ReplayOptions {
  /** Whose rules are judged; without one, every group that the recording names is tracked and no rule is judged. */
  readonly config?: EnsembleConfig;
  /** How many times as fast as it was recorded; as fast as possible by default. */
  readonly speed?: number;
  /** Ends the replay where it is. */
  readonly signal?: AbortSignal;
  /** A rule has fired. Its action is not performed. */
  readonly firing?: (firing: Firing) => void;
  /** A job that ended badly would have been submitted again. */
  readonly retry?: (retry: Retry) => void;
  readonly decodeError?: (error: DecodeError) => void;
  /** Asked between two pieces: what it returns holds the replay while whoever is told can't keep up. */
  readonly ready?: () => Promise<void> | undefined;
}

export interface ReplayResult {
  /** All was read, a `terminate` rule fired (the statistics are of all that was read), the signal, or `error`. */
  readonly end: 'replayed' | 'terminated' | 'interrupted' | 'failed';
  /** Why the recording could not be read to its end, or that it has no record in it at all. */
  readonly error: EnsembleError | null;
  /** Which rule would have ended the run, for `terminated`. */
  readonly by: EndedBy | null;
  /** What became of each rule. */
  readonly rules: readonly RuleReport[];
  readonly metrics: MetricsSnapshot;
}

export class Replay {
  readonly #reader: RecordingReader;
  readonly #options: ReplayOptions;
  readonly #engine: Engine;
  #by: EndedBy | null = null;
  /** The first bytes that are no record. */
  #firstBroken: DecodeError | null = null;
  /** What a function of the options threw first. */
  #thrown: { readonly cause: unknown } | null = null;

  /** Throws EnsembleError `ERR_ADDON`. */
  constructor(reader: RecordingReader, options: ReplayOptions = {}) {
    this.#reader = reader;
    this.#options = options;
    const { rules = [], states = [] } = options.config ?? {};
    const plan =
      options.config === undefined
        ? { ...EMPTY_PLAN, trackAll: true }
        : compilePlan(options.config, '', ruleNames(options.config, null));
    this.#engine = new Engine(
      // Nobody is called, so nobody needs to see what the metrics were.
      { ...plan, virtualTime: true, rules: plan.rules.map((rule) => ({ ...rule, wantsEvent: false })) },
      {
        firing: (native) => this.#fired(readFiring(native, rules, this.#engine.names, states)),
        retry: (retry) => this.#tell(() => options.retry?.(readRetry(retry, this.#engine.groups))),
        decodeError: (broken) => {
          this.#firstBroken ??= broken;
          this.#tell(() => options.decodeError?.(broken));
        },
        cronTimes: nextTimes,
      },
    );
  }

  /** How far it has come. */
  status(): Promise<EngineStatus> {
    return this.#engine.status();
  }

  /**
   * Reads the recording to its end, once. What went wrong is in the result. Rejects with what a function of the options
   * threw; the replay ends there.
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
    const underWay: Promise<void>[] = [];
    for await (const piece of speed === undefined ? pieces : paced(pieces, speed, signal)) {
      if (signal?.aborted || this.#thrown !== null) break;
      underWay.push(this.#engine.ingest(piece));
      if (underWay.length >= MOST_IN_FLIGHT) await underWay.shift();
      await this.#options.ready?.();
    }
    await Promise.all(underWay);
  }

  #noRecord({ decodeErrors }: EngineStatus): EnsembleError {
    const first = this.#firstBroken;
    const empty = this.#reader.bytesRead === 0 ? 'it is empty' : 'it has no line with text';
    const why =
      first === null
        ? empty
        : `${counted(decodeErrors, 'line')} can't be read as one, first line ${first.line} (byte ${first.offset}): ${first.reason}`;
    return new EnsembleError('ERR_FILE', `${this.#reader.name} has no journal record in it: ${why}`);
  }

  #endOf(error: EnsembleError | null, status: EngineStatus): ReplayResult['end'] {
    if (error !== null) return 'failed';
    if (this.#options.signal?.aborted) return 'interrupted';
    return status.ended ? 'terminated' : 'replayed';
  }
}
