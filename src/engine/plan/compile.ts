/** Rules -> the native plan. */

import { triggerKindOf } from '../../language/triggers/catalog.js';
import type { TriggerIndexes } from '../../language/triggers/define.js';
import type { Action } from '../../model/action.js';
import type { ConditionStep } from '../../model/condition.js';
import type { EnsembleConfig, GroupProbe, JobEntry, JobGroup, Rule } from '../../model/ensemble.js';
import { budgetName } from '../../model/job-limits.js';
import { probedOf } from '../../model/metric-names.js';
import type { Trigger } from '../../model/trigger.js';
import { namedLimits, planLimits } from './limits.js';
import { MetricTable, type SplitIndex } from './metric-table.js';
import type { EnginePlan, PlanRetry, PlanRule, PlanStep, SubmitPortion } from './plan.js';
import { shownMetrics } from './shown-metrics.js';
import { planSplits, splitParameters } from './splits.js';

type TriggerPart = Pick<PlanRule, 'trigger' | 'group' | 'event' | 'cron' | 'limits'>;

function compileTrigger(trigger: Trigger, names: RuleNames): TriggerPart {
  const { group = -1, event = null, cron = null, limits = [] } = triggerKindOf(trigger).plan(trigger, names);
  return { trigger: trigger.kind, group, event, cron, limits };
}

function compileStep(step: ConditionStep, metrics: MetricTable): PlanStep {
  if (step.op === 'metric') return { op: step.op, value: metrics.indexOf(step.metric, step.fromZero) };
  return { op: step.op, value: 'value' in step ? step.value : null };
}

function compileTiming({ trigger, for: lasting, cooldown }: Rule, names: RuleNames): PlanRule['timing'] {
  const { interval = 0 } = triggerKindOf(trigger).plan(trigger, names);
  if (lasting === null && cooldown === null && interval === 0) return null;
  return { for: lasting ?? 0, cooldown: cooldown ?? 0, interval };
}

function compileStates({ trigger, in: states, action }: Rule, names: RuleNames): PlanRule['states'] {
  const { enter = -1 } = triggerKindOf(trigger).plan(trigger, names);
  if (states.length === 0 && action.goto === null && enter === -1) return null;
  const { stateIndex } = names;
  return { in: states.map(stateIndex), goto: action.goto === null ? -1 : stateIndex(action.goto), enter };
}

/** Makes jobs of an entry that a native source can submit by itself. */
export type MakePortion = (entry: JobEntry, count: number) => SubmitPortion;

/** Facts about actions that the engine needs, although it performs no actions. */
export interface ActionPlans {
  /** Whether the firing must carry the context of its event and the metrics. */
  wantsEvent(action: Action): boolean;
  /** The jobs that a native source submits when the rule fires; null where JavaScript acts. */
  portions(action: Action): SubmitPortion[] | null;
}

/** The facts where actions are not performed. */
export const NO_ACTIONS: ActionPlans = { wantsEvent: () => false, portions: () => null };

/** The indexes of the names in rules. */
export interface RuleNames extends TriggerIndexes {
  readonly metrics: MetricTable;
  readonly actions: ActionPlans;
  /** Index of a parameter for each value of which there are rules; -1 for another one. */
  readonly splitIndex: SplitIndex;
}

/** Entries of a group that a plan takes; each of them holds a whole environment. */
export const MAX_PLANNED = 1000;

/** One rule. */
export function compileRule(rule: Rule, names: RuleNames): PlanRule {
  const { action } = rule;
  for (const metric of [...shownMetrics(action), ...shownMetrics(rule.resolve)]) {
    names.metrics.indexOf(metric, true);
  }
  return {
    ...compileTrigger(rule.trigger, names),
    when: rule.when?.steps.map((step) => compileStep(step, names.metrics)) ?? null,
    timing: compileTiming(rule, names),
    states: compileStates(rule, names),
    repetitions: action.repetitions,
    backoff: action.backoff ?? -1,
    terminal: action.name === 'terminate',
    wantsEvent: names.actions.wantsEvent(action),
    probing: false,
    submit: names.actions.portions(action),
    split: rule.by === null ? null : names.splitIndex(rule.by),
    resolve: compileResolve(rule, names),
  };
}

function compileResolve({ resolve }: Rule, names: RuleNames): PlanRule['resolve'] {
  if (resolve === null) return null;
  return {
    goto: resolve.goto === null ? -1 : names.stateIndex(resolve.goto),
    terminal: resolve.name === 'terminate',
    wantsEvent: names.actions.wantsEvent(resolve),
  };
}

