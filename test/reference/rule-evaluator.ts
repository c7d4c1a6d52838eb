/**
 * Which rules fire when: the expected results of the native rule evaluator. Every rule is evaluated at every
 * event. Time passes from one due moment to the next, each found by a linear search.
 */

import type { EnginePlan, PlanMetric, PlanResolve, PlanRule } from '../../src/engine/plan/plan.js';
import { holds } from './condition.js';
import type { JsonObject, ReferenceEvent } from './journal.js';
import type { ReferenceMetrics } from './metrics.js';
import { ReferenceRule } from './rule.js';

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
  readonly resolved: boolean;
}

/** The current metrics; at a heartbeat, with the ages of waiting jobs. */
export type ValueOf = (metric: PlanMetric) => number | null;

interface Occasion {
  readonly job?: bigint;
  readonly group?: number;
  readonly event?: ReferenceEvent;
}

interface Heard {
  readonly group: number;
  at: number;
  last: string;
  told: boolean;
}

/** Metrics that the rule's condition names. */
function namedBy({ when }: PlanRule): number[] {
  return (when ?? []).filter(({ op }) => op === 'metric').map(({ value }) => value as number);
}

export class ReferenceRuleEvaluator {
  readonly firings: ReferenceFiring[] = [];
  ended = false;
  begun = false;
  state: number;
  readonly #plan: EnginePlan;
  readonly #table: ReferenceMetrics;
  readonly #rules: ReferenceRule[] = [];
  readonly #valueOf: ValueOf;
  /** By metric that changes with time alone: when the rules that name it are evaluated for that reason. */
  readonly #looks = new Map<number, number>();
  /** In the order of their last events. */
  readonly #heard = new Map<bigint, Heard>();
  #now = 0;
  #moment = 0;
  #begin = 0;
  #beats = 0;
  #goto = -1;
  #entered = new Set<number>();

  constructor(plan: EnginePlan, table: ReferenceMetrics) {
    this.#plan = plan;
    this.#table = table;
    this.#valueOf = (metric) => table.valueOf(metric);
    table.add(plan.metrics);
    this.state = plan.states.length > 0 ? 0 : -1;
    for (const rule of plan.rules) this.addRule(rule, []);
  }

  get knownMetrics(): number {
    return this.#table.count;
  }

