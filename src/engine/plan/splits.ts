/** The parameters by whose values rules divide the jobs of groups. */

import { metricSteps } from '../../model/condition.js';
import type { EnsembleConfig, Rule } from '../../model/ensemble.js';
import { dividedBy } from '../../model/metric-names.js';
import type { PlanSplit } from './plan.js';
import { shownMetrics } from './shown-metrics.js';

/** The parameters of rules with `by`, in the order in which they come first. */
export function splitParameters(rules: readonly Rule[]): string[] {
  return [...new Set(rules.flatMap(({ by }) => (by === null ? [] : [by])))];
}

/** The parameters with the groups that the rules divide by them: those of their metrics, and those whose events they take. */
export function planSplits({ groups, rules }: Pick<EnsembleConfig, 'groups' | 'rules'>): PlanSplit[] {
  const indexes = new Map([...groups.keys()].map((name, index) => [name, index]));
  return splitParameters(rules).map((parameter) => {
    const found = rules.filter(({ by }) => by === parameter).flatMap((rule) => groupsOf(rule, indexes));
    return { parameter, groups: [...new Set(found)].sort((a, b) => a - b) };
  });
}

function groupsOf({ trigger, when, action, resolve }: Rule, indexes: ReadonlyMap<string, number>): number[] {
  const inCondition = metricSteps(when).map(({ metric }) => metric);
  const names = [...inCondition, ...shownMetrics(action), ...shownMetrics(resolve)].flatMap((metric) =>
    dividedBy(metric) === null ? [] : [metric.group],
  );
  if (trigger.kind === 'job' && trigger.group === null) return [...indexes.values()];
  if (trigger.kind === 'job' && trigger.group !== null) names.push(trigger.group);
  return names.map((name) => indexes.get(name) ?? -1).filter((index) => index >= 0);
}
