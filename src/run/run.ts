/**
 * One run: a member that runs the jobs, the engine that follows them, and the dispatcher that performs actions.
 *
 *     member --records--> engine --firings--> dispatcher --actions--> member
 *
 * This file connects them. The end of the run, external actions, probes and retries have files of their own.
 */

import { dirname, resolve } from 'node:path';
import { actionPlans } from '../actions/catalog.js';
import { loadAddon, type NativeFiring, type NativeIgnoredTell } from '../engine/addon.js';
import { Engine, type EngineOptions } from '../engine/engine.js';
import type { EventBatch, EventStreamOptions } from '../engine/event-batch.js';
import { readFiring, readProbedJob, readRetry } from '../engine/firings.js';
import type { MakePortion } from '../engine/plan/compile.js';
import { compilePlan, ruleNames } from '../engine/plan/compile.js';
import { firingCounts } from '../engine/rule-report.js';
import { ActionError, EnsembleError, MemberError } from '../errors.js';
import { nextTimes } from '../language/cron.js';
import { createMember } from '../members/create.js';
import { treeOf } from '../members/flux/tree.js';
import { SteadyClock } from '../members/local/clock.js';
import type { ActiveJob, Member } from '../members/member.js';
import { pilotsOf } from '../members/pilots/settings.js';
import type { EndedBy } from '../model/ended-by.js';
import { actionsOf, type EnsembleConfig, hasStreams } from '../model/ensemble.js';
import type { Failure, GroupFailures } from '../model/failure.js';
import type { Firing } from '../model/firing.js';
import { formatJobId } from '../model/job-id.js';
import { DEFAULT_LOG_LIMIT } from '../model/kept-files.js';
import type { MetricsSnapshot } from '../model/metrics.js';
import type { EnsembleObserver } from '../model/observer.js';
import { logFolder, outputFolder } from '../store/run-folder.js';
import { quote } from '../text/describe.js';
import { activeJobsOf } from './active-jobs.js';
import { AllocationFacts } from './allocation.js';
import { Broadcast, type Subscription } from './broadcast.js';
import { conclude } from './conclusion.js';
import { EndDetector, isResumable, type RunEnd, type RunEnding } from './end-of-run.js';
import { keptOutputs } from './ended-jobs.js';
import type { ExternalAction, ExternalOutcome } from './external-actions.js';
import { FailureWatch } from './failure-watch.js';
import { Gate } from './gate.js';
import { GroupWatch } from './group-watch.js';
import { GrowthWatch } from './growth-watch.js';
import { GuardedMember } from './guarded-member.js';
import { bothObservers, guardObserver } from './guarded-observer.js';
import { Latch } from './latch.js';
import { LostUrgencies } from './lost-urgencies.js';
import { Notifications } from './notifications.js';
import type { EnsembleOptions } from './options.js';
import { makePerformers, type Performers } from './performers.js';
import { type Progress, ProgressLog } from './progress.js';
import { RequestedEvents } from './requested-events.js';
import { type RestoredRun, readRestored } from './restored-run.js';
import type { RunResult } from './result.js';
import { idsOf, keepFacts, type ResumedFrom, Resumption } from './resumption.js';
import { type RuleNow, RulesView } from './rules-now.js';
import { RulesOfRun } from './rules-of-run.js';
import { nameOf } from './run-record.js';
import type { Searches } from './search/searches.js';
import { TaskQueue } from './task-queue.js';
import { Telemetry } from './telemetry.js';
import { loadUserCode, type UserCode } from './user-code.js';

/** Active jobs of a run with rows that are made when they are submitted, unless the file or the member has a limit. */
const MAX_STREAMED_JOBS = 10_000;

function logEnded(reason: string, consequence: string): EnsembleError {
  return new EnsembleError('ERR_RUN', `the log of the run has ended: ${reason}. ${consequence}`);
}

