/** One ensemble, as a program uses it. */

import { randomBytes } from 'node:crypto';
import { type LoadedConfig, loadObject, parseConfig, readText } from '../config/load.js';
import type { EnsembleInput } from '../config/schema/input.js';
import type { EventBatch, EventStreamOptions } from '../engine/event-batch.js';
import { ConfigError, type Diagnostic, EnsembleError } from '../errors.js';
import type { EnsembleConfig } from '../model/ensemble.js';
import type { GroupFailures } from '../model/failure.js';
import type { Firing } from '../model/firing.js';
import type { MetricsSnapshot } from '../model/metrics.js';
import { RunFolder } from '../store/run-folder.js';
import type { Subscription } from './broadcast.js';
import type { RunEnding } from './end-of-run.js';
import type { ExternalAction, ExternalOutcome } from './external-actions.js';
import { guardObserver } from './guarded-observer.js';
import { type KeptRun, openKeptRun } from './kept-run.js';
import type { EnsembleOptions, ResumeOptions } from './options.js';
import type { RunResult } from './result.js';
import type { RuleNow } from './rules-now.js';
import { Run } from './run.js';
import { conclusionOf, descriptionOf, nameOf } from './run-record.js';

export class Ensemble {
  readonly config: EnsembleConfig;
  /** Warnings about the configuration. */
  readonly warnings: readonly Diagnostic[];
  /** This run's id, carried by its jobs in `attributes.user.ensemble`. */
  readonly id: string;

  readonly #run: Run;
  readonly #options: EnsembleOptions;
  readonly #folder: RunFolder | null;
  /** The run that goes on; null for a new one. */
  readonly #kept: KeptRun | null;
  #running: Promise<RunResult> | null = null;
  #result: RunResult | null = null;
  #started: number | null = null;
  #unwritable = false;

  /** Use `fromFile`, `fromObject`, `fromConfig` or `resume`. `source` is the text of the configuration, or a kept run. */
  private constructor(
    { config: loaded, warnings }: LoadedConfig,
    options: EnsembleOptions,
    source: string | KeptRun | null = null,
  ) {
    const config = withFunctions(loaded, options.functions);
    this.config = config;
    this.warnings = warnings;
    this.#options = options;
    const { name = 'ensemble', runFolder } = options;
    const kept = typeof source === 'string' ? null : source;
    this.#kept = kept;
    this.id = kept?.manifest.ensemble ?? `${name}-${randomBytes(6).toString('hex')}`;
    // Before the log is opened there.
    this.#folder =
      kept?.folder ?? (runFolder === undefined ? null : RunFolder.open(runFolder, source as string | null));
    try {
      this.#run = new Run(config, this.id, options, kept?.from);
    } catch (error) {
      this.#folder?.release();
      throw error;
    }
  }

  /**
   * An ensemble from a YAML file. Throws ConfigError with everything that is wrong with the file, or
   * EnsembleError `ERR_FILE`.
   */
  static async fromFile(path: string, options: EnsembleOptions = {}): Promise<Ensemble> {
    const text = await readText(path);
    return new Ensemble(parseConfig(text, { file: path }), options, text);
  }

  /**
   * An ensemble from an object of the same form as a file. An action `custom` may have its function under `run`, which runs
   * in this process. Throws ConfigError.
   */
  static fromObject(value: EnsembleInput, options: EnsembleOptions = {}): Ensemble {
    const { loaded, text } = loadObject(value);
    return new Ensemble(loaded, options, text);
  }

  /** An ensemble from a configuration that `loadConfig` or `configFromObject` returned. */
  static fromConfig(loaded: LoadedConfig, options: EnsembleOptions = {}): Ensemble {
    return new Ensemble(loaded, options);
  }

  /**
   * An ensemble that goes on with the run in a folder, whose process died, was interrupted or lost its member. It has
   * the id of the run, and begins with `run()`, which throws EnsembleError `ERR_RUN` when the log can't be read. Throws
   * ConfigError, and EnsembleError: `ERR_RUN` for a run that has ended by itself, that another process drives, or that
   * was started in another working directory; `ERR_FILE`.
   */
  static async resume(folder: string, options: ResumeOptions = {}): Promise<Ensemble> {
    const kept = await openKeptRun(folder, options);
    try {
      return new Ensemble(kept.loaded, kept.options, kept);
    } catch (error) {
      kept.folder.release();
      throw error;
    }
  }

  /**
   * Runs the ensemble to its end: start rules fire, and then it is up to the rules. Resolves with how it came
   * to its end, also when the member failed. An aborted `signal` cancels what is active and waits for it;
   * `kill()` does not wait. Throws ConfigError when a custom function can't be loaded, MemberError
   * `ERR_MEMBER_UNAVAILABLE` when the member can't run here, EnsembleError when it ran before.
   */
  async run(options: { signal?: AbortSignal } = {}): Promise<RunResult> {
    if (this.#running !== null) {
      throw new EnsembleError('ERR_ENGINE', 'an ensemble runs once; make a new one');
    }
    this.#started = this.#kept?.manifest.started ?? Date.now() / 1000;
    this.#running =
      this.#folder === null ? this.#run.run(options.signal) : this.#keep(options.signal, this.#folder);
    this.#result = await this.#running;
    return this.#result;
  }

