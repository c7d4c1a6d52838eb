/**
 * What the native engine must do, as plainly as it can be written. Slow on purpose: every rule is looked at
 * at every event, every line goes through JSON.parse.
 */

import type { Count, Variable } from '../../src/config/types.js';
import type { EnginePlan, PlanMetric, PlanRule } from '../../src/engine/plan.js';
import type { GroupMetrics } from '../../src/metrics/metrics.js';
import { ReferenceGroup } from './group.js';
import {
  groupOf,
  isFatal,
  type Job,
  newJob,
  type Outcome,
  outcomeOf,
  type State,
  stateAfter,
} from './job.js';
import {
  type JsonObject,
  type ReferenceEvent,
  type ReferenceRecord,
  readRecord,
  sentinel,
} from './journal.js';
import { ReferenceRule } from './rule.js';
import type { Stream } from './stream.js';

export interface ReferenceFiring {
  readonly number: number;
  readonly rule: number;
  readonly timestamp: number;
  readonly job: bigint | null;
  readonly group: number;
  readonly state: number;
  readonly goto: number;
  readonly value: number | null;
  readonly event: string | null;
  readonly context: JsonObject | null;
}

/** What one event did, for the rules to judge. */
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

/** States that have a trigger of their own; `depend` and `priority` are those of the events. */
const stateTriggers: ReadonlySet<State> = new Set(['SCHED', 'RUN', 'CLEANUP', 'INACTIVE']);

const gauge = (job: Job): Count | null => {
  if (job.state === 'INACTIVE') return null;
  return job.state === 'RUN' || job.state === 'CLEANUP' ? 'running' : 'pending';
};

export class ReferenceEngine {
  readonly firings: ReferenceFiring[] = [];
  /** Lines that were no records, counted from 1. */
  readonly badLines: number[] = [];
  readonly totals = { records: 0, events: 0, trackedEvents: 0, negativeIntervals: 0 };
  ended = false;
  backlogOver = false;
  readonly #plan: EnginePlan;
  readonly #groups: ReferenceGroup[];
  readonly #metrics: PlanMetric[];
  readonly #rules: ReferenceRule[];
  readonly #jobs = new Map<bigint, Job>();
  #line = 0;
  #rest = '';

  constructor(plan: EnginePlan) {
    this.#plan = plan;
    this.#groups = plan.groups.map((name) => new ReferenceGroup(name));
    this.#metrics = [...plan.metrics];
    this.#rules = plan.rules.map((rule, index) => new ReferenceRule(rule, index));
  }

  get metrics(): Map<string, GroupMetrics> {
    return new Map(this.#groups.map((group) => [group.name, group.metrics]));
  }

  activeJobs(group = -1): bigint[] {
    return [...this.#jobs].filter(([, job]) => group === -1 || job.group === group).map(([id]) => id);
  }

  start(now: number): void {
    for (const rule of this.#rules) {
      if (rule.plan.trigger === 'start') this.#due(rule, { timestamp: now });
    }
  }

  get knownMetrics(): number {
    return this.#metrics.length;
  }

  addRule(plan: PlanRule, metrics: readonly PlanMetric[] = []): number {
    this.#metrics.push(...metrics);
    return this.#rules.push(new ReferenceRule(plan, this.#rules.length)) - 1;
  }

  end(): void {
    this.ended = true;
  }

  ingest(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() as string;
    for (const line of lines) this.#takeLine(line);
  }

  finishStream(): void {
    const last = this.#rest;
    this.#rest = '';
    this.#takeLine(last);
  }

  tick(now: number): void {
    const views = this.#groups.map((group) => group.pending.clone());
    for (const job of this.#jobs.values()) {
      const waits = job.submit !== null && job.start === null && job.state !== 'CLEANUP';
      const age = now - (job.submit ?? now);
      if (waits && age >= 0) views[job.group]?.observe(age);
    }
    for (const rule of this.#rules) {
      const metric = this.#metrics[rule.plan.metric];
      if (metric === undefined) continue;
      const view = metric.variable === 'pending' ? views[metric.group] : undefined;
      const value = this.#valueOf(metric, view);
      if (value !== null && rule.holds(value)) {
        this.#due(rule, { timestamp: now, group: metric.group, value });
      }
    }
    for (const rule of this.#rules) {
      if (rule.plan.trigger === 'heartbeat') this.#due(rule, { timestamp: now });
    }
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
    if (id === sentinel) {
      this.backlogOver = true;
      return;
    }
    let job = this.#jobs.get(id);
    let entering = false;
    if (job === undefined && jobspec !== null) {
      const group = this.#groupIndex(groupOf(jobspec, this.#plan.ensemble));
      if (group !== -1) {
        job = newJob(group);
        this.#jobs.set(id, job);
        entering = true;
      }
    }
    if (job === undefined) return;
    if (entering && events.length === 0) this.#enter(job, new Set());
    for (const event of events) {
      this.totals.trackedEvents++;
      const touched: Touched = { counts: new Set(), streams: new Set(), triggers: new Set() };
      if (entering) this.#enter(job, touched.counts);
      entering = false;
      this.#apply(job, event, touched);
      this.#judge(id, job, event, touched);
      if (event.name === 'clean' || event.name === 'invalidate') {
        this.#jobs.delete(id);
        return;
      }
    }
  }

  #groupIndex(name: string | null): number {
    if (name === null) return -1;
    const index = this.#groups.findIndex((group) => group.name === name);
    if (index !== -1 || !this.#plan.trackAll) return index;
    return this.#groups.push(new ReferenceGroup(name)) - 1;
  }

  #add(job: Job, count: Count, by: number, changed: Set<Count>): void {
    this.#groups[job.group]?.add(count, by);
    changed.add(count);
  }

  #enter(job: Job, changed: Set<Count>): void {
    this.#add(job, 'submitted', 1, changed);
    this.#add(job, 'pending', 1, changed);
  }