  addRule(plan: PlanRule, metrics: readonly PlanMetric[]): number {
    this.#table.add(metrics);
    const rule = new ReferenceRule(plan, this.#rules.length);
    this.#rules.push(rule);
    this.#expect();
    if (this.begun) this.#beginRule(rule);
    return rule.index;
  }

  start(now: number): void {
    this.begun = true;
    this.#begin = now;
    this.#reach(now);
    this.#table.begin(now);
    this.#expect();
    this.#moment = now;
    for (const rule of this.#rules) this.#beginRule(rule);
    for (const rule of this.#of('start')) if (this.#inState(rule)) this.#fire(rule, {});
    this.#evaluateState();
    this.#settle();
  }

  /** An event was applied to a job: the changes, and the triggers that it stands for. */
  event(
    job: bigint,
    group: number,
    event: ReferenceEvent,
    touches: (metric: PlanMetric) => boolean,
    triggers: ReadonlySet<string>,
    active: boolean,
    /** The event at which rules see a result other than success. */
    finish = event,
  ): void {
    this.#heard.delete(job);
    if (active) this.#heard.set(job, { group, at: this.#now, last: nameOf(event), told: false });
    this.settled(job, group, event, touches, triggers, finish);
  }

  /** The same for a result that is known without an event: the job itself has no event. */
  settled(
    job: bigint,
    group: number,
    event: ReferenceEvent,
    touches: (metric: PlanMetric) => boolean,
    triggers: ReadonlySet<string>,
    finish = event,
  ): void {
    this.#expect((metric) => metric.group === group && touches(metric));
    this.#moment = event.timestamp;
    const about = { job, group, event };
    for (const rule of this.#of('metric')) {
      const named = namedBy(rule.plan).map((index) => this.#table.metric(index) as PlanMetric);
      if (named.some((metric) => metric.group === group && touches(metric))) this.#consider(rule, about);
    }
    for (const rule of this.#of('job')) {
      const { group: only, event: wanted } = rule.plan;
      if ((only !== -1 && only !== group) || !triggers.has(wanted as string)) continue;
      const late = ['fail', 'cancel', 'timeout'].includes(wanted as string);
      this.#consider(rule, late ? { ...about, event: finish } : about);
    }
    this.#settle();
  }

  /** A job has appeared without an event to evaluate. */
  entered(group: number, changes: (metric: PlanMetric) => boolean): void {
    this.#expect((metric) => metric.group === group && changes(metric));
  }

  /** Probes have measured a job. */
  probed(group: number, time: number, changes: (metric: PlanMetric) => boolean): void {
    this.#table.pass(time);
    this.#expect((metric) => metric.group === group && changes(metric));
    this.#moment = time;
    for (const rule of this.#of('metric')) {
      const named = namedBy(rule.plan).map((index) => this.#table.metric(index) as PlanMetric);
      if (named.some((metric) => metric.group === group && changes(metric))) {
        this.#consider(rule, { group: this.#groupOf(rule) });
      }
    }
    this.#settle();
  }

  heartbeat(now: number, read: ValueOf): void {
    this.#reach(now);
    this.#moment = now;
    for (const rule of this.#of('metric')) this.#consider(rule, { group: this.#groupOf(rule) }, read);
    for (const rule of this.#of('heartbeat')) this.#consider(rule, {}, read);
    this.#settle();
  }

  /** Performs everything that is due by `now`, each at its time; `beat` is called for heartbeats. */
  passTo(now: number, beat: (at: number) => void): void {
    for (let next = this.#next(); next <= now; next = this.#next()) {
      this.#reach(next);
      this.#moment = next;
      if (this.#nextAlarm() > next) {
        this.#beats++;
        beat(next);
      } else {
        this.#alarm(next);
      }
    }
    this.#reach(now);
  }

  #reach(now: number): void {
    this.#now = Math.max(this.#now, now);
    this.#table.pass(this.#now);
  }

  /** Schedules the next change of windowed metrics: of these metrics, or of all. */
  #expect(which: (metric: PlanMetric) => boolean = () => true): void {
    for (const { plan } of this.#rules) {
      if (plan.trigger !== 'metric') continue;
      for (const index of namedBy(plan)) {
        const metric = this.#table.metric(index) as PlanMetric;
        if (metric.window === 0 || this.#looks.has(index) || !which(metric)) continue;
        const next = this.#table.nextChange(metric);
        if (next < Number.POSITIVE_INFINITY) this.#looks.set(index, next);
      }
    }
  }

  goTo(state: number): void {
    if (this.ended || state === this.state) return;
    this.#goto = state;
    this.#moment = this.#now;
    this.#settle();
  }

  #of(trigger: PlanRule['trigger']): ReferenceRule[] {
    return this.#rules.filter((rule) => rule.plan.trigger === trigger && rule.alive);
  }

  #beginRule(rule: ReferenceRule): void {
    if (rule.plan.trigger === 'interval' && rule.alive) {
      rule.begin = this.#now;
      this.#nextInterval(rule);
    }
  }

  #nextInterval(rule: ReferenceRule): void {
    rule.count++;
    rule.alarms.push(rule.begin + rule.count * (rule.plan.timing?.interval as number));
  }

  #groupOf(rule: ReferenceRule): number {
    return this.#table.metric(namedBy(rule.plan)[0] ?? -1)?.group ?? -1;
  }

  #inState({ plan }: ReferenceRule): boolean {
    const states = plan.states?.in ?? [];
    return states.length === 0 || states.includes(this.state);
  }

  /** The value that the condition is about, and whether it holds. */
  #evaluate(
    rule: ReferenceRule,
    { event }: Occasion,
    read: ValueOf,
  ): { value: number | null; held: boolean } {
    const first = this.#table.metric(namedBy(rule.plan)[0] ?? -1);
    const isMetric = rule.plan.trigger === 'metric';
    const value = first === undefined || !isMetric ? null : read(first);
    const { when } = rule.plan;
    if (when === null) return { value, held: true };
    const held = holds(when, {
      state: this.#plan.states[this.state] ?? null,
      event: event ?? null,
      valueOf: (metric) => read(this.#table.metric(metric) as PlanMetric),
    });
    return { value, held };
  }

  #consider(rule: ReferenceRule, about: Occasion, read = this.#valueOf): void {
    if (this.ended) return;
    const judged = this.#inState(rule);
    const { value, held } = judged ? this.#evaluate(rule, about, read) : { value: null, held: false };
    if (judged && !held && rule.raised) this.#resolve(rule, about, value);
    const lasting = rule.plan.timing?.for ?? 0;
    if (lasting > 0 && rule.plan.trigger === 'metric') {
      if (!held) rule.since = null;
      else if (rule.since === null) {
        rule.since = this.#now;
        rule.alarms.push(this.#now + lasting);
      }
      if (rule.since === null || this.#now < rule.since + lasting) return;
    }
    if (held) this.#fire(rule, about, value);
  }

  #fire(rule: ReferenceRule, about: Occasion, value: number | null = null): void {
    if (this.ended) return;
    if (rule.plan.resolve !== null && rule.exhausted) return;
    const cooldown = rule.plan.timing?.cooldown ?? 0;
    if (cooldown > 0) {
      if (this.#now < rule.ready) {
        if (rule.plan.trigger === 'metric' && !rule.heldBack) rule.alarms.push(rule.ready);
        rule.heldBack = true;
        return;
      }
      rule.heldBack = false;
    }
    if (!rule.occasion()) return;
    rule.ready = this.#now + cooldown;
    const { states, wantsEvent, terminal } = rule.plan;
    this.#act(rule, about, value, { goto: states?.goto ?? -1, wantsEvent, terminal }, false);
  }

  /** The condition, for which the rule has fired, does not hold any more. */
  #resolve(rule: ReferenceRule, about: Occasion, value: number | null): void {
    rule.raised = false;
    this.#act(rule, about, value, rule.plan.resolve as PlanResolve, true);
  }

