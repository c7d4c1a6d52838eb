/** Short ways to write cases by hand. */

import {
  EMPTY_PLAN,
  type EnginePlan,
  type PlanMetric,
  type PlanRule,
  type PlanStep,
} from '../../src/engine/plan/plan.js';
import type { Comparison } from '../../src/model/condition.js';
import type { Case, Step } from './run-case.js';

type Context = Readonly<Record<string, unknown>>;
export type EventSpec = readonly [timestamp: number, name: string, context?: Context];

/**
 * A rule with the metrics themselves; for the engines, `compile` makes a table of them. With `metric`, the condition
 * is that the metric compares with the threshold or, without a comparison, that it has a value.
 */
export type CaseRule = PlanRule & {
  readonly metric: PlanMetric | null;
  readonly comparison: Comparison | null;
  readonly threshold: number;
  /** The metrics that the steps of `when` refer to by index. */
  readonly operands?: readonly PlanMetric[];
};
export type CasePlan = Omit<EnginePlan, 'metrics' | 'rules'> & { readonly rules: readonly CaseRule[] };

/** A rule, and the metrics that it adds after `known`. */
export function compileRule(rule: CaseRule, known: number): [PlanRule, PlanMetric[]] {
  const { metric, comparison, threshold, operands, ...rest } = rule;
  const steps = metric === null ? rest.when : comparing(comparison, threshold);
  const when = steps?.map((step) =>
    step.op === 'metric' ? { ...step, value: (step.value as number) + known } : step,
  );
  return [
    { ...rest, when: when ?? null },
    (metric === null ? (operands ?? []) : [metric]).map((one, i) => ({
      ...one,
      name: `metric ${known + i}`,
    })),
  ];
}

function comparing(comparison: Comparison | null, threshold: number): PlanStep[] {
  const metric: PlanStep = { op: 'metric', value: 0 };
  if (comparison === null) return [metric, { op: 'known', value: null }];
  return [metric, { op: 'number', value: threshold }, { op: comparison, value: null }];
}

export function compile(plan: CasePlan): EnginePlan {
  const metrics: PlanMetric[] = [];
  const rules = plan.rules.map((rule) => {
    const [compiled, added] = compileRule(rule, metrics.length);
    metrics.push(...added);
    return compiled;
  });
  return { ...plan, metrics, rules };
}

export const basicRule: CaseRule = {
  trigger: 'job',
  group: -1,
  event: null,
  metric: null,
  comparison: null,
  threshold: 0,
  when: null,
  timing: null,
  limits: [],
  cron: null,
  states: null,
  repetitions: Number.MAX_SAFE_INTEGER,
  backoff: -1,
  terminal: false,
  wantsEvent: false,
  probing: false,
  split: null,
  resolve: null,
  submit: null,
};

export function rule(parts: Partial<CaseRule>): CaseRule {
  return { ...basicRule, ...parts };
}

export function onJob(event: string, parts: Partial<CaseRule> = {}): CaseRule {
  return rule({ event, ...parts });
}

/** A rule on a metric of the group that `parts` names by its index, the first by default. */
function onMetric(metric: Partial<PlanMetric>, { group = 0, ...parts }: Partial<CaseRule>): CaseRule {
  const counted = { fact: null, count: null, fromZero: false, bound: null, split: null };
  const measured = { statistic: null, variable: null, probe: null, quantile: 0, window: 0 };
  return rule({
    trigger: 'metric',
    metric: { name: '', group, ...counted, ...measured, ...metric },
    ...parts,
  });
}

export function onCount(
  count: PlanMetric['count'],
  parts: Partial<CaseRule> = {},
  fromZero = false,
): CaseRule {
  return onMetric({ count, fromZero }, parts);
}

/** Over the last `window` seconds. */
export function onRate(count: PlanMetric['count'], window: number, parts: Partial<CaseRule> = {}): CaseRule {
  return onMetric({ count, window }, parts);
}

/** A statistic of the last `window` seconds, or of the whole run for 0. */
export function onWindow(
  statistic: PlanMetric['statistic'],
  variable: PlanMetric['variable'],
  window: number,
  parts: Partial<CaseRule> = {},
  quantile = 0,
): CaseRule {
  return onMetric({ statistic, variable, window, quantile }, parts);
}