  #apply(job: Job, event: ReferenceEvent, touched: Touched): void {
    const { counts, triggers } = touched;
    triggers.add(event.name.startsWith('debug.') ? 'debug' : event.name);
    if (event.name === 'submit') job.submit ??= event.timestamp;
    if (event.name === 'start') this.#start(job, event.timestamp, touched);
    if (event.name === 'exception') {
      const { severity, type } = event.context as { severity: number; type: string };
      if (isFatal(event) && !job.fatal) {
        this.#add(job, 'exception', 1, counts);
        this.#groups[job.group]?.addException(type);
      }
      if (isFatal(event)) job.fatal = true;
      if (job.gravest === null || severity < job.gravest.severity) job.gravest = { severity, type };
    }
    if (event.name === 'finish') this.#finish(job, event, touched);
    if (event.name === 'clean' && !job.finished) this.#settle(job, false, touched);

    const before = gauge(job);
    const state = event.name === 'invalidate' ? 'INACTIVE' : stateAfter(job.state, event);
    if (state !== job.state && stateTriggers.has(state)) triggers.add(state.toLowerCase());
    job.state = state;
    const after = gauge(job);
    if (before === after) return;
    if (before !== null) this.#add(job, before, -1, counts);
    if (after !== null) this.#add(job, after, 1, counts);
  }

  #start(job: Job, timestamp: number, touched: Touched): void {
    if (job.start !== null) return;
    job.start = timestamp;
    if (job.submit !== null) this.#observe(job, 'pending', timestamp - job.submit, touched);
  }

  #finish(job: Job, event: ReferenceEvent, touched: Touched): void {
    if (job.finished) return;
    job.finished = true;
    this.#add(job, 'finished', 1, touched.counts);
    if (job.start !== null) this.#observe(job, 'duration', event.timestamp - job.start, touched);
    this.#settle(job, event.context?.status === 0, touched);
  }

  #observe(job: Job, variable: Variable, seconds: number, touched: Touched): void {
    if (seconds < 0) {
      this.totals.negativeIntervals++;
      return;
    }
    this.#groups[job.group]?.stream(variable).observe(seconds);
    touched.streams.add(variable);
  }

  #settle(job: Job, success: boolean, touched: Touched): void {
    const outcome = outcomeOf(job, success);
    this.#add(job, outcome, 1, touched.counts);
    if (outcome === 'timeout') this.#add(job, 'failed', 1, touched.counts);
    for (const trigger of outcomeTriggers[outcome]) touched.triggers.add(trigger);
  }

  #valueOf(metric: PlanMetric, stream?: Stream): number | null {
    const group = this.#groups[metric.group] as ReferenceGroup;
    if (metric.count !== null) return group.valueOf(metric.count);
    if (metric.statistic === null || metric.variable === null) return null;
    return (stream ?? group.stream(metric.variable)).values[metric.statistic];
  }

  #judge(id: bigint, job: Job, event: ReferenceEvent, touched: Touched): void {
    const about = { timestamp: event.timestamp, job: id, event };
    for (const rule of this.#rules) {
      const metric = this.#metrics[rule.plan.metric];
      if (metric === undefined || metric.group !== job.group) continue;
      const { group, count, variable } = metric;
      const due = count !== null ? touched.counts.has(count) : touched.streams.has(variable as Variable);
      const value = due ? this.#valueOf(metric) : null;
      if (value !== null && rule.holds(value)) this.#due(rule, { ...about, group, value });
    }
    for (const rule of this.#rules) {
      const { trigger, group, event: wanted } = rule.plan;
      if (trigger !== 'job' || (group !== -1 && group !== job.group)) continue;
      if (wanted !== null && touched.triggers.has(wanted)) this.#due(rule, { ...about, group: job.group });
    }
  }

  #due(
    rule: ReferenceRule,
    about: { timestamp: number; job?: bigint; group?: number; value?: number; event?: ReferenceEvent },
  ): void {
    if (this.ended || !rule.occasion()) return;
    this.firings.push({
      number: this.firings.length,
      rule: rule.index,
      timestamp: about.timestamp,
      job: about.job ?? null,
      group: about.group ?? -1,
      state: -1,
      goto: -1,
      value: about.value ?? null,
      event: about.event?.name ?? null,
      context: rule.plan.wantsEvent ? (about.event?.context ?? null) : null,
    });
    if (rule.plan.terminal) this.ended = true;
  }
}