function logGrows(reason: string): EnsembleError {
  const consequence = 'The log may grow beyond its limit';
  return new EnsembleError('ERR_RUN', `no more checkpoints of the run are made: ${reason}. ${consequence}`);
}

/** Throws MemberError for a rule whose action the member can't perform. */
function refuseUnsupported({ rules }: EnsembleConfig, { name, unsupported = [], resize }: Member): void {
  const refused = [...unsupported, ...(resize === undefined ? ['grow', 'shrink'] : [])];
  for (const [index, each] of rules.entries()) {
    const action = actionsOf(each).find(({ name }) => refused.includes(name));
    if (action === undefined) continue;
    const rule = `rules[${index}] (${each.title})`;
    throw new MemberError(
      `${rule}: the ${name} member can't ${action.name}. Remove the rule, or use another member`,
      {
        code: 'ERR_MEMBER_UNAVAILABLE',
      },
    );
  }
}

/** Null for a member that does not submit natively. */
function portionMaker(member: Member, { groups }: EnsembleConfig): MakePortion | null {
  if (member.portion === undefined) return null;
  const indexes = new Map([...groups.keys()].map((name, index) => [name, index]));
  return (entry, count) => ({
    ...(member.portion as NonNullable<Member['portion']>)(entry, count),
    group: indexes.get(entry.group) ?? 0,
  });
}

function ignoredTell({ group, job, name }: NativeIgnoredTell, groups: readonly string[]): EnsembleError {
  const [told, by] = [quote(name), `job ${formatJobId(job)} of group ${quote(groups[group] ?? '')}`];
  const advice = 'values need a name under `tell:` of their group, and numbers must be finite';
  return new EnsembleError('ERR_RUN', `${by} told ${told}, which is ignored: ${advice}`);
}

/** The public methods are those of `Ensemble`, which documents them. */
export class Run {
  readonly #config: EnsembleConfig;
  readonly #id: string;
  readonly #options: EnsembleOptions;
  readonly #observer: EnsembleObserver;
  readonly #telemetry: Telemetry | null;
  readonly #engine: Engine;
  readonly #progress: ProgressLog;
  readonly #urgencies: LostUrgencies;
  /** Null for a new run. */
  readonly #resumed: ResumedFrom | null;
  /** Open once the log of a run that goes on is taken in. */
  readonly #restored = new Latch();
  /** The log may be written: it was restored, where the run goes on. */
  #mayLog: boolean;
  readonly #rules: RulesOfRun;
  readonly #rulesView = new RulesView();
  readonly #firings = new Broadcast<Firing>();
  readonly #problems = new Broadcast<EnsembleError>();
  readonly #member: Member;
  readonly #guarded: GuardedMember;
  readonly #growth: GrowthWatch;
  readonly #failures: FailureWatch;
  readonly #notifications: Notifications;
  readonly #queue = new TaskQueue(() => this.#onIdle());
  readonly #groups: GroupWatch;
  readonly #allocation: AllocationFacts;
  /** Ends a terminated run after the actions of its rules on the end; null before they have fired. */
  #endTerminated: (() => void) | null = null;
  #terminating = false;
  readonly #end: EndDetector;
  /** In a run that goes on, they are reported after the facts about it. */
  readonly #newFailures: Gate<Failure>;
  /** In a run that goes on, they are taken in after those of its earlier processes. */
  readonly #newFirings: Gate<NativeFiring>;
  #state: string | null;
  #performers: Performers | null = null;
  /** By group, jobs that were not submitted because they are done. */
  readonly #skipped = new Map<string, number>();
  /** For rules of a run that had ended when it was resumed: the firings whose action did not begin. */
  #unperformed: ReadonlyMap<number, number> = new Map();
  #started = false;

