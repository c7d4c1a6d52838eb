/**
 * The native engine with promises: bytes of journal records in, firings out. It runs on a thread of its own;
 * nothing here blocks the event loop, and an engine that nobody waits for lets the process exit.
 */

import { EnsembleError, MemberError } from '../errors.js';
import type { CronPattern } from '../language/cron.js';
import type { EngineStatus, MetricsSnapshot } from '../model/metrics.js';
import {
  type Addon,
  type ControlReport,
  type DecodeError,
  type FluxOptions,
  loadAddon,
  type NativeEngine,
  type NativeFailure,
  type NativeFiring,
  type NativeGroupFailures,
  type NativeRetry,
  type NativeRules,
  type NativeSnapshot,
  type SourceFailure,
  type SubmitReport,
  type TimeRequest,
} from './addon.js';
import { EventBatch, type EventStreamOptions } from './event-batch.js';
import { ItemStream } from './item-stream.js';
import type { EnginePlan, PlanMetric, PlanRule, SubmitPortion } from './plan/plan.js';
import { readSnapshot, type SnapshotNames } from './snapshot.js';

export interface EngineListener {
  /** Called in the order in which the rules fired, before the answer to the command that made them fire. */
  firing(firing: NativeFiring): void;
  decodeError(error: DecodeError): void;
  /** Up to `count` times of a cron rule behind `after`, in seconds since the epoch; none when there are no more. */
  cronTimes?(cron: CronPattern, after: number, count: number): readonly number[];
  /** The last thing has happened that could have made a run go on, as far as the engine's own thread can tell. */
  quiet?(): void;
  /** A job that ended badly is to be submitted again now. */
  retry?(retry: NativeRetry): void;
  /** A job has failed: one of the first of its reason, or of the examples that get rarer the more there are. */
  failed?(failure: NativeFailure): void;
}

/** What an open source tells, besides what the engine makes of it. */
export interface SourceListener {
  records(lines: Uint8Array): void;
  failed(failure: SourceFailure): void;
  /** The last active job has ended, and none is on its way. */
  quiet(): void;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: EnsembleError): void;
}

/** Times of a cron rule that are computed at once. */
const CRON_TIMES = 256;

/** Engines that something is still to come of must not be collected, whoever else has let go of them. */
const busy = new Set<Engine>();

/** What a listener throws is for the program to handle, and costs nobody else a firing or an answer. */
function tell(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

/** What native code threw, in our own tree. */
function refusal(cause: unknown): EnsembleError {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_MEMBER_UNAVAILABLE') {
    return new MemberError(message, { cause, code: 'ERR_MEMBER_UNAVAILABLE' });
  }
  return new EnsembleError('ERR_ENGINE', message, { cause });
}

const closed = () => new EnsembleError('ERR_CLOSED', 'the engine is closed');

export class Engine {
  readonly #addon: Addon;
  readonly #native: NativeEngine;
  readonly #listener: EngineListener;
  readonly #groups: string[];
  readonly #metrics: PlanMetric[];
  readonly #probes: EnginePlan['probes'];
  readonly #virtualTime: boolean;
  /** Something may happen by time alone. */
  #keepsTime: boolean;
  readonly #namedKinds: string[] = [];
  readonly #waiting = new Map<number, Waiting>();
  /** By rule. The engine counts rules as they are added, and so do we. */
  readonly #crons = new Map<number, CronPattern>();
  #rules = 0;
  readonly #submissions = new Map<number, (report: SubmitReport) => void>();
  readonly #retries = new Map<number, (report: SubmitReport) => void>();
  #source: SourceListener | null = null;
  #lastCommand = 0;
  #closed = false;
  #started = false;
  #sourceOpen = false;
  #streamEnded = false;
  #capacity = 0;
  #stream: ItemStream<EventBatch> | null = null;

