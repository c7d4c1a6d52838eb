/**
 * The native rule engine with promises: bytes of journal records in, firings out. It runs on a thread of its own and never
 * blocks the event loop. An engine without an outstanding answer lets the process exit.
 */

import { EnsembleError } from '../errors.js';
import type { CronPattern } from '../language/cron.js';
import type { Durability } from '../model/durability.js';
import type { FiringValue } from '../model/firing.js';
import type { EngineStatus, MetricsSnapshot } from '../model/metrics.js';
import type { Parameters as JobParameters } from '../model/parameters.js';
import {
  type Addon,
  type DecodeError,
  type KnownJobs,
  LOST_JOBS,
  type LostJobs,
  loadAddon,
  type NativeFailure,
  type NativeFiring,
  type NativeGroupFailures,
  type NativeIgnoredTell,
  type NativeOutbox,
  type NativeReachedLimits,
  type NativeRestored,
  type NativeRetry,
  type NativeRules,
  type NativeSnapshot,
  type TimeRequest,
} from './addon.js';
import { CommandChannel, notify } from './command-channel.js';
import { CronTimes } from './cron-times.js';
import type { EventBatch, EventStreamOptions } from './event-batch.js';
import { EventStream } from './event-stream.js';
import { NativeSource } from './native-source.js';
import type { EnginePlan, PlanMetric, PlanRule } from './plan/plan.js';
import { readSnapshot, type SnapshotNames } from './snapshot.js';

export interface EngineListener {
  /** Called in the order in which the rules fired, before the answer to the command that made them fire. */
  firing(firing: NativeFiring): void;
  decodeError(error: DecodeError): void;
  /** Up to `count` times of a cron rule after `after`, in seconds since the epoch; empty when no time is left. */
  cronTimes?(cron: CronPattern, after: number, count: number): readonly number[];
  /** As far as the engine's thread knows, nothing is left that could continue the run. */
  quiet?(): void;
  /** A failed job is to be submitted again now. */
  retry?(retry: NativeRetry): void;
  /**
   * A job has failed: one of the first with its reason, or an example. Examples get rarer as the number of failures
   * grows.
   */
  failed?(failure: NativeFailure): void;
  /** Compiles a rule of the run that is restored again; `text` was given to addRule(). Its metrics are new ones. */
  restoreRule?(text: string): CompiledRule;
  /**
   * The run's log has ended before the run, for this reason. The engine goes on. With the durability `host`, it submits
   * nothing from then on. Delivered before all that is not in the log.
   */
  logFailed?(reason: string): void;
  /** No more checkpoints are made for this reason, so the log may grow beyond its limit. */
  logGrows?(reason: string): void;
  ignoredTell?(told: NativeIgnoredTell): void;
  /** A group (by index) that a rule watches has become idle, as far as the engine knows; see `Engine.groupDone`. */
  idleGroup?(group: number): void;
}

/** A rule, and the metrics that it adds to those of the plan. */
export interface CompiledRule {
  readonly rule: PlanRule;
  readonly metrics: readonly PlanMetric[];
}

export interface EngineOptions {
  /** Folder of the run's log, which is made; the folder above it must exist. Absent: no log. */
  readonly log?: string;
  /** `process` by default. */
  readonly durability?: Durability;
  /** Bytes of the log that stay, also when a checkpoint stands for them; 1 GiB by default. */
  readonly logLimit?: number;
  /** Bytes at which the next segment of the log begins; by default a quarter of the limit, at most 16 MiB. */
  readonly segmentSize?: number;
  /**
   * Folder of a log that restore() takes in first. Together with `log`, the run goes on and its firings that are not
   * done are in the answer. Alone, all firings come as they did in the run, and nothing is written.
   */
  readonly restore?: string;
  /** The addon that `npm install` built, by default. */
  readonly addon?: Addon;
}

/** The bounds of a segment's size, in bytes. A run is restored from a checkpoint and at most one or two segments. */
const MOST_SEGMENT = 16 * 2 ** 20;
const LEAST_SEGMENT = 1024;

