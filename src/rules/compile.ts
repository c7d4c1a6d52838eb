/** Rules -> the native plan. */

import type { EnsembleConfig, Rule, Trigger } from '../config/types.js';
import type { EnginePlan, PlanRule } from '../engine/plan.js';

type TriggerPart = Pick<
  PlanRule,
  'trigger' | 'group' | 'event' | 'count' | 'statistic' | 'variable' | 'comparison' | 'threshold'
>;

const nothing: TriggerPart = {
  trigger: 'start',
  group: -1,
  event: null,
  count: null,
  statistic: null,
  variable: null,
  comparison: null,
  threshold: 0,
};

function compileTrigger(trigger: Trigger, groupIndex: (name: string) => number): TriggerPart {
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
        group: groupIndex(metric.group),
        ...(metric.kind === 'count'
          ? { count: metric.count }
          : { statistic: metric.statistic, variable: metric.variable }),
        comparison: when?.comparison ?? null,
        threshold: when?.threshold ?? 0,
      };
    }
  }
}

/** One rule; `groupIndex` gives a group's index by its name. */
export function compileRule(rule: Rule, groupIndex: (name: string) => number): PlanRule {
  const { action } = rule;
  return {
    ...compileTrigger(rule.trigger, groupIndex),
    repetitions: action.repetitions,
    backoff: action.backoff ?? -1,
    terminal: action.name === 'terminate',
    wantsEvent: action.name === 'custom',
  };
}

/** A whole ensemble. `ensemble` is the run's id, empty for jobs of any run. */
export function compilePlan(config: EnsembleConfig, ensemble: string): EnginePlan {
  const groups = [...config.groups.keys()];
  const index = new Map(groups.map((name, i) => [name, i]));
  return {
    groups,
    trackAll: false,
    ensemble,
    heartbeat: config.heartbeat,
    rules: config.rules.map((rule) => compileRule(rule, (name) => index.get(name) ?? -1)),
  };
}
