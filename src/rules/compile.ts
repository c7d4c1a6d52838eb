/** Rules -> the native plan. */

import type { Action, EnsembleConfig, JobEntry, JobGroup, Rule, Trigger } from '../config/types.js';
import type { EnginePlan, PlanRule, SubmitPortion } from '../engine/plan.js';
import { MetricTable } from './metric-table.js';
import { portionsOf } from './portions.js';
import { asksUserCode } from './user-code.js';

type TriggerPart = Pick<PlanRule, 'trigger' | 'group' | 'event' | 'metric' | 'comparison' | 'threshold'>;

const nothing: TriggerPart = {
  trigger: 'start',
  group: -1,
  event: null,
  metric: -1,
  comparison: null,
  threshold: 0,
};

function compileTrigger(trigger: Trigger, { groupIndex, metrics }: RuleNames): TriggerPart {
  switch (trigger.kind) {
    case 'start':
    case 'heartbeat':
      return { ...nothing, trigger: trigger.kind };
    case 'job':
      return {
        ...nothing,
        trigger: 'job',
        event: trigger.event,
        group: trigger.group === null ? -1 : groupIndex(trigger.group),
      };
    case 'metric': {
      const { metric, when } = trigger;
      return {
        ...nothing,
        trigger: 'metric',
        metric: metrics.indexOf(metric),
        comparison: when?.comparison ?? null,
        threshold: when?.threshold ?? 0,
      };
    }
  }
}

/** Makes of some jobs of an entry what a native source can submit by itself. */
export type MakePortion = (entry: JobEntry, count: number) => SubmitPortion;

/** What the names in rules stand for. */
export interface RuleNames {
  readonly groups: EnsembleConfig['groups'];
  readonly groupIndex: (name: string) => number;
  readonly metrics: MetricTable;
  /** Null where jobs are submitted by JavaScript. */
  readonly makePortion: MakePortion | null;
}

/** Rows that a plan takes; each of them holds a whole environment. */
const MOST_PLANNED = 1000;

/** Whether it is known now which jobs a submission is of. */
function isFixed({ value, parameters }: Action & { name: 'submit' }, { entries }: JobGroup): boolean {
  return (
    parameters === null &&
    entries.length <= MOST_PLANNED &&
    entries.every(({ draft, late }) => !late && (value === null || !draft?.sweep))
  );
}

function compilePortions({ action }: Rule, { groups, makePortion }: RuleNames): SubmitPortion[] | null {
  if (action.name !== 'submit' || makePortion === null) return null;
  const group = groups.get(action.label);
  if (group === undefined || !isFixed(action, group)) return null;
  return portionsOf(group, action.value).map(({ entry, count }) => makePortion(entry, count));
}

/** Whether the jobs of a submission are made of what was known when the rule fired. */
function isFilledIn(action: Action, groups: EnsembleConfig['groups']): boolean {
  if (action.name !== 'submit') return false;
  return action.parameters !== null || groups.get(action.label)?.entries.some(({ late }) => late) === true;
}

/** One rule. */
export function compileRule(rule: Rule, names: RuleNames): PlanRule {
  const { action } = rule;
  return {
    ...compileTrigger(rule.trigger, names),
    repetitions: action.repetitions,
    backoff: action.backoff ?? -1,
    terminal: action.name === 'terminate',
    wantsEvent: asksUserCode(action) || isFilledIn(action, names.groups),
    submit: compilePortions(rule, names),
  };
}

/** A whole ensemble. `ensemble` is the run's id, empty for jobs of any run. */
export function compilePlan(config: EnsembleConfig, ensemble: string, names: RuleNames): EnginePlan {
  const rules = config.rules.map((rule) => compileRule(rule, names));
  return {
    groups: [...config.groups.keys()],
    remembered: [...config.groups.values()].flatMap(({ entries }, group) =>
      entries.some(({ draft }) => draft?.sweep) ? [{ group }] : [],
    ),
    trackAll: false,
    ensemble,
    heartbeat: config.heartbeat,
    virtualTime: false,
    metrics: names.metrics.takeNew(),
    rules,
  };
}

/** What names in the rules of an ensemble stand for. */
export function ruleNames(config: EnsembleConfig, makePortion: MakePortion | null): RuleNames {
  const index = new Map([...config.groups.keys()].map((name, i) => [name, i]));
  const groupIndex = (name: string) => index.get(name) ?? -1;
  return { groups: config.groups, groupIndex, metrics: new MetricTable(groupIndex), makePortion };
}