/** The beginning of a log is removed in whole segments. */
const segmentSizeOf = (limit: number) =>
  Math.floor(Math.max(LEAST_SEGMENT, Math.min(MOST_SEGMENT, limit / 4)));

export class Engine {
  /** The source that submits and controls jobs natively, once it is open. */
  readonly source: NativeSource;
  readonly #channel: CommandChannel;
  readonly #listener: EngineListener;
  readonly #log: string | null;
  /** Nothing may happen that is not in the log. */
  readonly #needsLog: boolean;
  /** Why the log has ended before the run; null while it goes on. */
  #logLost: string | null = null;
  /** Folder of the log to take in. */
  readonly #restored: string | null;
  /** Why the run can't be restored. */
  #unrestored: EnsembleError | null = null;
  readonly #groups: string[];
  readonly #metrics: PlanMetric[];
  readonly #probes: EnginePlan['probes'];
  /** Indexes of the groups whose jobs rules divide by a parameter. */
  readonly #divided: ReadonlySet<number>;
  readonly #virtualTime: boolean;
  readonly #cronTimes: CronTimes;
  readonly #events: EventStream;
  /** Time alone may cause something. */
  #keepsTime: boolean;
  #started = false;
  /** The engine counts rules as they are added. So does this class, to know their indexes. */
  #rules = 0;

  /** Throws EnsembleError: `ERR_ADDON`, or `ERR_ENGINE` for an invalid plan. */
  constructor(plan: EnginePlan, listener: EngineListener, options: EngineOptions = {}) {
    const { log = null, durability = 'process', restore = null, addon = loadAddon() } = options;
    const { logLimit: keep = null, segmentSize = keep === null ? null : segmentSizeOf(keep) } = options;
    this.#listener = listener;
    this.#log = log;
    this.#needsLog = durability === 'host';
    this.#restored = restore;
    const logOptions = log === null ? null : { folder: log, survivesHost: this.#needsLog, keep, segmentSize };
    this.#channel = new CommandChannel(plan, addon, logOptions, restore !== null);
    this.#channel.addReader({
      deliver: (outbox) => this.#deliver(outbox),
      delivered: (outbox) => this.#delivered(outbox),
      closed: () => this.#events.wake(),
    });
    this.source = new NativeSource(this.#channel);
    this.#groups = [...plan.groups];
    this.#metrics = [...plan.metrics];
    this.#probes = plan.probes;
    this.#divided = new Set(plan.splits.flatMap(({ groups }) => groups));
    this.#virtualTime = plan.virtualTime;
    this.#keepsTime = plan.heartbeat > 0 || plan.stalled.some((seconds) => seconds > 0);
    this.#cronTimes = new CronTimes((...request) => this.#listener.cronTimes?.(...request) ?? []);
    this.#events = new EventStream(this.#channel, addon, this.#groups);
    for (const rule of plan.rules) this.#register(rule);
  }

  /** Names of the groups by index, those of the plan first. */
  get groups(): readonly string[] {
    return this.#groups;
  }

