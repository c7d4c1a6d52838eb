/**
 * One run: a member that runs the jobs, the engine that follows them, and the dispatcher that performs actions.
 *
 *     member --records--> engine --firings--> dispatcher --actions--> member
 *
 * This file connects them. The end of the run, external actions, probes and retries have files of their own.
 */

import { resolve } from 'node:path';
import { actionPlans } from '../actions/catalog.js';
import type { ActionContext } from '../actions/context.js';
import { SweepCursors } from '../actions/submit/sweep-cursor.js';
import type { NativeFiring } from '../engine/addon.js';
import { Engine } from '../engine/engine.js';
import type { EventBatch, EventStreamOptions } from '../engine/event-batch.js';
import { readFiring, readProbedJob, readRetry } from '../engine/firings.js';
import { compilePlan, compileProbe, compileRule, type RuleNames, ruleNames } from '../engine/plan/compile.js';
import { readRuleReports } from '../engine/rule-report.js';
import { ActionError, EnsembleError, MemberError } from '../errors.js';
import { nextTimes } from '../language/cron.js';
import { createMember } from '../members/create.js';
import { SteadyClock } from '../members/local/clock.js';
import type { Member } from '../members/member.js';
import type { EndedBy } from '../model/ended-by.js';
import type { EnsembleConfig, Rule } from '../model/ensemble.js';
import type { Firing } from '../model/firing.js';
import type { MetricsSnapshot } from '../model/metrics.js';
import type { EnsembleObserver } from '../model/observer.js';
import { logFolder, outputFolder } from '../store/run-folder.js';
import { Broadcast, type Subscription } from './broadcast.js';
import { Dispatcher } from './dispatcher.js';
import { EndDetector, type RunEnd, type RunEnding } from './end-of-run.js';
import { type ExternalAction, ExternalActions, type ExternalOutcome } from './external-actions.js';
import { FailureWatch } from './failure-watch.js';
import { readFollowUps } from './follow-up.js';
import { GrowthWatch } from './growth-watch.js';
import { GuardedMember } from './guarded-member.js';
import { guardObserver } from './guarded-observer.js';
import { neededEvents } from './needed-events.js';
import type { EnsembleOptions } from './options.js';
import { type ProbeOfGroup, Probes, probesOf } from './probes.js';
import { leftJobs, type RunResult } from './result.js';
import { Retries } from './retries.js';
import { TaskQueue } from './task-queue.js';
import { loadUserCode, type UserCode } from './user-code.js';

/** The parts of a run that perform something. They need the code of the user, so they exist once it is loaded. */
interface Performers {
  readonly dispatcher: Dispatcher;
  readonly retries: Retries;
  readonly probes: Probes;
  readonly external: ExternalActions;
}

function logEnded(reason: string): EnsembleError {
  const message = `the log of the run has ended: ${reason}. The run goes on, and its later jobs are not in the log`;
  return new EnsembleError('ERR_RUN', message);
}

/** The public methods are those of `Ensemble`, which documents them. */
export class Run {
  readonly #config: EnsembleConfig;
  readonly #options: EnsembleOptions;
  readonly #observer: EnsembleObserver;
  readonly #engine: Engine;
  /** By the index in the engine; null for the rule of a probe. */
  readonly #rules: (Rule | null)[];
  /** By the index of the rule by which the engine reports the jobs to measure. */
  readonly #probes: ReadonlyMap<number, ProbeOfGroup>;
  readonly #firings = new Broadcast<Firing>();
  readonly #member: Member;
  readonly #guarded: GuardedMember;
  readonly #growth: GrowthWatch;
  readonly #names: RuleNames;
  readonly #failures: FailureWatch;
  readonly #queue = new TaskQueue(() => this.#onIdle());
  readonly #end: EndDetector;
  #state: string | null;
  #performers: Performers | null = null;
  #started = false;

