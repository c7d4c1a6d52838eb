/**
 * One ensemble: a member that runs the jobs, the engine that listens to them, and the dispatcher that acts.
 *
 *     member --records--> engine --firings--> dispatcher --actions--> member
 *
 * Read this first; everything else is one of the three.
 */

import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { actionPlans } from '../actions/catalog.js';
import type { ActionContext, EnsembleObserver } from '../actions/context.js';
import { SweepCursors } from '../actions/submit/sweep-cursor.js';
import { configFromObject, type LoadedConfig, loadConfig } from '../config/load.js';
import type { NativeFiring } from '../engine/addon.js';
import { Engine } from '../engine/engine.js';
import type { EventBatch, EventStreamOptions } from '../engine/event-batch.js';
import { readFiring, readProbedJob, readRetry } from '../engine/firings.js';
import { compilePlan, compileProbe, compileRule, type RuleNames, ruleNames } from '../engine/plan/compile.js';
import { readRuleReports } from '../engine/rule-report.js';
import { ActionError, type Diagnostic, EnsembleError, MemberError } from '../errors.js';
import { nextTimes } from '../language/cron.js';
import { createMember, type MemberChoice } from '../members/create.js';
import { SteadyClock } from '../members/local/clock.js';
import type { EndOfRun, Member, NodeScaler } from '../members/member.js';
import type { EndedBy } from '../model/ended-by.js';
import type { EnsembleConfig, Rule } from '../model/ensemble.js';
import type { GroupFailures } from '../model/failure.js';
import type { Firing } from '../model/firing.js';
import type { MetricsSnapshot } from '../model/metrics.js';
import type { RuleReport } from '../model/rule-report.js';
import type { LoadedFunctions } from '../model/user-function.js';
import { PluginProcesses } from '../plugins/processes.js';
import { loadCustomFunctions } from '../usercode/load.js';
import { Programs } from '../usercode/programs.js';
import type { UserCodeListener } from '../usercode/user-process.js';
import { Broadcast, type Subscription } from './broadcast.js';
import { Dispatcher } from './dispatcher.js';
import {
  type ExternalAction,
  type ExternalOutcome,
  externalFiring,
  outcomeOf,
  readExternal,
} from './external-actions.js';
import { FailureWatch } from './failure-watch.js';
import { readFollowUps } from './follow-up.js';
import { GrowthWatch } from './growth-watch.js';
import { guardObserver } from './guarded-observer.js';
import { neededEvents } from './needed-events.js';
import { type ProbeOfGroup, probesOf } from './probes.js';

export interface EnsembleOptions {
  /** What runs the jobs: the name of a member, or one of your own. `local` by default. */
  readonly member?: MemberChoice;
  /** Jobs (or rather their cores) that the local member runs at once; the machine's cores by default. */
  readonly slots?: number;
  /** A name for this run; part of its id, which its jobs carry in `attributes.user.ensemble`. */
  readonly name?: string;
  /** Stay when there is nothing left to do, until a `terminate` rule fires or the signal is aborted. */
  readonly watch?: boolean;
  /** Seconds that canceled jobs have between SIGTERM and SIGKILL at the end of the run; 5 by default. */
  readonly grace?: number;
  readonly observer?: EnsembleObserver;
  /** For the Flux member: which instance; by default where libflux-core connects to. */
  readonly uri?: string;
  /** For the Flux member: let every job pass Flux's validator, not only the first of each jobspec. */
  readonly validateAll?: boolean;
  /** For the minicluster member: who changes its size, as the OperatorClient of `flux-ensemble/service` does. */
  readonly scaler?: NodeScaler;
  /**
   * Ask the member for all events, also those that neither statistics nor rules need. So it is anyway for
   * whoever reads `events()` when the run begins.
   */
  readonly allEvents?: boolean;
  /** Keep every group's times in a form that can be merged with other runs': `states` of the metrics. */
  readonly sketches?: boolean;
}