  /** The names of the indexes in firings and snapshots. */
  get names(): SnapshotNames {
    return { groups: this.#groups, metrics: this.#metrics, probes: this.#probes };
  }

  /** Begins the run at `now` (seconds since the epoch): start rules fire, heartbeats begin. */
  start(now: number): Promise<void> {
    this.#started = true;
    this.#updateActive();
    return this.#channel.command((native, number) => native.start(number, now));
  }

  /** Whether what the engine takes in is logged. */
  get logs(): boolean {
    return this.#log !== null;
  }

  /**
   * Takes in the log that the options name: the first command of an engine that restores. Its time stands still until
   * resume(). Throws EnsembleError: `ERR_RUN` for a log that can't be read.
   */
  async restore(): Promise<NativeRestored> {
    const folder = this.#restored ?? '';
    const keepFirings = this.#log === null;
    const restored = await this.#channel
      .command<NativeRestored>((native, number) => native.restore(number, folder, keepFirings))
      .catch((error: unknown) => {
        throw this.#unrestored ?? error;
      });
    if (restored.error !== '') throw new EnsembleError('ERR_RUN', `the log of the run: ${restored.error}`);
    return restored;
  }

  /**
   * A restored run goes on at `now` (seconds since the epoch), or at the last time of its log if that is later: times of
   * cron rules are requested again, and heartbeats begin.
   */
  resume(now: number): Promise<void> {
    this.#started = true;
    this.#updateActive();
    return this.#channel.command((native, number) => native.resume(number, now));
  }

  /**
   * The member has shown all jobs that it knows of a restored run. Until then, the source submits nothing by itself. Jobs
   * that are active are lost with `again` and `fail`: they are to be submitted again (`listener.retry`), or fail with an
   * exception `lost`. Retries that were due and whose jobs never came are delivered again. Resolves with the number of
   * lost jobs.
   */
  reconciled(lost: LostJobs): Promise<number> {
    return this.#channel.command((native, number) => native.reconciled(number, LOST_JOBS.indexOf(lost)));
  }

  /** The jobs of a firing that was open when the run was restored, or of an external request, as far as they are known. */
  knownJobs(firing: number, external = false): Promise<readonly KnownJobs[]> {
    return this.#channel.command((native, number) => native.knownJobs(number, firing, external));
  }

  /**
   * Stores a note in the log, about a firing or about none; resolves when it survives the process, or the host with that
   * durability. Rejects with EnsembleError `ERR_RUN` when it does not survive the host then.
   */
  async note(text: string, firing: number | null = null): Promise<void> {
    if (this.#log === null) return;
    await this.#channel.command((native, number) => native.note(number, firing, text));
    if (this.#needsLog && this.#logLost !== null) {
      throw new EnsembleError('ERR_RUN', `the log of the run has ended: ${this.#logLost}`);
    }
  }

  /** The action of a firing is done, with all that followed from it. The notes about it are no longer needed. */
  async done(firing: number): Promise<void> {
    if (this.#log === null) return;
    await this.#channel.command((native, number) => native.done(number, firing));
  }

  /** The run is interrupted: what comes from now on does not count when it is restored. */
  async interrupted(): Promise<void> {
    if (this.#log === null) return;
    await this.#channel.command((native, number) => native.interrupted(number));
  }

  /** Takes in bytes of journal records, cut anywhere; resolves when they have been processed. */
  ingest(bytes: Uint8Array): Promise<void> {
    return this.#channel.command((native, number) => native.ingest(number, bytes));
  }

  /** The stream has ended: a last record without its newline is taken in. */
  finishStream(): Promise<void> {
    return this.#channel.command((native, number) => native.finishStream(number));
  }

  /** A heartbeat at `now` (seconds since the epoch), in addition to those of the plan. */
  tick(now: number): Promise<void> {
    return this.#channel.command((native, number) => native.tick(number, now));
  }

  /**
   * In virtual time: advances time to `until` (seconds since the epoch), or to the first moment at which a rule
   * fires, or until a limit of heartbeats. Resolves with the reached time.
   */
  advance(until: number): Promise<number> {
    return this.#channel.command((native, number) => native.advance(number, until));
  }

  /**
   * Adds metrics after the existing ones, then a rule that may refer to them; resolves with the rule's index. `text` is
   * given to `listener.restoreRule` when the run is restored.
   */
  addRule(
    rule: PlanRule,
    metrics: readonly PlanMetric[] = [],
    text = JSON.stringify({ rule, metrics }),
  ): Promise<number> {
    const added = this.#channel.command<number>((native, number) =>
      native.addRule(number, rule, metrics, text),
    );
    this.#add({ rule, metrics });
    return added;
  }

  /** Goes to another state (by index), as user code requests it. */
  goTo(state: number): Promise<void> {
    return this.#channel.command((native, number) => native.goTo(number, state));
  }

  /**
   * Observes values of a probe for a job of a group (by index) at a time (seconds since the epoch): finite numbers
   * for the group's probe variables from the index `first` on. Rules that become due have fired when it resolves. With
   * the firing of the probe's rule in `of`, that firing is done.
   */
  probed(
    group: number,
    first: number,
    values: readonly number[],
    time: number,
    of: { readonly firing: number; readonly job: bigint } | null = null,
    parameters: JobParameters | null = null,
  ): Promise<void> {
    const { firing = null, job = null } = of ?? {};
    const text = parameters !== null && this.#divided.has(group) ? JSON.stringify(parameters) : null;
    return this.#channel.command((native, number) =>
      native.probed(number, group, first, Float64Array.from(values), time, firing, job, text),
    );
  }

  /** Rules no longer fire; statistics continue. */
  end(): Promise<void> {
    return this.#channel.command((native, number) => native.end(number));
  }

  /** While paused, the source submits no jobs of firings: they come with `submitting: false`. */
  pause(on: boolean): Promise<void> {
    return this.#channel.command((native, number) => native.pause(number, on));
  }

  /**
   * Asks for leave to submit jobs of a group (by index), for a submission that limits hold back. Resolves with the number of
   * jobs that may leave now, once that is one or more; then `admitMore` asks for the others. Resolves with 0 when the
   * submission was dropped, or all its jobs have left. `ticket` is the caller's number of the submission.
   */
  admit(ticket: number, group: number, count: number, urgency: number): Promise<number> {
    return this.#channel.command((native, number) => native.admit(number, ticket, group, count, urgency));
  }

  /** The same for the other jobs of a submission. `lost` of the jobs that left before did not become jobs. */
  admitMore(ticket: number, lost: number): Promise<number> {
    return this.#channel.command((native, number) => native.admitMore(number, ticket, lost));
  }

  /** Sets the urgency of the jobs of a group (by index) that limits hold back. Resolves with their number. */
  setQueuedUrgency(group: number, urgency: number): Promise<number> {
    return this.#channel.command((native, number) => native.setQueuedUrgency(number, group, urgency));
  }

  /** Counts jobs of a group (by index) that are made when they are submitted as queued; fewer for a negative number. */
  addUnmade(group: number, change: number): Promise<void> {
    return this.#channel.command((native, number) => native.addUnmade(number, group, change));
  }

  /** Sets the most jobs that are active at once, where the file has no such limit. */
  setWindow(active: number): Promise<void> {
    return this.#channel.command((native, number) => native.setWindow(number, active));
  }

  /**
   * Drops the jobs of a group (by index), or those with a value of a parameter, that limits hold back. Resolves with their
   * number.
   */
  dropQueued(group: number, by: FiringValue | null = null): Promise<number> {
    return this.#channel.command((native, number) =>
      native.dropQueued(number, group, by?.parameter ?? null, by?.json ?? null),
    );
  }

  /** Sets the size of the run's allocation and its end, in seconds since the epoch; null for what is unknown. */
  setAllocation(size: number | null, end: number | null): Promise<void> {
    return this.#channel.command((native, number) =>
      native.setAllocation(number, size ?? Number.NaN, end ?? Number.NaN),
    );
  }

