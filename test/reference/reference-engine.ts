/**
 * The expected behaviour of the native engine, as plainly as possible. It is slow on purpose: every rule is
 * evaluated at every event, and every line goes through JSON.parse.
 */

import type { EnginePlan, PlanMetric, PlanRule } from '../../src/engine/plan/plan.js';
import type { Count, Variable } from '../../src/model/metric-names.js';
import type { GroupMetrics } from '../../src/model/metrics.js';
import { ReferenceGroup } from './group.js';
import {
  groupOf,
  isBeforeValidation,
  isFatal,
  type Job,
  newJob,
  type Outcome,
  outcomeOf,
  retryAfter,
  type State,
  stateAfter,
} from './job.js';
import { type ReferenceEvent, type ReferenceRecord, readRecord, sentinel } from './journal.js';
import { ReferenceMetrics } from './metrics.js';
import { type ReferenceFiring, ReferenceRuleEvaluator, type ValueOf } from './rule-evaluator.js';

/** The effects of one event, for the evaluation of rules. */
interface Touched {
  readonly counts: Set<Count>;
  readonly streams: Set<Variable>;
  /** The event's name and derived triggers. */
  readonly triggers: Set<string>;
}

const outcomeTriggers: Readonly<Record<Outcome, readonly string[]>> = {
  success: ['success'],
  failed: ['fail'],
  canceled: ['cancel'],
  timeout: ['fail', 'timeout'],
};

/** States that have a trigger of their own. `depend` and `priority` are those of the events. */
const stateTriggers: ReadonlySet<State> = new Set(['SCHED', 'RUN', 'CLEANUP', 'INACTIVE']);

const gauge = (job: Job): Count | null => {
  if (job.state === 'INACTIVE') return null;
  return job.state === 'RUN' || job.state === 'CLEANUP' ? 'running' : 'pending';
};

/** Whether the effects of an event change a metric of its group. */
function changes({ count, variable, probe }: PlanMetric, touched: Touched): boolean {
  if (probe !== null) return false;
  return count !== null ? touched.counts.has(count) : touched.streams.has(variable as Variable);
}

function finishOf({ status }: { readonly status: number }, timestamp: number): ReferenceEvent {
  return { timestamp, name: 'finish', context: { status } };
}

export class ReferenceEngine {
  /** Jobs that are to be submitted again, in the order in which they ended. */
  readonly retries: { readonly job: bigint; readonly attempt: number; readonly due: number }[] = [];
  /** Lines that are not records, counted from 1. */
  readonly badLines: number[] = [];
  readonly totals = { records: 0, events: 0, trackedEvents: 0, negativeIntervals: 0 };
  backlogOver = false;
  readonly #plan: EnginePlan;
  readonly #groups: ReferenceGroup[];
  readonly #evaluator: ReferenceRuleEvaluator;
  readonly #jobs = new Map<bigint, Job>();
  #latest = 0;
  readonly #table: ReferenceMetrics;
  #line = 0;
  #rest = '';
  /** A job that may still be refused, and its events, which wait for that decision. */
  #held: { readonly id: bigint; readonly job: Job; readonly events: ReferenceEvent[] } | null = null;

  constructor(plan: EnginePlan) {
    this.#plan = plan;
    this.#groups = plan.groups.map((name, index) => new ReferenceGroup(name, plan.probes[index]));
    this.#table = new ReferenceMetrics(this.#groups);
    this.#evaluator = new ReferenceRuleEvaluator(plan, this.#table);
  }

  get named(): (readonly [string, number | null])[] {
    return this.#table.named;
  }