/** How a run came to its end. */
export type RunEnd =
  /** Nothing was left to do. */
  | 'idle'
  /** Somebody ended it: `by` of the result says who. */
  | 'terminated'
  /** The signal was aborted. */
  | 'interrupted'
  /** An action failed whose rule says `onError: stop`. */
  | 'stopped'
  /** The member failed. */
  | 'failed';

/** Jobs of a group that go on after the run. */
export interface LeftJobs {
  readonly group: string;
  readonly pending: number;
  readonly running: number;
  readonly jobs: readonly bigint[];
}

export interface RunResult {
  readonly end: RunEnd;
  /** What made it end, for `stopped` and `failed`. */
  readonly error: EnsembleError | null;
  /** Who ended it, for `terminated` and `stopped`. */
  readonly by: EndedBy | null;
  /** What became of each rule, up to when the run came to its end. */
  readonly rules: readonly RuleReport[];
  /** Jobs that have not ended with the run, by group: under Flux, those that a run leaves to it. */
  readonly left: readonly LeftJobs[];
  readonly metrics: MetricsSnapshot;
  /**
   * Jobs that failed in the end, timeouts among them: a job that was submitted again by `retry` and succeeded has not
   * failed, nor has one that was canceled.
   */
  readonly failedJobs: number;
  /** Why, by group; without groups of which no job failed. */
  readonly failures: ReadonlyMap<string, GroupFailures>;
}

/** What runs code of the user. */
type UserCode = Pick<ActionContext, 'customs' | 'plugins' | 'programs'>;

export class Ensemble {
  readonly config: EnsembleConfig;
  /** What is odd about the configuration. */
  readonly warnings: readonly Diagnostic[];
  /** This run's id, carried by its jobs in `attributes.user.ensemble`. */
  readonly id: string;