  /** Runs, and describes the run in its folder. */
  async #keep(signal: AbortSignal | undefined, folder: RunFolder): Promise<RunResult> {
    const description = descriptionOf(this, this.#options);
    this.#write(() =>
      this.#kept === null
        ? folder.begin(description, this.#started ?? undefined)
        : folder.resume(description),
    );
    const result = await this.#run.run(signal);
    this.#write(() => folder.finish(conclusionOf(result)));
    return result;
  }

  /** Writes to the folder of the run. A run goes on when that fails; the first failure is reported. */
  #write(write: () => void): void {
    try {
      write();
    } catch (error) {
      if (!(error instanceof EnsembleError)) throw error;
      if (this.#unwritable) return;
      this.#unwritable = true;
      guardObserver(this.#options.observer ?? {}).problem?.(error);
    }
  }

  /** Cuts the end of a run short: active jobs are killed at once, and events wait for no consumer. */
  kill(): void {
    this.#run.kill();
  }

  /** All metrics as they are now. */
  metrics(): Promise<MetricsSnapshot> {
    return this.#run.metrics();
  }

  /** All rules as they stand, by their index. Throws EnsembleError `ERR_CLOSED` after `close()`. */
  rules(): Promise<readonly RuleNow[]> {
    return this.#run.rules();
  }

  /**
   * The failures so far, by group; groups without failures are left out. A job that waits to be submitted again has not
   * failed. Throws EnsembleError `ERR_CLOSED` after `close()`.
   */
  failures(): Promise<ReadonlyMap<string, GroupFailures>> {
    return this.#run.failures();
  }

  /**
   * Performs an external action at once, also while actions of rules wait. `pause` lets the actions of rules wait until
   * `resume`; submitted jobs go on, and a paused run does not end by itself. `askedBy` is the person or program that
   * requests it. Resolves with what was done. Throws ActionError when the action fails, and before and after the run.
   */
  act(external: ExternalAction, askedBy: string): Promise<ExternalOutcome> {
    return this.#run.act(external, askedBy);
  }

  /** The name of this run. */
  get name(): string {
    return this.#kept?.manifest.name ?? nameOf(this.#options, this.config);
  }

  /** When the run began, in seconds since the epoch: its first process, for a resumed one. Null before. */
  get started(): number | null {
    return this.#started;
  }

  /** The end of the run and its cause; null before. Its jobs may still be canceled then. */
  get ending(): RunEnding | null {
    return this.#run.ending;
  }

  /** The result of `run()`; null before. */
  get result(): RunResult | null {
    return this.#result;
  }

  /** Absolute path of the run's folder; null for a run without one. */
  get runFolder(): string | null {
    return this.#folder?.path ?? null;
  }

  /** Whether the run has begun, its resumption included, and has not come to its end: actions may be requested. */
  get running(): boolean {
    return this.#run.running;
  }

  /** Whether the actions of rules wait. */
  get paused(): boolean {
    return this.#run.paused;
  }

  /** Slots or nodes of the member as it is now; null for a member that does not know its size. */
  get size(): number | null {
    return this.#run.size;
  }

  /** The name of the member: `local`, `flux`. */
  get memberName(): string {
    return this.#run.memberName;
  }

  /** The state of the ensemble, according to the firings so far; null without states. */
  get state(): string | null {
    return this.#run.state;
  }

  /**
   * The firings from this call on, until the run has ended. Until the first `next()` the latest 4,096 wait, from then on
   * up to 1,048,576; `dropped` counts the older ones that had no room. `return()`, or leaving a `for await`, drops those
   * that wait.
   */
  firings(): Subscription<Firing> {
    return this.#run.firings();
  }

  /** The problems that the observer gets, from this call on until the run has ended, in the same way. */
  problems(): Subscription<EnsembleError> {
    return this.#run.problems();
  }

  /**
   * The raw events from the first `next()` on, as columns in batches, until the run has ended. One consumer at a time. A
   * consumer that is too slow misses events, which are counted, or holds the ensemble: see the options.
   */
  events(options?: EventStreamOptions): AsyncGenerator<EventBatch, void, void> {
    return this.#run.events(options);
  }

  /**
   * Waits until everything so far has had its consequences: records are processed, actions performed. Resolves with
   * false when the run has ended.
   */
  settled(): Promise<boolean> {
    return this.#run.settled();
  }

  /** Ends a run as `kill()` does, waits for it, and releases everything. Idempotent. */
  async close(): Promise<void> {
    this.#run.kill();
    // The caller of run() gets its error.
    await this.#running?.catch(() => {});
    this.#run.release();
    this.#write(() => this.#folder?.release());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** The configuration with the functions of the options. Throws ConfigError for one that it does not name. */
function withFunctions(config: EnsembleConfig, functions: EnsembleOptions['functions'] = {}): EnsembleConfig {
  const given = Object.entries(functions);
  if (given.length === 0) return config;
  const { custom } = config;
  const names = custom?.kind === 'program' ? custom.names : [];
  const unknown = given.find(([name]) => !names.includes(name));
  if (unknown !== undefined || custom?.kind !== 'program') {
    const message = `the ensemble does not name the function '${unknown?.[0]}'; name it under 'program' of 'custom'`;
    const place = { file: config.file, line: null, column: null };
    throw new ConfigError(message, [{ severity: 'error', path: 'custom', message, ...place }]);
  }
  return { ...config, custom: { ...custom, functions: new Map([...custom.functions, ...given]) } };
}