  get metrics(): Map<string, GroupMetrics> {
    return new Map(this.#groups.map((group) => [group.name, group.metrics]));
  }

  activeJobs(group = -1): bigint[] {
    return [...this.#jobs].filter(([, job]) => group === -1 || job.group === group).map(([id]) => id);
  }

  get firings(): readonly ReferenceFiring[] {
    return this.#evaluator.firings;
  }

  get ended(): boolean {
    return this.#evaluator.ended;
  }

  /** The name of the state, or null. */
  get state(): string | null {
    return this.#plan.states[this.#evaluator.state] ?? null;
  }

  start(now: number): void {
    this.#takeHeld();
    this.#evaluator.start(now);
  }

  get knownMetrics(): number {
    return this.#evaluator.knownMetrics;
  }

  addRule(plan: PlanRule, metrics: readonly PlanMetric[] = []): number {
    this.#takeHeld();
    return this.#evaluator.addRule(plan, metrics);
  }

  goTo(state: number): void {
    this.#takeHeld();
    this.#evaluator.goTo(state);
  }

  /** Values of the group's probe variables, from the one with the index `first` on. */
  probed(group: number, first: number, values: readonly number[], time: number): void {
    this.#takeHeld();
    const streams = [...(this.#groups[group] as ReferenceGroup).probes.values()].slice(first);
    const measured = streams.slice(0, values.length);
    for (const [index, stream] of measured.entries()) stream.observe((values[index] as number) + 0, time);
    const indexes = new Set(measured.map((_, index) => first + index));
    this.#evaluator.probed(group, time, ({ probe }) => probe !== null && indexes.has(probe));
  }

  end(): void {
    this.#takeHeld();
    this.#evaluator.ended = true;
  }

  ingest(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() as string;
    for (const line of lines) this.#takeLine(line);
    if (!this.#plan.virtualTime) this.#takeHeld();
  }

  finishStream(): void {
    const last = this.#rest;
    this.#rest = '';
    this.#takeLine(last);
    this.#takeHeld();
    const open = [...this.#jobs].filter(([, job]) => job.finish !== null && !job.settled);
    for (const [id, job] of open.sort(([a], [b]) => (a < b ? -1 : 1))) {
      const touched: Touched = { counts: new Set(), streams: new Set(), triggers: new Set() };
      this.#settle(id, job, false, this.#latest, touched);
      const event = finishOf(job.finish as NonNullable<Job['finish']>, this.#latest);
      const changed = (metric: PlanMetric) => changes(metric, touched);
      this.#evaluator.settled(id, job.group, event, changed, touched.triggers);
    }
  }

  tick(now: number): void {
    this.#takeHeld();
    if (this.#plan.virtualTime) this.#passTo(now);
    this.#evaluator.heartbeat(now, this.#viewAt(now));
  }

  #passTo(now: number): void {
    this.#evaluator.passTo(now, (at) => this.#evaluator.heartbeat(at, this.#viewAt(at)));
  }

  /** The metrics with the ages of waiting jobs, which are not stored. */
  #viewAt(now: number): ValueOf {
    const views = this.#groups.map((group) => group.pending.view());
    for (const job of this.#jobs.values()) {
      const waits = job.submit !== null && job.start === null && job.state !== 'CLEANUP';
      const age = now - (job.submit ?? now);
      if (waits && age >= 0) views[job.group]?.observeAge(age);
    }
    return (metric) =>
      this.#table.valueOf(metric, metric.variable === 'pending' ? views[metric.group] : undefined);
  }

  /** In virtual time, everything that is due before an event happens before it. */
  #pass(time: number): void {
    if (time <= this.#latest) return;
    this.#latest = time;
    if (!this.#plan.virtualTime) {
      this.#table.pass(time);
      return;
    }
    if (!this.#evaluator.begun) this.#evaluator.start(time);
    this.#passTo(time);
  }

  #takeLine(line: string): void {
    this.#line++;
    if (line.trim() === '') return;
    const record = readRecord(line);
    if (record === null) this.badLines.push(this.#line);
    else this.#takeRecord(record);
  }

  #takeRecord({ id, events, jobspec }: ReferenceRecord): void {
    this.totals.records++;
    this.totals.events += events.length;
    if (this.#held !== null && this.#held.id !== id) this.#takeHeld();
    if (id === sentinel) {
      this.backlogOver = true;
      return;
    }
    let job = this.#jobs.get(id);
    let entering = false;
    if (job === undefined && jobspec !== null) {
      const group = this.#groupIndex(groupOf(jobspec, this.#plan.ensemble));
      if (group !== -1) {
        job = newJob(group, jobspec);
        this.#jobs.set(id, job);
        entering = true;
      }
    }
    if (job === undefined) {
      for (const { timestamp } of events) this.#pass(timestamp);
      return;
    }
    if (entering && events.length === 0) {
      const touched: Touched = { counts: new Set(), streams: new Set(), triggers: new Set() };
      this.#enter(job, touched.counts, this.#table.time);
      this.#evaluator.entered(job.group, (metric) => changes(metric, touched));
    }
    for (const [index, event] of events.entries()) {
      if (event.name !== 'invalidate' && !isBeforeValidation(event)) this.#takeHeld();
      this.#pass(event.timestamp);
      this.totals.trackedEvents++;
      if (!this.#takeEvent(id, job, event)) continue;
      this.#jobs.delete(id);
      for (const { timestamp } of events.slice(index + 1)) this.#pass(timestamp);
      return;
    }
  }

  /** True when the job is over. */
  #takeEvent(id: bigint, job: Job, event: ReferenceEvent): boolean {
    if (event.name === 'invalidate') {
      this.#held = null;
      this.#refused(id, job, event);
      return true;
    }
    if (!job.counted && isBeforeValidation(event)) {
      this.#held ??= { id, job, events: [] };
      this.#held.events.push(event);
      return false;
    }
    return this.#evaluated(id, job, event);
  }

  /** The waiting events count: the job was not refused. */
  #takeHeld(): void {
    const held = this.#held;
    this.#held = null;
    for (const event of held?.events ?? []) this.#evaluated(held?.id as bigint, held?.job as Job, event);
  }

  #evaluated(id: bigint, job: Job, event: ReferenceEvent): boolean {
    const touched: Touched = { counts: new Set(), streams: new Set(), triggers: new Set() };
    if (!job.counted) this.#enter(job, touched.counts, event.timestamp);
    this.#apply(id, job, event, touched);
    const over = event.name === 'clean';
    // A result that is known later still belongs to the finish.
    const finish =
      event.name === 'clean' && job.finish !== null ? finishOf(job.finish, event.timestamp) : event;
    this.#evaluator.event(
      id,
      job.group,
      event,
      (metric) => changes(metric, touched),
      touched.triggers,
      !over,
      finish,
    );
    return over;
  }

  /** The job was never submitted, so its counts are undone. */
  #refused(id: bigint, job: Job, event: ReferenceEvent): void {
    const touched: Touched = { counts: new Set(), streams: new Set(), triggers: new Set(['invalidate']) };
    if (job.counted && !job.settled) {
      const submit = job.start === null && job.finish === null ? job.submit : null;
      this.#groups[job.group]?.takeBack('submitted', submit);
      touched.counts.add('submitted');
      const counted = gauge(job);
      if (counted !== null) this.#add(job, counted, -1, event.timestamp, touched.counts);
    }
    this.#evaluator.event(
      id,
      job.group,
      event,
      (metric) => changes(metric, touched),
      touched.triggers,
      false,
    );
  }

  #groupIndex(name: string | null): number {
    if (name === null) return -1;
    const index = this.#groups.findIndex((group) => group.name === name);
    if (index !== -1 || !this.#plan.trackAll) return index;
    return this.#groups.push(new ReferenceGroup(name)) - 1;
  }

  #add(job: Job, count: Count, by: number, time: number, changed: Set<Count>): void {
    this.#groups[job.group]?.add(count, by, time);
    changed.add(count);
  }

  #enter(job: Job, changed: Set<Count>, time: number): void {
    job.counted = true;
    this.#add(job, 'submitted', 1, time, changed);
    this.#add(job, 'pending', 1, time, changed);
  }