/** The same for a probe variable, by its index in the group. */
export function onProbe(
  statistic: PlanMetric['statistic'],
  probe: number,
  window: number,
  parts: Partial<CaseRule> = {},
  quantile = 0,
): CaseRule {
  return onMetric({ statistic, variable: 'duration', probe, window, quantile }, parts);
}

export function onStatistic(
  statistic: PlanMetric['statistic'],
  variable: PlanMetric['variable'],
  parts: Partial<CaseRule> = {},
): CaseRule {
  return onMetric({ statistic, variable }, parts);
}

/** A rule that fires without limit, for every metric of groups 0 to `groups` - 1. */
export function allRules(groups: number): CaseRule[] {
  const events = [
    'submit',
    'validate',
    'invalidate',
    'depend',
    'priority',
    'alloc',
    'start',
    'finish',
    'release',
  ];
  const more = ['free', 'clean', 'exception', 'urgency', 'memo', 'annotations', 'debug', 'flux-restart'];
  const derived = ['sched', 'run', 'cleanup', 'inactive', 'success', 'fail', 'cancel', 'timeout'];
  const rules = [...events, ...more, ...derived].map((event) => onJob(event, { wantsEvent: true }));
  const counts = ['submitted', 'finished', 'success', 'failed', 'canceled', 'timeout', 'exception'] as const;
  for (let group = 0; group < groups; group++) {
    for (const count of [...counts, 'retried', 'pending', 'running'] as const)
      rules.push(onCount(count, { group }));
    for (const variable of ['duration', 'pending'] as const) {
      for (const statistic of [
        'mean',
        'variance',
        'min',
        'max',
        'iqr',
        'mad',
        'q25',
        'q50',
        'q75',
      ] as const) {
        rules.push(onStatistic(statistic, variable, { group }));
      }
    }
  }
  return rules;
}

export function plan(parts: Partial<CasePlan> = {}): CasePlan {
  const { metrics, ...empty } = EMPTY_PLAN;
  return { ...empty, groups: ['a', 'b'], rules: allRules(2), ...parts };
}

export function jobspec(user: unknown): Context {
  return { resources: [], tasks: [], attributes: { system: { duration: 0 }, user }, version: 1 };
}

/** A line of a journal. The id is inserted as it is, so that it may be anything. */
export function line(id: bigint | string, events: readonly EventSpec[], spec?: unknown): string {
  const entries = events.map(([timestamp, name, context]) => ({
    timestamp,
    name,
    ...(context && { context }),
  }));
  const tail = spec === undefined ? '' : `,"jobspec":${JSON.stringify(spec)}`;
  return `{"id":${id},"events":${JSON.stringify(entries)}${tail}}\n`;
}

/** A job's events as the live journal sends them: one per record, the jobspec with the first. */
export function live(id: bigint, user: unknown, events: readonly EventSpec[]): string {
  return events.map((event, i) => line(id, [event], i === 0 ? jobspec(user) : undefined)).join('');
}

/** The same events as a backlog sends them. */
export function backlog(id: bigint, user: unknown, events: readonly EventSpec[]): string {
  return line(id, events, jobspec(user));
}

export const submitContext = { userid: 0, urgency: 16, flags: 0, version: 1 };

/** The events from submit to SCHED. */
export function untilSched(t: number): EventSpec[] {
  return [
    [t, 'submit', submitContext],
    [t + 0.1, 'validate'],
    [t + 0.2, 'depend'],
    [t + 0.3, 'priority', { priority: 16 }],
  ];
}

/** A plain job that ends with this wait status. */
export function wholeJob(t: number, status = 0): EventSpec[] {
  return [
    ...untilSched(t),
    [t + 0.4, 'annotations', { annotations: { sched: { resource_summary: 'rank0/core0' } } }],
    [t + 0.5, 'alloc'],
    [t + 0.75, 'start'],
    [t + 2.25, 'finish', { status }],
    [t + 2.5, 'release', { ranks: 'all', final: true }],
    [t + 2.6, 'free'],
    [t + 2.7, 'clean'],
  ];
}

export function exception(type: string, severity: number): Context {
  return { type, severity, note: 'by test', userid: 0 };
}

export function aCase(text: string, parts: Partial<CasePlan> = {}, more: readonly Step[] = []): Case {
  return { plan: plan(parts), steps: [{ do: 'start', now: 1 }, { do: 'ingest', text }, ...more] };
}