  #act(
    rule: ReferenceRule,
    about: Occasion,
    value: number | null,
    { goto: wanted, wantsEvent, terminal }: PlanResolve,
    resolved: boolean,
  ): void {
    const goes = wanted !== -1 && this.#goto === -1 && wanted !== this.state && !this.#entered.has(wanted);
    if (goes) this.#goto = wanted;
    this.firings.push({
      number: this.firings.length,
      rule: rule.index,
      timestamp: this.#moment,
      job: about.job ?? null,
      group: about.group ?? -1,
      state: this.state,
      goto: goes ? wanted : -1,
      value,
      event: about.event === undefined ? null : about.event.name,
      context: wantsEvent ? (about.event?.context ?? null) : null,
      resolved,
    });
    if (terminal) this.ended = true;
  }

  #settle(): void {
    while (this.#goto !== -1 && !this.ended) {
      const before = this.state;
      this.state = this.#goto;
      this.#goto = -1;
      this.#entered.add(this.state);
      for (const rule of this.#of('metric')) {
        const states = rule.plan.states?.in ?? [];
        const wasIn = states.length === 0 || states.includes(before);
        const named = rule.plan.when?.some(({ op }) => op === 'state') === true;
        if (!this.#inState(rule)) rule.since = null;
        else if (!wasIn || named) this.#consider(rule, { group: this.#groupOf(rule) });
      }
      this.#evaluateState();
    }
    this.#entered = new Set();
  }

  #evaluateState(): void {
    for (const rule of this.#of('state')) {
      if (rule.plan.states?.enter !== this.state) continue;
      const lasting = rule.plan.timing?.for ?? 0;
      if (lasting > 0) {
        rule.since = this.#now;
        rule.alarms.push(this.#now + lasting);
      } else this.#consider(rule, {});
    }
  }

  #nextBeat(): number {
    const { virtualTime, heartbeat } = this.#plan;
    if (!virtualTime || !this.begun || heartbeat <= 0) return Number.POSITIVE_INFINITY;
    return this.#begin + (this.#beats + 1) * heartbeat;
  }

  #deadlineOf({ group, at, told }: Heard): number {
    const limit = this.#plan.stalled[group] ?? 0;
    return limit > 0 && !told ? at + limit : Number.POSITIVE_INFINITY;
  }

  #nextAlarm(): number {
    const silences = [...this.#heard.values()].map((one) => this.#deadlineOf(one));
    return Math.min(...silences, ...this.#looks.values(), ...this.#rules.flatMap(({ alarms }) => alarms));
  }

  #next(): number {
    return this.ended ? Number.POSITIVE_INFINITY : Math.min(this.#nextBeat(), this.#nextAlarm());
  }

  #alarm(now: number): void {
    const due: { rule: ReferenceRule; about: Occasion }[] = [];
    const changed = [...this.#looks].filter(([, time]) => time <= now).map(([index]) => index);
    for (const index of changed) this.#looks.delete(index);
    this.#expect();
    for (const rule of this.#rules) {
      const moved =
        rule.plan.trigger === 'metric' && namedBy(rule.plan).some((index) => changed.includes(index));
      const rings = moved || rule.alarms.some((time) => time <= now);
      rule.alarms = rule.alarms.filter((time) => time > now);
      if (rings && now >= rule.ready) rule.heldBack = false;
      if (!rings || !rule.alive) continue;
      const { trigger, timing, states } = rule.plan;
      if (trigger === 'interval') this.#nextInterval(rule);
      const left = states?.enter !== this.state || now < (rule.since ?? now) + (timing?.for ?? 0);
      if (trigger !== 'state' || !left) due.push({ rule, about: {} });
    }
    const silent = [...this.#heard].filter(([, one]) => this.#deadlineOf(one) <= now);
    silent.sort(([, a], [, b]) => a.group - b.group);
    for (const [job, one] of silent) {
      one.told = true;
      const event = { timestamp: one.at, name: one.last, context: null };
      for (const rule of this.#of('job')) {
        const { group, event: wanted } = rule.plan;
        if (wanted !== 'stalled' || (group !== -1 && group !== one.group)) continue;
        due.push({ rule, about: { job, group: one.group, event } });
      }
    }
    const isMetric = ({ rule }: { rule: ReferenceRule }) => rule.plan.trigger === 'metric';
    due.sort((a, b) => Number(isMetric(b)) - Number(isMetric(a)) || a.rule.index - b.rule.index);
    for (const { rule, about } of due) {
      const lasting = (rule.plan.timing?.for ?? 0) > 0 && rule.plan.trigger === 'state';
      if (isMetric({ rule })) this.#consider(rule, { group: this.#groupOf(rule) });
      else if (lasting) {
        if (this.#inState(rule) && this.#evaluate(rule, about, this.#valueOf).held) this.#fire(rule, about);
      } else this.#consider(rule, about);
    }
    this.#settle();
  }
}

/** An event is remembered by its kind. */
function nameOf({ name }: ReferenceEvent): string {
  if (name.startsWith('debug.')) return 'debug';
  return EVENTS.has(name) ? name : 'other';
}

const EVENTS: ReadonlySet<string> = new Set(
  (
    'submit validate invalidate set-flags jobspec-update resource-update dependency-add dependency-remove depend ' +
    'priority urgency alloc prolog-start prolog-finish start finish epilog-start epilog-finish release free clean ' +
    'exception memo flux-restart annotations debug'
  ).split(' '),
);
