/**
 * The native rule engine with promises: bytes of journal records in, firings out. It runs on a thread of its own and never
 * blocks the event loop. An engine without an outstanding answer lets the process exit.
 */

import type { CronPattern } from '../language/cron.js';
import type { EngineStatus, MetricsSnapshot } from '../model/metrics.js';
import {
  type Addon,
  type DecodeError,
  loadAddon,
  type NativeFailure,
  type NativeFiring,
  type NativeGroupFailures,
  type NativeOutbox,
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
  /** The run's log has ended before the run, for this reason. The engine goes on. */
  logFailed?(reason: string): void;
}

export interface EngineOptions {
  /** Folder of the run's log, which is made; the folder above it must exist. Absent: no log. */
  readonly log?: string;
  /** The addon that `npm install` built, by default. */
  readonly addon?: Addon;
}

export class Engine {
  /** The source that submits and controls jobs natively, once it is open. */
  readonly source: NativeSource;
  readonly #channel: CommandChannel;
  readonly #listener: EngineListener;
  readonly #groups: string[];
  readonly #metrics: PlanMetric[];
  readonly #probes: EnginePlan['probes'];
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
    const { log = null, addon = loadAddon() } = options;
    this.#listener = listener;
    this.#channel = new CommandChannel(plan, addon, log);
    this.#channel.addReader({
      deliver: (outbox) => this.#deliver(outbox),
      delivered: (outbox) => this.#delivered(outbox),
      closed: () => this.#events.wake(),
    });
    this.source = new NativeSource(this.#channel);
    this.#groups = [...plan.groups];
    this.#metrics = [...plan.metrics];
    this.#probes = plan.probes;
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

  /** Adds metrics after the existing ones, then a rule that may refer to them; resolves with the rule's index. */
  addRule(rule: PlanRule, metrics: readonly PlanMetric[] = []): Promise<number> {
    const json = JSON.stringify({ rule, metrics });
    const added = this.#channel.command<number>((native, number) =>
      native.addRule(number, rule, metrics, json),
    );
    this.#register(rule);
    this.#metrics.push(...metrics);
    return added;
  }

  /** Goes to another state (by index), as user code requests it. */
  goTo(state: number): Promise<void> {
    return this.#channel.command((native, number) => native.goTo(number, state));
  }

  /**
   * Observes values of a probe for a job of a group (by index) at a time (seconds since the epoch): finite numbers
   * for the group's probe variables from the index `first` on. Rules that become due have fired when it resolves.
   */
  probed(group: number, first: number, values: readonly number[], time: number): Promise<void> {
    return this.#channel.command((native, number) =>
      native.probed(number, group, first, Float64Array.from(values), time),
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

  status(): Promise<EngineStatus> {
    return this.#channel.command((native, number) => native.status(number));
  }

  /** The reasons why jobs failed, of every group with failed jobs. */
  failures(): Promise<readonly NativeGroupFailures[]> {
    return this.#channel.command((native, number) => native.failures(number));
  }

  /** Ids of the active jobs of a group (by index), or of all groups. */
  activeJobs(group = -1): Promise<BigUint64Array> {
    return this.#channel.command((native, number) => native.activeJobs(number, group));
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
    this.#groups.push(...outbox.newGroups);
    for (const request of outbox.timeRequests) this.#supplyTimes(request);
    for (const error of outbox.decodeErrors) notify(() => this.#listener.decodeError(error));
    for (const firing of outbox.firings) notify(() => this.#listener.firing(firing));
    for (const retry of outbox.retries) notify(() => this.#listener.retry?.(retry));
    for (const failure of outbox.failures) notify(() => this.#listener.failed?.(failure));
    const { logFailure } = outbox;
    if (logFailure !== null) notify(() => this.#listener.logFailed?.(logFailure));
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