  /** Throws EnsembleError `ERR_ADDON` or, for a plan that is none, `ERR_ENGINE`. */
  constructor(plan: EnginePlan, listener: EngineListener, addon: Addon = loadAddon()) {
    this.#addon = addon;
    this.#listener = listener;
    // The channel holds this function for as long as the native engine lives. Through a strong reference to
    // `this` the pair would keep each other alive for ever.
    const self = new WeakRef(this);
    try {
      this.#native = new addon.Engine(plan, () => {
        const engine = self.deref();
        if (engine !== undefined) engine.#drain();
      });
      this.#groups = [...plan.groups];
      this.#metrics = [...plan.metrics];
      this.#probes = plan.probes;
      this.#virtualTime = plan.virtualTime;
      this.#keepsTime = plan.heartbeat > 0 || plan.stalled.some((seconds) => seconds > 0);
      for (const rule of plan.rules) this.#know(rule);
    } catch (cause) {
      throw new EnsembleError('ERR_ENGINE', cause instanceof Error ? cause.message : String(cause), {
        cause,
      });
    }
  }

  /** Names of the groups by index, those of the plan first. */
  get groups(): readonly string[] {
    return this.#groups;
  }

  /** What indexes in firings and snapshots stand for. */
  get names(): SnapshotNames {
    return { groups: this.#groups, metrics: this.#metrics, probes: this.#probes };
  }

  /** Begins the run at `now` (seconds since the epoch): start rules fire, heartbeats begin. */
  start(now: number): Promise<void> {
    this.#started = true;
    return this.#command((native, number) => native.start(number, now));
  }

  /** Takes in bytes of journal records, cut anywhere; resolves when they have been worked through. */
  ingest(bytes: Uint8Array): Promise<void> {
    return this.#command((native, number) => native.ingest(number, bytes));
  }

  /** The stream has ended: a last record without its newline is taken in. */
  finishStream(): Promise<void> {
    return this.#command((native, number) => native.finishStream(number));
  }

  /** A heartbeat at `now` (seconds since the epoch), besides those of the plan. */
  tick(now: number): Promise<void> {
    return this.#command((native, number) => native.tick(number, now));
  }

  /**
   * In virtual time: lets time pass to `until` (seconds since the epoch), but no further than to the first moment at
   * which a rule fires, or after a great many heartbeats. Resolves with the time that it is then.
   */
  advance(until: number): Promise<number> {
    return this.#command((native, number) => native.advance(number, until));
  }

  /** Adds metrics behind those there are, then a rule that may refer to them; resolves with the rule's index. */
  addRule(rule: PlanRule, metrics: readonly PlanMetric[] = []): Promise<number> {
    const added = this.#command<number>((native, number) => native.addRule(number, rule, metrics));
    this.#know(rule);
    this.#metrics.push(...metrics);
    return added;
  }

  /** Goes to another state (by index), as an action of the user's own code asks. */
  goTo(state: number): Promise<void> {
    return this.#command((native, number) => native.goTo(number, state));
  }

  /**
   * What a probe has measured of a job of a group (by index) at a time (seconds since the epoch): finite numbers for the
   * group's probe variables from the index `first` on. Rules that they make due have fired when it resolves.
   */
  probed(group: number, first: number, values: readonly number[], time: number): Promise<void> {
    return this.#command((native, number) =>
      native.probed(number, group, first, Float64Array.from(values), time),
    );
  }

  /** No rule fires any more; statistics go on. */
  end(): Promise<void> {
    return this.#command((native, number) => native.end(number));
  }

  /** While paused, the source is given no jobs of firings: they come with `submitting: false`. */
  pause(on: boolean): Promise<void> {
    return this.#command((native, number) => native.pause(number, on));
  }

  status(): Promise<EngineStatus> {
    return this.#command((native, number) => native.status(number));
  }

  /** Why jobs failed, of every group with such jobs. */
  failures(): Promise<readonly NativeGroupFailures[]> {
    return this.#command((native, number) => native.failures(number));
  }

  /** Ids of the active jobs of a group (by index), or of all groups. */
  activeJobs(group = -1): Promise<BigUint64Array> {
    return this.#command((native, number) => native.activeJobs(number, group));
  }

  /** Says who hears of the source that is opened next. */
  onSource(listener: SourceListener): void {
    this.#source = listener;
  }

  /**
   * Connects to a Flux instance and follows its journal. Rejects with MemberError: `ERR_MEMBER_UNAVAILABLE` when
   * this build or machine has no libflux-core, `ERR_MEMBER` when the instance can't be reached.
   */
  async openFlux(options: FluxOptions): Promise<void> {
    await this.#command((native, number) => native.openFlux(number, options));
    this.#sourceOpen = true;
    this.#keepIfBusy();
  }

  async closeSource(): Promise<void> {
    await this.#command((native, number) => native.closeSource(number));
    this.#sourceOpen = false;
    this.#keepIfBusy();
  }

  /** Submits jobs to the source; resolves when each has been accepted or refused. */
  submit(
    portion: SubmitPortion,
    { rule, firing, index, attempt }: { rule: number; firing: number; index: number; attempt: number },
  ): Promise<SubmitReport> {
    return this.#command((native, number) => native.submit(number, portion, rule, firing, index, attempt));
  }

  cancel(ids: BigUint64Array, note: string): Promise<ControlReport> {
    return this.#command((native, number) => native.cancel(number, ids, note));
  }

  setUrgency(ids: BigUint64Array, urgency: number): Promise<ControlReport> {
    return this.#command((native, number) => native.setUrgency(number, ids, urgency));
  }

  /** Asks the source something in its own terms; resolves with the answer's JSON. */
  ask(topic: string, json: string): Promise<string> {
    return this.#command((native, number) => native.ask(number, topic, json));
  }

  /** What came of the jobs of a firing that the source submits. To be asked for while the firing is delivered. */
  submission(firing: number): Promise<SubmitReport> {
    return new Promise((resolve) => this.#submissions.set(firing, resolve));
  }

  /** The same for a retry. */
  submissionOfRetry(retry: number): Promise<SubmitReport> {
    return new Promise((resolve) => this.#retries.set(retry, resolve));
  }

  async metrics(): Promise<MetricsSnapshot> {
    const snapshot = await this.#command<NativeSnapshot>((native, number) => native.snapshot(number));
    return readSnapshot(this.names, snapshot);
  }

  /** What became of the rules; costs nothing until it is asked for. */
  rules(): Promise<NativeRules> {
    return this.#command((native, number) => native.rules(number));
  }

  /**
   * Raw events in batches, from the first `next()` until `endEvents()` or `close()`. One consumer at a time. Breaking out
   * of the loop, or giving the stream back, stops the gathering.
   */
  events(options: EventStreamOptions = {}): AsyncGenerator<EventBatch, void, void> {
    const stream = new ItemStream<EventBatch>({
      take: () => {
        if (this.#stream !== stream) this.#gather(stream, options);
        return this.#takeEvents();
      },
      ended: () => this.#closed || this.#streamEnded,
      release: () => {
        if (this.#stream !== stream) return;
        this.#stream = null;
        if (!this.#closed) this.#native.gatherEvents(0, false);
      },
    });
    return stream;
  }

  #gather(stream: ItemStream<EventBatch>, options: EventStreamOptions): void {
    if (this.#closed) throw closed();
    if (this.#stream !== null) throw new EnsembleError('ERR_ENGINE', 'events() already has a consumer');
    this.#capacity = options.capacity ?? 65_536;
    this.#native.gatherEvents(this.#capacity, options.overflow === 'hold');
    this.#stream = stream;
  }

  #takeEvents(): EventBatch | undefined {
    const batch = this.#closed ? undefined : this.#native.takeEvents();
    if (batch === undefined) return undefined;
    // A batch without events may hold names: of events that a consumer before this one left behind.
    this.#namedKinds.push(...batch.newKinds);
    this.#groups.push(...batch.newGroups);
    if (batch.ids.length === 0 && batch.dropped === 0) return undefined;
    return new EventBatch(batch, this.#kindNames(), this.#groups);
  }

  /** Whether `events()` has a consumer. */
  get streaming(): boolean {
    return this.#stream !== null;
  }

  /** Lets the consumer of `events()` take what is left and come to its end. */
  endEvents(): void {
    this.#streamEnded = true;
    this.#stream?.wake();
  }

  /** From now on the engine waits for no consumer of `events()`: what there is no room for is dropped. */
  dropEvents(): void {
    if (this.#stream !== null && !this.#closed) this.#native.gatherEvents(this.#capacity, false);
  }

  /** Stops the thread. What has not been answered is rejected with `ERR_CLOSED`. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#native.close();
    for (const waiting of this.#waiting.values()) waiting.reject(closed());
    this.#waiting.clear();
    for (const [number, resolve] of [...this.#submissions, ...this.#retries]) {
      resolve({ number, ofRetry: false, accepted: 0, refused: 0, dropped: 0, reason: '' });
    }
    this.#submissions.clear();
    this.#retries.clear();
    this.#keepIfBusy();
    this.#stream?.wake();
  }

  /** An answer, a heartbeat or a record may be still to come. */
  #keepIfBusy(): void {
    const beating = this.#started && this.#keepsTime && !this.#virtualTime;
    const more = this.#waiting.size > 0 || beating || this.#sourceOpen;
    if (more && !this.#closed) busy.add(this);
    else busy.delete(this);
  }

  #command<T>(post: (native: NativeEngine, number: number) => void): Promise<T> {
    if (this.#closed) return Promise.reject(closed());
    return new Promise<T>((resolve, reject) => {
      const number = ++this.#lastCommand;
      try {
        post(this.#native, number);
      } catch (cause) {
        throw refusal(cause);
      }
      if (this.#waiting.size === 0) this.#native.hold(true);
      this.#waiting.set(number, { resolve: resolve as (value: unknown) => void, reject });
      this.#keepIfBusy();
    });
  }

  #drain(): void {
    const outbox = this.#closed ? undefined : this.#native.take();
    if (outbox === undefined) return;
    this.#groups.push(...outbox.newGroups);
    for (const request of outbox.timeRequests) this.#supplyTimes(request);
    for (const error of outbox.decodeErrors) tell(() => this.#listener.decodeError(error));
    for (const firing of outbox.firings) tell(() => this.#listener.firing(firing));
    for (const retry of outbox.retries) tell(() => this.#listener.retry?.(retry));
    for (const failure of outbox.failures) tell(() => this.#listener.failed?.(failure));
    const { records, failure } = outbox;
    if (records !== null) tell(() => this.#source?.records(records));
    for (const report of outbox.submissions) {
      const waiting = report.ofRetry ? this.#retries : this.#submissions;
      waiting.get(report.number)?.(report);
      waiting.delete(report.number);
    }
    for (const { number, value, failure: refused } of outbox.answers) {
      const waiting = this.#waiting.get(number);
      this.#waiting.delete(number);
      if (refused === null) waiting?.resolve(value);
      else waiting?.reject(new MemberError(`${refused.message} [${refused.code}]`));
    }
    if (outbox.quiet) {
      tell(() => this.#source?.quiet());
      tell(() => this.#listener.quiet?.());
    }
    if (failure !== null) {
      this.#sourceOpen = false;
      tell(() => this.#source?.failed(failure));
    }
    if (outbox.eventsWaiting) this.#stream?.wake();
    if (outbox.answers.length > 0 && this.#waiting.size === 0) this.#native.hold(false);
    this.#keepIfBusy();
  }

  /** Remembers of a rule what the engine will ask for. */
  #know({ cron, timing }: PlanRule): void {
    const index = this.#rules++;
    if (cron !== null) this.#crons.set(index, cron);
    if (cron !== null || timing !== null) this.#keepsTime = true;
  }

  /** What can't be computed is no time: whoever waits for it must not wait for ever. */
  #supplyTimes({ rule, after }: TimeRequest): void {
    const cron = this.#crons.get(rule);
    let times: readonly number[] = [];
    try {
      if (cron !== undefined) times = this.#listener.cronTimes?.(cron, after, CRON_TIMES) ?? [];
    } finally {
      this.#native.supplyTimes(rule, Float64Array.from(times));
    }
  }

  #kindNames(): (kind: number) => string {
    const { eventNames, firstNamedKind } = this.#addon;
    const named = this.#namedKinds;
    return (kind) => (kind < firstNamedKind ? eventNames[kind] : named[kind - firstNamedKind]) ?? 'other';
  }
}