  /** `id` is that of the run. Throws MemberError, and EnsembleError `ERR_ADDON`. */
  constructor(config: EnsembleConfig, id: string, options: EnsembleOptions) {
    this.#config = config;
    this.#options = options;
    this.#observer = guardObserver(options.observer ?? {});
    this.#rules = [...config.rules];
    this.#state = config.states[0] ?? null;
    const clock = new SteadyClock();
    const runFolder = options.runFolder === undefined ? null : resolve(options.runFolder);
    this.#member = createMember(options.member ?? 'local', {
      slots: options.slots,
      outputs: runFolder === null ? undefined : outputFolder(runFolder),
      problem: (error) => this.#observer.problem?.(error),
      ensemble: id,
      clock,
      uri: options.uri,
      validateAll: options.validateAll === true,
      scaler: options.scaler,
    });
    this.#end = new EndDetector({
      watch: options.watch === true,
      status: () => this.#engine.status(),
      actionsIdle: () => this.#queue.idle,
      expectsMore: () => this.#guarded.expectsMore,
    });
    // First of all listeners: what fails because the run has ended is not a problem.
    this.#end.signal.addEventListener('abort', () => this.#queue.stop());
    const memberEvents = {
      failed: (error: MemberError) => this.#finish('failed', error),
      problem: (error: MemberError) => this.#observer.problem?.(error),
    };
    this.#guarded = new GuardedMember(this.#member, memberEvents, clock);
    const probes = probesOf(config.groups);
    this.#probes = new Map(probes.map((probe, index) => [config.rules.length + index, probe]));
    this.#rules.push(...probes.map(() => null));
    this.#growth = new GrowthWatch(config.rules, (growable) => this.#guarded.setGrowable(growable));
    const makePortion = this.#member.portion?.bind(this.#member) ?? null;
    this.#names = ruleNames(config, actionPlans(config.groups, makePortion));
    const plan = compilePlan(config, id, this.#names, makePortion);
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
        quiet: () => this.#end.check(),
        retry: (retry) => this.#performers?.retries.push(readRetry(retry, this.#engine.groups)),
        failed: (failure) => this.#failures.failed(failure),
        logFailed: (reason) => this.#observer.problem?.(logEnded(reason)),
      },
      runFolder === null || this.#member.now !== undefined ? {} : { log: logFolder(runFolder) },
    );
    this.#failures = new FailureWatch({
      member: this.#member,
      groups: () => this.#engine.groups,
      report: (failure) => this.#observer.failure?.(failure),
    });
  }

  get paused(): boolean {
    return this.#end.paused;
  }

  get size(): number | null {
    return this.#guarded.size;
  }

  get memberName(): string {
    return this.#member.name;
  }

  get state(): string | null {
    return this.#state;
  }

  metrics(): Promise<MetricsSnapshot> {
    return this.#engine.metrics();
  }

  firings(): Subscription<Firing> {
    return this.#firings.subscribe();
  }

  events(options?: EventStreamOptions): AsyncGenerator<EventBatch, void, void> {
    return this.#engine.events(options);
  }

  settled(): Promise<boolean> {
    return this.#end.settled();
  }

  async act(external: ExternalAction, askedBy: string): Promise<ExternalOutcome> {
    if (this.#performers === null || !this.#end.running) {
      const reason = this.#end.result === null ? 'the run has not begun' : 'the run has come to its end';
      throw new ActionError(reason, -1);
    }
    return this.#performers.external.act(external, askedBy);
  }

  kill(): void {
    this.#finish('interrupted');
    this.#engine.dropEvents();
    this.#failures.close();
    if (this.#started) void this.#guarded.stop(0, 'interrupted');
  }

  /** Releases the engine, after the run. Idempotent. */
  release(): void {
    this.#firings.end();
    this.#engine.close();
  }

  /** Runs to the end. Called once. */
  async run(signal: AbortSignal | undefined): Promise<RunResult> {
    this.#started = true;
    const onAbort = () => this.#finish('interrupted');
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) onAbort();
    // The engine lets the process exit between heartbeats; a run does not.
    const alive = setInterval(() => {}, 2 ** 30);
    const listener = {
      output: (line: string) => this.#observer.output?.(line),
      problem: (error: EnsembleError) => this.#observer.problem?.(error),
    };
    let code: UserCode | null = null;
    try {
      code = await loadUserCode(this.#config, listener, this.#end.signal);
      if (code !== null) await this.#begin(code);
      await this.#end.ended;
      return await this.#conclude();
    } finally {
      await code?.close();
      clearInterval(alive);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  async #begin(code: UserCode): Promise<void> {
    if (this.#end.result !== null) return;
    try {
      this.#performers = this.#makePerformers(code);
      const native = this.#member.portion !== undefined;
      await this.#member.start(
        {
          // The engine has records of a native member already.
          records: (lines) => (native ? this.#observer.records?.(lines) : this.#ingest(lines)),
          quiet: () => this.#end.check(),
          failed: (error) => this.#finish('failed', error),
        },
        {
          engine: this.#engine,
          events: this.#wantsAllEvents() ? null : neededEvents(this.#config.rules),
          wantsRecords: this.#observer.records !== undefined,
        },
      );
      await this.#engine.start(this.#guarded.now());
      this.#end.begin();
      this.#growth.started();
      if (this.#queue.idle) this.#onIdle();
    } catch (cause) {
      const error =
        cause instanceof EnsembleError
          ? cause
          : new MemberError(`the member could not be started: ${String(cause)}`, { cause });
      this.#finish('failed', error);
      // The run has not begun, so there is no result to report.
      if (error.code === 'ERR_MEMBER_UNAVAILABLE') throw error;
    }
  }

  #makePerformers(code: UserCode): Performers {
    const context = this.#actionContext(code);
    const stop = (error: EnsembleError, by: EndedBy) => this.#finish('stopped', error, by);
    const dispatcher = new Dispatcher(context, this.#queue, stop);
    const external = new ExternalActions(
      {
        config: this.#config,
        observer: this.#observer,
        pauseEngine: (on) => this.#engine.pause(on),
        now: () => this.#guarded.now(),
        onFiring: (firing) => this.#firings.push(firing),
      },
      dispatcher,
      this.#queue,
      this.#end,
    );
    return {
      dispatcher,
      external,
      retries: new Retries(context, this.#queue),
      probes: new Probes(context, this.#queue),
    };
  }

  #actionContext({ customs, plugins, programs }: UserCode): ActionContext {
    return {
      config: this.#config,
      member: this.#member,
      engine: this.#engine,
      observer: this.#observer,
      sweeps: new SweepCursors(),
      customs,
      plugins,
      programs,
      signal: this.#end.signal,
      terminate: (by) => this.#finish('terminated', null, by),
      goTo: async (state) => {
        await this.#engine.goTo(this.#config.states.indexOf(state));
        this.#state = (await this.#engine.status()).state;
      },
      readAnswer: (answer, onJob) => readFollowUps(answer, this.#config, onJob),
      addRule: async (rule) => {
        // Known here before the engine can fire it.
        this.#growth.added(this.#rules.push(rule) - 1, rule);
        const compiled = compileRule(rule, this.#names);
        await this.#engine.addRule(compiled, this.#names.metrics.takeNew());
      },
    };
  }

  #wantsAllEvents(): boolean {
    const { allEvents } = this.#options;
    return allEvents === true || this.#observer.records !== undefined || this.#engine.streaming;
  }

  #onFiring(native: NativeFiring): void {
    const probe = this.#probes.get(native.rule);
    if (probe !== undefined) {
      this.#performers?.probes.push(readProbedJob(native, this.#engine.names), probe);
      return;
    }
    const rule = this.#rules[native.rule];
    if (!rule) return;
    const firing = readFiring(native, rule, this.#engine.names, this.#config.states);
    if (firing.goto !== null) this.#state = firing.goto;
    this.#firings.push(firing);
    this.#performers?.dispatcher.push(firing, rule);
    this.#growth.fired(firing.rule);
  }

  #onIdle(): void {
    this.#growth.settled();
    this.#end.check();
  }

  #ingest(lines: Uint8Array): void {
    this.#observer.records?.(lines);
    const processed = this.#engine.ingest(lines);
    this.#end.given(processed);
    processed.catch((error: EnsembleError) => {
      // After close() the records do not matter.
      if (error.code === 'ERR_CLOSED') return;
      const message = `the records of the member can't be taken in: ${error.message}`;
      this.#finish('failed', new MemberError(message, { cause: error }));
    });
  }

  #finish(end: RunEnd, error: EnsembleError | null = null, by: EndedBy | null = null): void {
    if (end === 'interrupted' || end === 'failed') this.#performers?.probes.abort();
    this.#end.finish(end, error, by);
  }

  async #conclude(): Promise<RunResult> {
    const ending = this.#end.result as RunEnding;
    await this.#engine.end();
    // Before the jobs that are canceled at the end count.
    const reports = await this.#engine.rules();
    await this.#queue.settled();
    const unperformed = this.#performers?.dispatcher.unperformed;
    const rules = readRuleReports(reports, this.#rules, this.#engine.names.metrics, unperformed);
    // Before the member releases what it knows of the jobs.
    await this.#failures.settled();
    await this.#guarded.stop(this.#options.grace ?? 5, ending.end === 'interrupted' ? 'interrupted' : 'done');
    await this.#performers?.probes.settled();
    await this.#engine.finishStream();
    const metrics = await this.#engine.metrics();
    const left = await leftJobs(this.#engine, metrics);
    const native = await this.#engine.failures();
    await this.#failures.settled();
    const failures = this.#failures.conclude(native, metrics);
    const failedJobs = [...failures.values()].reduce((sum, { failed }) => sum + failed, 0);
    this.#engine.endEvents();
    this.#firings.end();
    return { ...ending, rules, left, metrics, failedJobs, failures };
  }
}
