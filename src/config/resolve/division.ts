/** Rules for each value of a parameter: `by: parameters.T`. */

import { parameterOfBy } from '../../language/expression/parser.js';
import { type ExpressionCondition, metricSteps } from '../../model/condition.js';
import { BY_PARAMETER, dividedBy } from '../../model/metric-names.js';
import type { Trigger } from '../../model/trigger.js';
import { quote } from '../../text/describe.js';
import type { Path } from '../../text/path.js';
import { didYouMean, thereAre } from '../../text/suggest.js';
import type { RuleShape } from '../schema/rules.js';
import type { ResolveContext, ResolvedNames } from './context.js';

/** The parameter of `by`; null without one, and after a report. */
export function resolveBy(
  { problems }: ResolveContext,
  { jobs }: ResolvedNames,
  { by, trigger }: RuleShape,
  path: Path,
): string | null {
  if (by === undefined || by === null || trigger === undefined) return null;
  const at = [...path, 'by'];
  const report = (message: string) => {
    problems.error(at, message);
    return null;
  };
  const parameter = parameterOfBy(by.trim());
  if (parameter === null) return report(`must be a parameter of the jobs, like ${BY_PARAMETER}T`);
  if (trigger === 'job-stalled' || (trigger !== 'metric' && !trigger.startsWith('job-'))) {
    return report('only rules on metrics and on events of jobs (job-...) have values of a parameter');
  }
  const known = new Set([...jobs.parameters.values()].flatMap((names) => [...names]));
  if (jobs.complete && !known.has(parameter)) {
    const choice = known.size === 0 ? '; no group has any' : thereAre([...known]);
    return report(`unknown parameter ${quote(parameter)}${didYouMean(parameter, [...known]) || choice}`);
  }
  return parameter;
}

/** Checks that the groups of the rule have the parameter, and that a metric is divided by it. False after a report. */
export function checkDivision(
  { problems }: ResolveContext,
  { jobs }: ResolvedNames,
  trigger: Trigger,
  when: ExpressionCondition | null,
  by: string,
  path: Path,
): boolean {
  const metrics = metricSteps(when).filter(({ metric }) => dividedBy(metric) === by);
  if (trigger.kind === 'metric' && metrics.length === 0) {
    const form = `count(melt.failed, by ${BY_PARAMETER}${by})`;
    problems.error([...path, 'by'], `no metric of the condition is by ${BY_PARAMETER}${by}, like ${form}`);
    return false;
  }
  const groups = metrics.map(({ metric }) => metric.group);
  if (trigger.kind === 'job' && trigger.group !== null) groups.push(trigger.group);
  const without = groups.find((group) => jobs.complete && jobs.parameters.get(group)?.has(by) !== true);
  if (without === undefined) return true;
  problems.error([...path, 'by'], `the group ${quote(without)} has no parameter ${quote(by)}`);
  return false;
}