  /**
   * `id` is that of the run. `resumed` is null for a new run. Throws MemberError, and EnsembleError `ERR_ADDON`, or
   * `ERR_RUN` for a member without a log.
   */
  constructor(
    config: EnsembleConfig,
    id: string,
    options: EnsembleOptions,
    resumed: ResumedFrom | null = null,
  ) {
    this.#config = config;
    this.#id = id;
    this.#options = options;
    this.#resumed = resumed;
    this.#mayLog = resumed === null;
    this.#newFailures = new Gate((failure) => this.#onFailure(failure), resumed === null);
    this.#newFirings = new Gate((firing) => this.#onFiring(firing), resumed === null);
    const observer = guardObserver(options.observer ?? {}, (error) => {
      this.#problems.push(error);
      this.#notifications?.problem(error);
    });
    const name = nameOf(options, config);
    this.#telemetry = Telemetry.ofProcess({ id, name, file: config.file });
    this.#observer =
      this.#telemetry === null ? observer : bothObservers(observer, guardObserver(this.#telemetry));
    this.#state = config.states[0] ?? null;
    const clock = new SteadyClock();
    const runFolder = options.runFolder === undefined ? null : resolve(options.runFolder);
    this.#member = createMember(options.member ?? 'local', {
      slots: options.slots,
      outputs: runFolder === null ? undefined : keptOutputs(runFolder, options.outputLimit),
      problem: (error) => this.#observer.problem?.(error),
      ensemble: id,
      ids: resumed === null ? undefined : idsOf(resumed, clock.now()),
      clock,
      uri: options.uri,
      validateAll: options.validateAll === true,
      tree: treeOf(config.member.flux, options.instances),
      pilots: pilotsOf(config.member.slurm, options.instances),
      scaler: options.scaler,
      runFolder: runFolder ?? undefined,
      slurmInterval: options.slurmInterval,
    });
    refuseUnsupported(config, this.#member);
    this.#notifications = new Notifications({
      ...{ config, id, name },
      // A test in virtual time sends nothing.
      silent: this.#member.now !== undefined,
      state: () => this.#state,
      metrics: () => this.metrics(),
      problem: (error) => this.#observer.problem?.(error),
    });
    this.#end = new EndDetector({
      watch: options.watch === true,
      status: () => this.#engine.status(),
      actionsIdle: () => this.#queue.idle,
      expectsMore: () => this.#guarded.expectsMore,
      lastRules: () => this.#lastRules(),
    });
    // First of all listeners: what fails because the run has ended is not a problem.
    this.#end.signal.addEventListener('abort', () => this.#queue.stop());
    const memberEvents = {
      failed: (error: MemberError) => this.#finish('failed', error),
      problem: (error: MemberError) => this.#observer.problem?.(error),
    };
    this.#guarded = new GuardedMember(this.#member, memberEvents, clock);
    const counts = resumed?.planned ?? { rules: config.rules.length, groups: config.groups.size };
    const planned = config.rules.slice(0, counts.rules);
    this.#growth = new GrowthWatch(planned, (growable) => this.#guarded.setGrowable(growable));
    const makePortion = portionMaker(this.#member, config);
    const names = ruleNames(config, actionPlans(config.groups, makePortion));
    const plan = compilePlan({ ...config, rules: planned }, id, names, makePortion);
    this.#rules = new RulesOfRun(config, counts, names, this.#growth);
    const own = this.#rules.compileOwn();
    this.#engine = new Engine(
      {
        ...plan,
        metrics: [...plan.metrics, ...own.metrics],
        rules: [...plan.rules, ...own.rules],
        virtualTime: this.#member.now !== undefined,
        sketches: options.sketches === true,
      },
      {
        firing: (firing) => this.#newFirings.push(firing),
        decodeError: (error) => this.#observer.decodeError?.(error),
        cronTimes: nextTimes,
        quiet: () => this.#end.check(),
        retry: (retry) => this.#performers?.retries.push(readRetry(retry, this.#engine.groups)),
        restoreRule: (text) => this.#rules.restore(text),
        failed: (failure) => this.#failures.failed(failure),
        logFailed: (reason) => this.#onLogFailed(reason),
        logGrows: (reason) => this.#observer.problem?.(logGrows(reason)),
        idleGroup: (group) => this.#groups.idle(group),
        ignoredTell: (told) => this.#observer.problem?.(ignoredTell(told, this.#engine.groups)),
      },
      this.#logOptions(runFolder),
    );
    this.#groups = new GroupWatch(this.#engine, config);
    this.#allocation = new AllocationFacts(this.#engine, this.#member, this.#guarded);
    this.#progress = new ProgressLog(this.#engine);
    this.#urgencies = new LostUrgencies(this.#engine);
    this.#failures = new FailureWatch({
      member: this.#member,
      groups: () => this.#engine.groups,
      report: (failure) => this.#newFailures.push(failure),
    });
  }

  #onFailure(failure: Failure): void {
    this.#observer.failure?.(failure);
    this.#notifications.failure(failure);
  }

  #goneTo(state: string | null): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#notifications.state(state);
  }

  #onLogFailed(reason: string): void {
    const failed = logEnded(reason, 'The run has failed, because its durability is host');
    if (this.#options.durability === 'host' && this.#finish('failed', failed)) return;
    const goesOn = 'The run goes on, and its later jobs are not in the log';
    this.#observer.problem?.(logEnded(reason, goesOn));
  }

  #logOptions(runFolder: string | null): EngineOptions {
    if (runFolder === null || this.#member.now !== undefined) return {};
    const log = logFolder(runFolder);
    const { durability = 'process', logLimit = DEFAULT_LOG_LIMIT } = this.#options;
    return { log, durability, logLimit, ...(this.#resumed === null ? {} : { restore: log }) };
  }

  /** The end and its cause; null before. Jobs may still be canceled then. */
  get ending(): RunEnding | null {
    return this.#end.result;
  }

  /** The start rules have fired, or the run was resumed, and it has not ended. */
  get running(): boolean {
    return this.#end.running;
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
    return this.#whenRestored(() => this.#engine.metrics());
  }

  async rules(): Promise<RuleNow[]> {
    return this.#rulesView.take({
      native: await this.#whenRestored(() => this.#engine.rules()),
      rules: this.#rules.all,
      metrics: this.#engine.names.metrics,
      state: this.#state,
      ended: this.#end.result !== null,
      unperformed: this.#unperformed,
    });
  }

  async failures(): Promise<Map<string, GroupFailures>> {
    const [failures, metrics] = await this.#whenRestored(() =>
      Promise.all([this.#engine.failures(), this.#engine.metrics()]),
    );
    return this.#failures.conclude(failures, metrics, this.#end.result !== null);
  }

  firings(): Subscription<Firing> {
    return this.#firings.subscribe();
  }

  problems(): Subscription<EnsembleError> {
    return this.#problems.subscribe();
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
    this.#notifications.abort();
    if (this.#started) void this.#guarded.stop(0, 'interrupted');
  }

  /** Releases the engine, after the run. Idempotent. */
  release(): void {
    this.#firings.end();
    this.#problems.end();
    this.#restored.open();
    this.#engine.close();
  }

  /** Runs to the end. Called once. */
  async run(signal: AbortSignal | undefined): Promise<RunResult> {
    this.#started = true;
    // A run in virtual time is a test or a replay.
    if (this.#member.now === undefined) this.#telemetry?.begin(this.#member.name);
    try {
      const result = await this.#runToEnd(signal);
      this.#telemetry?.end(result, result.error);
      return result;
    } catch (error) {
      this.#telemetry?.end(null, error);
      throw error;
    }
  }

  async #runToEnd(signal: AbortSignal | undefined): Promise<RunResult> {
    const onAbort = () => {
      // A run that has ended waits for its notifications only.
      if (!this.#finish('interrupted')) this.#notifications.abort();
    };
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) onAbort();
    // The engine lets the process exit between heartbeats; a run does not.
    const alive = setInterval(() => {}, 2 ** 30);
    const listener = {
      output: (line: string) => this.#observer.output?.(line),
      problem: (error: EnsembleError) => this.#observer.problem?.(error),
    };
    let code: UserCode | null = null;
    this.#notifications.begin();
    try {
      const restored = this.#resumed === null ? null : await this.#restore();
      const simulated = this.#member.measured !== undefined;
      code = await loadUserCode(this.#config, listener, this.#end.signal, simulated);
      if (code !== null) await this.#begin(code, restored);
      await this.#end.ended;
      return await this.#conclude();
    } finally {
      this.#notifications.abort();
      await code?.close();
      clearInterval(alive);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Asks the engine once the log is taken in, which must be its first command. */
  #whenRestored<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    return this.#resumed === null ? ask() : this.#restored.opened.then(ask);
  }

  /** Takes in the log of a run that goes on. Throws EnsembleError `ERR_RUN`. */
  async #restore(): Promise<RestoredRun> {
    const native = await this.#engine.restore().finally(() => this.#restored.open());
    const restored = readRestored(native, this.#progress, this.#rules, this.#urgencies);
    if (restored.end === null) this.#progress.files.check();
    this.#state = (await this.#engine.status()).state;
    if (native.started) this.#growth.restored(firingCounts(await this.#engine.rules()));
    this.#unperformed = restored.unperformed;
    this.#mayLog = true;
    // The run was interrupted while its log was read.
    if (this.#end.result !== null) this.#logInterruption();
    return restored;
  }

  async #begin(code: UserCode, restored: RestoredRun | null): Promise<void> {
    if (this.#end.result !== null) return;
    try {
      const events = this.#requestedEvents();
      const performers = this.#makePerformers(code, restored?.requestCount ?? 0, events);
      this.#performers = performers;
      // Actions wait until all jobs are known.
      if (restored !== null) this.#queue.pause();
      const native = this.#member.portion !== undefined;
      await this.#member.start(
        {
          // The engine has records of a native member already.
          records: (lines) => {
            if (!native) return this.#ingest(lines);
            this.#observer.records?.(lines);
            return undefined;
          },
          quiet: () => this.#end.check(),
          failed: (error) => this.#finish('failed', error),
        },
        {
          engine: this.#engine,
          ensemble: this.#id,
          events: events.names,
          wantsRecords: this.#observer.records !== undefined,
          ...(restored === null
            ? {}
            : { resumed: { facts: restored.facts, activeJobs: () => this.#activeJobs() } }),
        },
      );
      if (this.#member.notice !== undefined) this.#observer.notice?.(this.#member.notice);
      if (restored === null) {
        await keepFacts(this.#engine, this.#member);
        await this.#setWindow();
        await this.#engine.start(this.#guarded.now());
        await this.#allocation.begin();
        this.#growth.started();
        this.#end.begin();
      } else {
        await this.#goOn(restored, performers);
      }
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

  /**
   * Limits the active jobs where the member does so by default, or where rows without end would fill the memory. Without
   * an answer of the member, any number may be active otherwise.
   */
  async #setWindow(): Promise<void> {
    if (this.#config.limits.active !== null) return;
    const own = (await this.#member.activeJobs?.().catch(() => null)) ?? null;
    const active = own ?? (hasStreams(this.#config) ? MAX_STREAMED_JOBS : null);
    if (active !== null) await this.#engine.setWindow(active);
  }

  /** The active jobs of a run that goes on. */
  #activeJobs(): Promise<readonly ActiveJob[]> {
    return activeJobsOf(this.#engine, logFolder(resolve(this.#options.runFolder ?? '')));
  }

  async #goOn(restored: RestoredRun, { external, searches }: Performers): Promise<void> {
    await this.#setWindow();
    await this.#allocation.begin();
    if (restored.paused) {
      this.#end.setPaused(true);
      await this.#engine.pause(true);
    }
    const resumption = new Resumption(this.#resumed as ResumedFrom, {
      engine: this.#engine,
      member: this.#member,
      clock: this.#guarded,
      signal: this.#end.signal,
      ingest: (lines) => this.#ingest(lines),
    });
    this.#observer.resumed?.(await resumption.goOn(restored));
    this.#notifications.resumed();
    this.#newFailures.open();
    if (restored.end === null) await this.#addRulesOfFile();
    // Rules that wait for the start of the run do not run again.
    this.#growth.started();
    this.#end.begin();
    if (searches.any) await this.#restoreSearches(restored, searches);
    const { end, paused, requests } = restored;
    if (end !== null) this.#end.finish(end.end, end.error, end.by);
    const actAgain = () => {
      if (!this.#queue.stopped) void this.#queue.beside(external.actAgain(requests));
    };
    // A pause does not hold them.
    if (paused) actAgain();
    else this.#queue.add(actAgain);
    // Lost jobs are submitted before.
    for (const { native, progress } of restored.firings) this.#onFiring(native, progress);
    for (const native of restored.unmeasured) this.#onFiring(native, null, true);
    this.#newFirings.open();
    if (!paused) this.#queue.resume();
  }

  /** Searches go on with what the log knows of their rows and of the values of their jobs. */
  async #restoreSearches({ searches: notes, unmeasured }: RestoredRun, searches: Searches): Promise<void> {
    const ofProbes = unmeasured.flatMap(({ rule, job }) =>
      job === null || this.#rules.probe(rule) === null ? [] : [job],
    );
    searches.restore({ notes, unmeasured: ofProbes });
    const open = new Set([...(await this.#engine.activeJobs()), ...unmeasured.map(({ job }) => job)]);
    const { jobs } = await loadAddon().readRunLog(logFolder(resolve(this.#options.runFolder ?? '')));
    searches.restoreValues(jobs, (job) => open.has(job));
  }

  /** Adds the rules and probes that are new in the file of a run that goes on. */
  async #addRulesOfFile(): Promise<void> {
    for (let added = this.#rules.addOfFile(); added !== null; added = this.#rules.addOfFile()) {
      await this.#engine.addRule(added.rule, added.metrics, added.text);
    }
  }

  /** `requests` is the number of requests from outside so far. */
  #makePerformers(code: UserCode, requests: number, events: RequestedEvents): Performers {
    const { runFolder } = this.#options;
    return makePerformers({
      ...{ code, requests, events, config: this.#config, observer: this.#observer, member: this.#member },
      ...{ engine: this.#engine, rules: this.#rules, queue: this.#queue, progress: this.#progress },
      groups: this.#groups,
      runs: this.#options.runFolder === undefined ? null : dirname(resolve(this.#options.runFolder)),
      skipped: this.#skipped,
      outputs: runFolder === undefined ? null : outputFolder(resolve(runFolder)),
      resized: () => {
        this.#allocation.resized();
        // A closed engine needs no window.
        this.#setWindow().catch(() => {});
      },
      urgencies: this.#urgencies,
      end: this.#end,
      now: () => this.#guarded.now(),
      onFiring: (firing) => this.#firings.push(firing),
      onState: (state) => this.#goneTo(state),
      notify: (target, message, rule) => this.#notifications.action(target, message, rule),
      finish: (end, error, by) => this.#finish(end, error, by),
    });
  }

  #requestedEvents(): RequestedEvents {
    const { allEvents } = this.#options;
    return new RequestedEvents(this.#config, [...this.#config.rules, ...this.#rules.all], {
      logged: this.#engine.logs,
      all: allEvents === true || this.#observer.records !== undefined || this.#engine.streaming,
      canWiden: this.#member.widen !== undefined,
    });
  }

  /** `progress` is what was done of it before the run was resumed; the rule has fired then. */
  #onFiring(native: NativeFiring, progress: Progress | null = null, restored = false): void {
    const probe = this.#rules.probe(native.rule);
    if (probe !== null) {
      const job = readProbedJob(native, this.#engine.names, probe.probe.kind === 'plugin');
      this.#performers?.probes.push(job, probe, native.number);
      return;
    }
    const search = this.#rules.search(native.rule);
    if (search !== null) {
      this.#performers?.searches.push(search, native, restored);
      return;
    }
    const rule = this.#rules.rule(native.rule);
    if (rule === null) return;
    const firing = readFiring(native, rule, this.#engine.names, this.#config.states);
    this.#firings.push(firing);
    if (progress !== null) {
      this.#performers?.dispatcher.push(firing, rule, progress);
      return;
    }
    if (firing.goto !== null) this.#goneTo(firing.goto);
    this.#performers?.dispatcher.push(firing, rule);
    this.#growth.fired(firing);
  }

  #onIdle(): void {
    this.#growth.settled();
    this.#endTerminated?.();
    this.#end.check();
  }

  get #hasLastRules(): boolean {
    return this.#rules.all.some((rule) => rule?.trigger.kind === 'end');
  }

  /** Lets the rules on the end fire. Resolves with whether any did. */
  async #lastRules(): Promise<boolean> {
    if (!this.#hasLastRules) return false;
    const before = (await this.#engine.status()).firings;
    await this.#engine.endOfRun();
    return (await this.#engine.status()).firings > before;
  }

  /** The run ends after the actions of rules on the end. Other rules do not fire any more. */
  async #terminate(by: EndedBy | null): Promise<void> {
    if (this.#terminating) return;
    this.#terminating = true;
    const fired = await this.#engine
      .end()
      .then(() => this.#lastRules())
      .catch(() => false);
    this.#endTerminated = () => this.#end.finish('terminated', null, by);
    if (!fired || this.#queue.idle) this.#endTerminated();
  }

  /** Takes in records of the member. With a log, resolves when they are in it. */
  #ingest(lines: Uint8Array): Promise<void> | undefined {
    this.#observer.records?.(lines);
    const processed = this.#engine.ingest(lines);
    this.#end.given(processed);
    processed.catch((error: EnsembleError) => {
      // After close() the records do not matter.
      if (error.code === 'ERR_CLOSED') return;
      const message = `the records of the member can't be taken in: ${error.message}`;
      this.#finish('failed', new MemberError(message, { cause: error }));
    });
    return this.#engine.logs ? processed : undefined;
  }

  /** False when the run has ended already. */
  #finish(end: RunEnd, error: EnsembleError | null = null, by: EndedBy | null = null): boolean {
    if (end === 'terminated' && this.#hasLastRules) {
      void this.#terminate(by);
      return true;
    }
    if (end === 'interrupted' || end === 'failed') this.#performers?.probes.abort();
    const isEnd = this.#end.finish(end, error, by);
    // Before the member cancels the jobs.
    if (isEnd && isResumable(end)) this.#logInterruption();
    return isEnd;
  }

  #logInterruption(): void {
    // The engine may be closed.
    if (this.#mayLog) this.#engine.interrupted().catch(() => {});
  }

  async #conclude(): Promise<RunResult> {
    const result = await conclude(this.#end.result as RunEnding, {
      ...{ config: this.#config, engine: this.#engine, member: this.#guarded },
      ...{ rules: this.#rules, queue: this.#queue, skipped: this.#skipped },
      ...{ failures: this.#failures, performers: this.#performers, unperformed: this.#unperformed },
      grace: this.#options.grace ?? 5,
      releaseFailures: () => this.#newFailures.open(),
    });
    await this.#notifications.end(result, this.#options.notifyWait);
    this.#engine.endEvents();
    this.#firings.end();
    this.#problems.end();
    return result;
  }
}