  /**
   * No action may submit jobs of a group (by index) now: rules on its end fire if the group is idle. Resolves with whether
   * it is.
   */
  async groupDone(group: number): Promise<boolean> {
    const done: number = await this.#channel.command((native, number) => native.groupDone(number, group));
    return done === 1;
  }

  /** The run has nothing left to do, or was terminated: rules on its end fire. */
  endOfRun(): Promise<void> {
    return this.#channel.command((native, number) => native.endOfRun(number));
  }

  /** The budgets that were reached so far. */
  limits(): Promise<NativeReachedLimits> {
    return this.#channel.command((native, number) => native.limits(number));
  }

  status(): Promise<EngineStatus> {
    return this.#channel.command((native, number) => native.status(number));
  }

  /** The reasons why jobs failed, of every group with failed jobs. */
  failures(): Promise<readonly NativeGroupFailures[]> {
    return this.#channel.command((native, number) => native.failures(number));
  }

  /** Ids of the active jobs of a group (by index), or of all groups. */
  activeJobs(group = -1, by: FiringValue | null = null): Promise<BigUint64Array> {
    return this.#channel.command((native, number) =>
      native.activeJobs(number, group, by?.parameter ?? null, by?.json ?? null),
    );
  }

  /** All metrics as they are now. */
  async metrics(): Promise<MetricsSnapshot> {
    const snapshot = await this.#channel.command<NativeSnapshot>((native, number) => native.snapshot(number));
    return readSnapshot(this.names, snapshot);
  }

  /** The history of every rule; computed on request only. */
  rules(): Promise<NativeRules> {
    return this.#channel.command((native, number) => native.rules(number));
  }

  /**
   * Raw events in batches, from the first `next()` until `endEvents()` or `close()`. One consumer at a time. Leaving the
   * loop, or `return()`, stops the gathering.
   */
  events(options: EventStreamOptions = {}): AsyncGenerator<EventBatch, void, void> {
    return this.#events.open(options);
  }

  /** Whether `events()` has a consumer. */
  get streaming(): boolean {
    return this.#events.hasConsumer;
  }

  /** Lets the consumer of `events()` take the remaining events and end. */
  endEvents(): void {
    this.#events.end();
  }

  /** The engine no longer waits for the consumer of `events()`: events without room are dropped. */
  dropEvents(): void {
    this.#events.drop();
  }

  /** Stops the thread. Outstanding answers are rejected with `ERR_CLOSED`. Idempotent. */
  close(): void {
    this.#channel.close();
  }

  #deliver(outbox: NativeOutbox): void {
    const { logFailure } = outbox;
    if (logFailure !== null) {
      this.#logLost = logFailure;
      notify(() => this.#listener.logFailed?.(logFailure));
    }
    const { logProblem } = outbox;
    if (logProblem !== null) notify(() => this.#listener.logGrows?.(logProblem));
    this.#groups.push(...outbox.newGroups);
    for (const request of outbox.timeRequests) this.#supplyTimes(request);
    for (const text of outbox.ruleRequests) this.#supplyRule(text);
    for (const error of outbox.decodeErrors) notify(() => this.#listener.decodeError(error));
    for (const ignored of outbox.ignoredTells) notify(() => this.#listener.ignoredTell?.(ignored));
    for (const group of outbox.idleGroups) notify(() => this.#listener.idleGroup?.(group));
    for (const firing of outbox.firings) notify(() => this.#listener.firing(firing));
    for (const retry of outbox.retries) notify(() => this.#listener.retry?.(retry));
    for (const failure of outbox.failures) notify(() => this.#listener.failed?.(failure));
  }

  #delivered({ quiet, eventsWaiting }: NativeOutbox): void {
    if (quiet) notify(() => this.#listener.quiet?.());
    if (eventsWaiting) this.#events.wake();
  }

  /** The answer is required: in virtual time the engine waits for it. */
  #supplyTimes(request: TimeRequest): void {
    let times: Float64Array = new Float64Array();
    notify(() => {
      times = this.#cronTimes.times(request);
    });
    this.#channel.call((native) => native.supplyTimes(request.rule, times));
  }

  /** The engine waits for the answer. */
  #supplyRule(text: string): void {
    try {
      const compiled = this.#listener.restoreRule?.(text) ?? (JSON.parse(text) as CompiledRule);
      this.#channel.call((native) => native.supplyRule(compiled.rule, compiled.metrics));
      this.#add(compiled);
    } catch (cause) {
      // The numbers of later rules would be wrong.
      const reason = cause instanceof Error ? cause.message : String(cause);
      this.#unrestored = new EnsembleError(
        'ERR_RUN',
        `a rule that was added to the run is invalid: ${reason}`,
        { cause },
      );
      this.close();
    }
  }

  #add({ rule, metrics }: CompiledRule): void {
    this.#register(rule);
    this.#metrics.push(...metrics);
  }

  /** Stores the data of a rule that the engine will request. */
  #register({ cron, timing }: PlanRule): void {
    const index = this.#rules++;
    if (cron !== null) this.#cronTimes.add(index, cron);
    if (cron === null && timing === null) return;
    this.#keepsTime = true;
    this.#updateActive();
  }

  #updateActive(): void {
    this.#channel.setActive('time', this.#started && this.#keepsTime && !this.#virtualTime);
  }
}