  #apply(id: bigint, job: Job, event: ReferenceEvent, touched: Touched): void {
    const { counts, triggers } = touched;
    triggers.add(event.name.startsWith('debug.') ? 'debug' : event.name);
    if (event.name === 'submit' && job.finish === null) job.submit ??= event.timestamp;
    if (event.name === 'start') this.#start(job, event.timestamp, touched);
    if (event.name === 'exception') {
      const { severity, type } = event.context as { severity: number; type: string };
      if (isFatal(event) && !job.fatal) {
        this.#add(job, 'exception', 1, event.timestamp, counts);
        this.#groups[job.group]?.addException(type);
      }
      if (isFatal(event)) job.fatal = true;
      if (job.gravest === null || severity < job.gravest.severity) job.gravest = { severity, type };
    }
    if (event.name === 'finish') this.#finish(id, job, event, touched);
    const changeable = job.finish !== null && !job.settled;
    if (event.name === 'clean' && !job.settled) this.#settle(id, job, false, event.timestamp, touched);
    else if (isFatal(event) && changeable) this.#settle(id, job, false, event.timestamp, touched);

    const before = gauge(job);
    const state = stateAfter(job.state, event);
    if (state !== job.state && stateTriggers.has(state)) triggers.add(state.toLowerCase());
    job.state = state;
    const after = gauge(job);
    if (before === after) return;
    if (before !== null) this.#add(job, before, -1, event.timestamp, counts);
    if (after !== null) this.#add(job, after, 1, event.timestamp, counts);
  }

  #start(job: Job, timestamp: number, touched: Touched): void {
    if (job.start !== null) return;
    job.start = timestamp;
    if (job.submit !== null && job.finish === null)
      this.#observe(job, 'pending', timestamp - job.submit, timestamp, touched);
  }

  #finish(id: bigint, job: Job, event: ReferenceEvent, touched: Touched): void {
    if (job.finish !== null) return;
    const status = event.context?.status as number;
    job.finish = { status: status & 0xffff, time: event.timestamp };
    this.#add(job, 'finished', 1, event.timestamp, touched.counts);
    if (job.start !== null)
      this.#observe(job, 'duration', event.timestamp - job.start, event.timestamp, touched);
    // After a success or a fatal exception, the result is final in Flux; otherwise it can change until the
    // end.
    if (status === 0 || job.fatal) this.#settle(id, job, status === 0, event.timestamp, touched);
  }

  #observe(job: Job, variable: Variable, seconds: number, time: number, touched: Touched): void {
    if (seconds < 0) {
      this.totals.negativeIntervals++;
      return;
    }
    this.#groups[job.group]?.stream(variable).observe(seconds, time);
    touched.streams.add(variable);
  }

  #settle(id: bigint, job: Job, success: boolean, time: number, touched: Touched): void {
    const outcome = outcomeOf(job, success);
    job.settled = true;
    this.#add(job, outcome, 1, time, touched.counts);
    if (outcome === 'timeout') this.#add(job, 'failed', 1, time, touched.counts);
    for (const trigger of outcomeTriggers[outcome]) touched.triggers.add(trigger);
    const policy = this.#plan.remembered.find(({ group }) => group === job.group)?.retry ?? null;
    const seconds = this.ended ? null : retryAfter(job, outcome, policy);
    if (seconds === null) return;
    this.#add(job, 'retried', 1, time, touched.counts);
    this.retries.push({
      job: id,
      attempt: (job.origin?.attempt ?? 0) + 1,
      due: (job.finish?.time ?? time) + seconds,
    });
  }
}