/** A rule by which the engine reports every job of a group that has succeeded, or ended, for a probe to measure. */
export function compileProbe(group: string, probe: GroupProbe, names: RuleNames): PlanRule {
  const event = probe.kind === 'measure' && probe.on === 'always' ? 'finish' : 'success';
  return compileReport({ kind: 'job', event, group }, null, names);
}

/** A rule by which the engine reports to a part of the run: each time, or with a condition once. */
export function compileReport(
  trigger: Trigger,
  when: readonly ConditionStep[] | null,
  names: RuleNames,
): PlanRule {
  return {
    ...compileTrigger(trigger, names),
    when: when?.map((step) => compileStep(step, names.metrics)) ?? null,
    timing: null,
    states: null,
    repetitions: when === null ? Number.MAX_SAFE_INTEGER : 1,
    backoff: -1,
    terminal: false,
    wantsEvent: when === null,
    probing: true,
    submit: null,
    split: null,
    resolve: null,
  };
}

function compileRetry({ retry, entries }: JobGroup, makePortion: MakePortion | null): PlanRetry | null {
  if (retry === null) return null;
  const { times, backoff, outcomes, exceptions, parameters } = retry;
  return {
    times,
    ...backoff,
    failed: outcomes.includes('failed'),
    timeout: outcomes.includes('timeout'),
    canceled: outcomes.includes('canceled'),
    exceptions,
    // Entries that are filled in late keep their place, and are never requested.
    entries:
      makePortion === null ||
      entries.length > MAX_PLANNED ||
      entries.some(({ streamed }) => streamed) ||
      Object.keys(parameters).length > 0
        ? null
        : entries.map((entry) => makePortion(entry, 1)),
  };
}

/**
 * A whole ensemble. `ensemble` is the run's id, empty for jobs of any run. `makePortion` is null where JavaScript submits
 * jobs again.
 */
export function compilePlan(
  config: EnsembleConfig,
  ensemble: string,
  names: RuleNames,
  makePortion: MakePortion | null,
): EnginePlan {
  const rules = config.rules.map((rule) => compileRule(rule, names));
  const asksForParameters = config.rules.some(({ when }) =>
    when?.steps.some(({ op }) => op.endsWith(' parameter')),
  );
  return {
    groups: [...config.groups.keys()],
    remembered: [...config.groups.values()].flatMap((group, index) =>
      // Plugins and measurements look for the files of jobs, whose names tell jobs apart.
      group.retry !== null ||
      group.probes.length > 0 ||
      group.entries.some(({ draft }) => draft?.sweep) ||
      asksForParameters ||
      config.plugins.length > 0
        ? [{ group: index, retry: compileRetry(group, makePortion) }]
        : [],
    ),
    follows: [...config.groups.values()].map(({ after }) => (after === null ? -1 : names.groupIndex(after))),
    stalled: [...config.groups.values()].map(({ stalled }) => stalled ?? 0),
    probes: [...config.groups.values()].map(probedOf),
    tells: [...config.groups.values()].map((group) => ({
      ...group.tells,
      first: group.probes.flatMap(({ values }) => values).length,
    })),
    limits: planLimits(config),
    splits: planSplits(config),
    states: config.states,
    trackAll: false,
    ensemble,
    heartbeat: config.heartbeat,
    virtualTime: false,
    sketches: false,
    metrics: names.metrics.takeNew(),
    rules,
  };
}

/** The indexes of the names in the rules of an ensemble. */
export function ruleNames(config: EnsembleConfig, actions: ActionPlans): RuleNames {
  const index = new Map([...config.groups.keys()].map((name, i) => [name, i]));
  const groupIndex = (name: string) => index.get(name) ?? -1;
  const stateIndex = (name: string) => config.states.indexOf(name);
  const probeIndex = (group: string, variable: string) => {
    const found = config.groups.get(group);
    return found === undefined ? -1 : probedOf(found).indexOf(variable);
  };
  const limits = namedLimits(config);
  const limitIndexes = (name: string | null) =>
    limits.flatMap(({ budget, of }, i) =>
      budget !== null && (name === null || budgetName(budget, of) === name) ? [i] : [],
    );
  const directionOf = (group: string) => config.groups.get(group)?.ask?.direction ?? 'minimize';
  const parameters = splitParameters(config.rules);
  const splitIndex = (parameter: string) => parameters.indexOf(parameter);
  const metrics = new MetricTable(groupIndex, probeIndex, directionOf, splitIndex);
  return { groupIndex, stateIndex, limitIndexes, metrics, actions, splitIndex };
}