  readonly #options: EnsembleOptions;
  readonly #clock = new SteadyClock();
  readonly #observer: EnsembleObserver;
  readonly #engine: Engine;
  /** By the index in the engine; null for the rule of a probe. */
  readonly #rules: (Rule | null)[];
  /** By the index of the rule by which the engine reports the jobs to measure. */
  readonly #probes: ReadonlyMap<number, ProbeOfGroup>;
  readonly #firings = new Broadcast<Firing>();
  readonly #ending = new AbortController();
  readonly #member: Member;
  readonly #growth: GrowthWatch;
  readonly #names: RuleNames;
  readonly #failures: FailureWatch;
  #state: string | null;
  #dispatcher: Dispatcher | null = null;
  #running: Promise<RunResult> | null = null;
  #end: Pick<RunResult, 'end' | 'error' | 'by'> | null = null;
  #resolveEnded: () => void = () => {};
  readonly #ended = new Promise<void>((resolve) => {
    this.#resolveEnded = resolve;
  });
  /** Pieces of the journal handed to the engine, and those that it has worked through. */
  #handed = 0;
  #taken = 0;
  #checkingIdle = false;
  /** Those who wait for whatever changes next. */
  #onChange: (() => void)[] = [];
  #idleInDoubt = false;
  #paused = false;
  /** External actions so far. */
  #external = 0;
  /** The start rules have fired; a run can't be over before. */
  #begun = false;

  /** Use `fromFile` or `fromObject`. */
  private constructor({ config, warnings }: LoadedConfig, options: EnsembleOptions) {
    this.config = config;
    this.warnings = warnings;
    this.id = `${options.name ?? 'ensemble'}-${randomBytes(6).toString('hex')}`;
    this.#options = options;
    // As many listen as there are actions under way, and no longer.
    setMaxListeners(0, this.#ending.signal);
    this.#observer = guardObserver(options.observer ?? {});
    this.#rules = [...config.rules];
    this.#state = config.states[0] ?? null;
    this.#member = createMember(options.member ?? 'local', {
      slots: options.slots,
      ensemble: this.id,
      clock: this.#clock,
      uri: options.uri,
      validateAll: options.validateAll === true,
      scaler: options.scaler,
    });
    const probes = probesOf(config.groups);
    this.#probes = new Map(probes.map((probe, index) => [config.rules.length + index, probe]));
    this.#rules.push(...probes.map(() => null));
    this.#growth = new GrowthWatch(config.rules, (growable) => this.#setGrowable(growable));
    const makePortion = this.#member.portion?.bind(this.#member) ?? null;
    this.#names = ruleNames(config, actionPlans(config.groups, makePortion));
    const plan = compilePlan(config, this.id, this.#names, makePortion);
    this.#engine = new Engine(
      {
        ...plan,
        rules: [...plan.rules, ...probes.map(({ group }) => compileProbe(group, this.#names))],
        virtualTime: this.#member.now !== undefined,
        sketches: options.sketches === true,
      },
      {
        firing: (firing) => this.#onFiring(firing),
        decodeError: (error) => this.#observer.decodeError?.(error),
        cronTimes: nextTimes,
        quiet: () => this.#checkIdle(),
        retry: (retry) => this.#dispatcher?.retry(readRetry(retry, this.#engine.groups)),
        failed: (failure) => this.#failures.failed(failure),
      },
    );
    this.#failures = new FailureWatch({
      member: this.#member,
      groups: () => this.#engine.groups,
      report: (failure) => this.#observer.failure?.(failure),
    });
  }

  /**
   * An ensemble from a YAML file. Throws ConfigError with everything that is wrong with the file, or
   * EnsembleError `ERR_FILE`.
   */
  static async fromFile(path: string, options: EnsembleOptions = {}): Promise<Ensemble> {
    return new Ensemble(await loadConfig(path), options);
  }

  /** An ensemble from an object of the same form as a file. Throws ConfigError. */
  static fromObject(value: unknown, options: EnsembleOptions = {}): Ensemble {
    return new Ensemble(configFromObject(value), options);
  }

  /** An ensemble from a configuration that was loaded before. */
  static fromConfig(loaded: LoadedConfig, options: EnsembleOptions = {}): Ensemble {
    return new Ensemble(loaded, options);
  }

  /**
   * Runs the ensemble to its end: start rules fire, and then it is up to the rules. Resolves with how it came
   * to its end, also when the member failed. An aborted `signal` cancels what is active and waits for it;
   * `kill()` does not wait. Throws ConfigError when a custom function can't be loaded, MemberError
   * `ERR_MEMBER_UNAVAILABLE` when the member can't run here, EnsembleError when it ran before.
   */
  async run(options: { signal?: AbortSignal } = {}): Promise<RunResult> {
    if (this.#running !== null)
      throw new EnsembleError('ERR_ENGINE', 'an ensemble runs once; make a new one');
    this.#running = this.#run(options.signal);
    return this.#running;
  }

  /** Cuts a run's end short: what is still active is killed at once, and events wait for no consumer. */
  kill(): void {
    this.#finish('interrupted');
    this.#engine.dropEvents();
    this.#failures.close();
    if (this.#running !== null) void this.#stopMember(0, 'interrupted');
  }

  /** What is known of every group now. */
  metrics(): Promise<MetricsSnapshot> {
    return this.#engine.metrics();
  }

  /**
   * Performs an external action at once, also while actions of rules wait. `pause` lets the actions of rules wait until
   * `resume`; submitted jobs go on, and a paused run does not end by itself. `askedBy` is the person or program that
   * requests it. Resolves with what was done. Throws ActionError when the action fails, and before and after the run.
   */
  async act(external: ExternalAction, askedBy: string): Promise<ExternalOutcome> {
    const dispatcher = this.#dispatcher;
    if (dispatcher === null || !this.#begun || this.#end !== null) {
      throw new ActionError(this.#end === null ? 'the run has not begun' : 'the run has come to its end', -1);
    }
    const { name } = external;
    if (name === 'pause' || name === 'resume') {
      this.#observer.paused?.(name === 'pause', askedBy);
      const text = await (name === 'pause' ? this.#pause(dispatcher) : this.#resume(dispatcher));
      return { text, before: null, after: null };
    }
    const action = readExternal(external, this.config);
    const firing = externalFiring(action, askedBy, this.#external++, this.#now());
    this.#firings.push(firing);
    return outcomeOf(await dispatcher.act(action, askedBy, firing));
  }

  /** Whether the actions of rules wait. */
  get paused(): boolean {
    return this.#paused;
  }

  /** Slots or nodes of the member as it is now; null for one that does not know. */
  get size(): number | null {
    try {
      return this.#member.size ?? null;
    } catch {
      return null;
    }
  }

  /** Who runs the jobs: `local`, `flux`. */
  get memberName(): string {
    return this.#member.name;
  }

  /** The state that the ensemble is in, as far as firings have told; null when it has none. */
  get state(): string | null {
    return this.#state;
  }

  /**
   * The firings from this call on, until the run has ended. Until the first `next()` the latest 4,096 wait, from then on
   * up to 1,048,576; `dropped` counts the older ones that had no room. `return()`, or leaving a `for await`, lets go of
   * what waits.
   */
  firings(): Subscription<Firing> {
    return this.#firings.subscribe();
  }

  /**
   * The raw events from the first `next()` on, as columns in batches, until the run has ended. One consumer at a time. A
   * consumer that is too slow misses events, which are counted, or holds the ensemble: see the options.
   */
  events(options?: EventStreamOptions): AsyncGenerator<EventBatch, void, void> {
    return this.#engine.events(options);
  }

  /**
   * Waits until all that has happened so far has led to all that it leads to: records taken in, actions done. Resolves
   * with false when the run has come to its end.
   */
  async settled(): Promise<boolean> {
    for (;;) {
      const handed = this.#handed;
      await this.#engine.status().catch(() => null);
      if (this.#end !== null) return false;
      if (!this.#quiet) await new Promise<void>((resolve) => this.#onChange.push(resolve));
      // What was taken in meanwhile may have led to firings that are on their way.
      else if (handed === this.#handed) return true;
    }
  }

  /** Ends a run as `kill()` does, waits for it, and releases everything. Idempotent. */
  async close(): Promise<void> {
    this.kill();
    // Whoever called run() gets to see its error.
    await this.#running?.catch(() => {});
    this.#firings.end();
    this.#engine.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #run(signal: AbortSignal | undefined): Promise<RunResult> {
    const onAbort = () => this.#finish('interrupted');
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) onAbort();
    // The engine's channel lets a process exit; a run that waits for heartbeats only must not.
    const alive = setInterval(() => {}, 2 ** 30);
    const listener = {
      output: (line: string) => this.#observer.output?.(line),
      problem: (error: EnsembleError) => this.#observer.problem?.(error),
    };
    const plugins = new PluginProcesses(this.config.plugins, listener);
    const programs = new Programs();
    let customs: LoadedFunctions | null = null;
    try {
      customs = await this.#load(listener);
      if (customs !== null) await this.#begin({ customs, plugins, programs });
      await this.#ended;
      return await this.#conclude();
    } finally {
      await Promise.all([customs?.close(), plugins.close(), programs.close()]);
      clearInterval(alive);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** The functions of the file; null when the run came to its end while they were loading. */
  async #load(listener: UserCodeListener): Promise<LoadedFunctions | null> {
    try {
      return await loadCustomFunctions(this.config, listener, this.#ending.signal);
    } catch (cause) {
      if (this.#end !== null) return null;
      throw cause;
    }
  }

  async #begin(code: UserCode): Promise<void> {
    if (this.#end !== null) return;
    try {
      this.#dispatcher = new Dispatcher(this.#actionContext(code), {
        idle: () => this.#onActionsDone(),
        stop: (error, by) => this.#finish('stopped', error, by),
      });
      const native = this.#member.portion !== undefined;
      await this.#member.start(
        {
          // What reached the engine natively must not reach it twice.
          records: (lines) => (native ? this.#observer.records?.(lines) : this.#ingest(lines)),
          quiet: () => this.#checkIdle(),
          failed: (error) => this.#finish('failed', error),
        },
        {
          engine: this.#engine,
          events: this.#wantsAllEvents() ? null : neededEvents(this.config.rules),
          wantsRecords: this.#observer.records !== undefined,
        },
      );
      await this.#engine.start(this.#now());
      this.#begun = true;
      this.#growth.started();
      if (this.#dispatcher.idle) this.#onActionsDone();
    } catch (cause) {
      const error =
        cause instanceof EnsembleError
          ? cause
          : new MemberError(`the member could not be started: ${String(cause)}`, { cause });
      this.#finish('failed', error);
      // Not a run that failed but one that can't be: nothing was begun, and nothing is there to report.
      if (error.code === 'ERR_MEMBER_UNAVAILABLE') throw error;
    }
  }

  async #pause(dispatcher: Dispatcher): Promise<string> {
    this.#paused = true;
    dispatcher.pause();
    await this.#engine.pause(true);
    return "the actions of rules wait for 'resume'";
  }

  async #resume(dispatcher: Dispatcher): Promise<string> {
    // First, so that what fires from now on does not overtake what has waited.
    dispatcher.resume();
    this.#paused = false;
    await this.#engine.pause(false);
    this.#checkIdle();
    return 'rules act again';
  }

  /** The run's time, in seconds since the epoch. */
  #now(): number {
    return this.#member.now?.() ?? this.#clock.now();
  }

  #wantsAllEvents(): boolean {
    const { allEvents } = this.#options;
    return allEvents === true || this.#observer.records !== undefined || this.#engine.streaming;
  }

  #actionContext(code: UserCode): ActionContext {
    return {
      config: this.config,
      member: this.#member,
      engine: this.#engine,
      observer: this.#observer,
      sweeps: new SweepCursors(),
      ...code,
      signal: this.#ending.signal,
      terminate: (by) => this.#finish('terminated', null, by),
      goTo: async (state) => {
        await this.#engine.goTo(this.config.states.indexOf(state));
        this.#state = (await this.#engine.status()).state;
      },
      readAnswer: (answer, onJob) => readFollowUps(answer, this.config, onJob),
      addRule: async (rule) => {
        // Known here before the engine can fire it.
        this.#growth.added(this.#rules.push(rule) - 1, rule);
        const compiled = compileRule(rule, this.#names);
        await this.#engine.addRule(compiled, this.#names.metrics.takeNew());
      },
    };
  }

  #onFiring(native: NativeFiring): void {
    const probe = this.#probes.get(native.rule);
    if (probe !== undefined) {
      this.#dispatcher?.probe(readProbedJob(native, this.#engine.names), probe);
      return;
    }
    const rule = this.#rules[native.rule];
    if (!rule) return;
    const firing = readFiring(native, rule, this.#engine.names, this.config.states);
    if (firing.goto !== null) this.#state = firing.goto;
    this.#firings.push(firing);
    this.#dispatcher?.push(firing, rule);
    this.#growth.fired(firing.rule);
  }

  #onActionsDone(): void {
    this.#growth.settled();
    this.#checkIdle();
  }

  #ingest(lines: Uint8Array): void {
    this.#observer.records?.(lines);
    this.#handed++;
    this.#engine.ingest(lines).then(
      () => {
        this.#taken++;
        this.#checkIdle();
      },
      (error: EnsembleError) => {
        // Closed meanwhile: nobody is interested any more.
        if (error.code === 'ERR_CLOSED') return;
        const message = `what the member delivered as records can't be taken in: ${error.message}`;
        this.#finish('failed', new MemberError(message, { cause: error }));
      },
    );
  }

  get #quiet(): boolean {
    return (
      this.#begun &&
      !this.#paused &&
      this.#taken === this.#handed &&
      this.#dispatcher?.idle === true &&
      this.#end === null
    );
  }

  /** Something changed that may have been the last thing: looks whether the run is over. */
  #checkIdle(): void {
    this.#tellChange();
    this.#idleInDoubt = true;
    if (!this.#options.watch && !this.#checkingIdle) void this.#endWhenIdle();
  }

  #tellChange(): void {
    for (const resolve of this.#onChange.splice(0)) resolve();
  }

  /**
   * Ends the run when nothing is left to do: no action under way, no record on its way, no job active, and no
   * rule that time alone could make due. The engine answers in order, so whatever it had to fire before it
   * said so has been dispatched by then. What changes meanwhile leads to another look.
   */
  async #endWhenIdle(): Promise<void> {
    this.#checkingIdle = true;
    while (this.#idleInDoubt && this.#quiet) {
      this.#idleInDoubt = false;
      const handed = this.#handed;
      const status = await this.#engine.status().catch(() => null);
      if (status === null) break;
      const unchanged = this.#quiet && handed === this.#handed && !this.#expectsMore();
      const { activeJobs, submitting, retrying, timeCouldFire } = status;
      if (unchanged && activeJobs + submitting + retrying === 0 && !timeCouldFire) this.#finish('idle');
    }
    this.#checkingIdle = false;
  }

  #expectsMore(): boolean {
    try {
      return this.#member.expectsMore === true;
    } catch (cause) {
      this.#memberFailed('expectsMore', cause);
      return false;
    }
  }

  #setGrowable(growable: boolean): void {
    try {
      this.#member.setGrowable?.(growable);
    } catch (cause) {
      this.#memberFailed('setGrowable()', cause);
    }
  }

  /** A member of the caller's own threw where no action could fail of it. */
  #memberFailed(method: string, cause: unknown): void {
    const reason = cause instanceof Error ? cause.message : String(cause);
    this.#finish('failed', new MemberError(`${method} of the member failed: ${reason}`, { cause }));
  }

  /** A member that can't be stopped is a problem, and not worth the result of the run. */
  async #stopMember(grace: number, end: EndOfRun): Promise<void> {
    try {
      await this.#member.stop(grace, end);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      this.#observer.problem?.(new MemberError(`the member could not be stopped: ${reason}`, { cause }));
    }
  }

  #finish(end: RunEnd, error: EnsembleError | null = null, by: EndedBy | null = null): void {
    if (end === 'interrupted' || end === 'failed') this.#dispatcher?.dropProbes();
    if (this.#end !== null) return;
    this.#end = { end, error, by };
    this.#dispatcher?.stop();
    this.#ending.abort();
    this.#resolveEnded();
    this.#tellChange();
  }

  async #conclude(): Promise<RunResult> {
    const { end, error, by } = this.#end ?? { end: 'idle' as const, error: null, by: null };
    await this.#engine.end();
    // Before the jobs that are canceled at the end count.
    const seen = await this.#engine.rules();
    await this.#dispatcher?.settled();
    const unperformed = this.#dispatcher?.unperformed;
    const rules = readRuleReports(seen, this.#rules, this.#engine.names.metrics, unperformed);
    // Before the member releases what it knows of the jobs.
    await this.#failures.settled();
    await this.#stopMember(this.#options.grace ?? 5, end === 'interrupted' ? 'interrupted' : 'done');
    await this.#dispatcher?.measured();
    await this.#engine.finishStream();
    const metrics = await this.#engine.metrics();
    const left = await this.#leftJobs(metrics);
    const native = await this.#engine.failures();
    await this.#failures.settled();
    const failures = this.#failures.conclude(native, metrics);
    const failedJobs = [...failures.values()].reduce((sum, { failed }) => sum + failed, 0);
    this.#engine.endEvents();
    this.#firings.end();
    return { end, error, by, rules, left, metrics, failedJobs, failures };
  }

  async #leftJobs({ groups, status }: MetricsSnapshot): Promise<LeftJobs[]> {
    if (status.activeJobs === 0) return [];
    const active = [...groups].map(async ([group, { count }], index): Promise<LeftJobs[]> => {
      const { pending, running } = count;
      if (pending + running === 0) return [];
      const jobs = await this.#engine.activeJobs(index);
      return [{ group, pending, running, jobs: [...jobs.sort()] }];
    });
    return (await Promise.all(active)).flat();
  }
}
