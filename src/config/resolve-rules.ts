/** Rules: their triggers, with what these refer to. Actions are in resolve-actions.ts. */

import { parseCondition } from '../rules/condition.js';
import { noJobGroup, parseMetricName } from '../rules/metric-name.js';
import { jobEventOf } from '../rules/triggers.js';
import type { Path } from './path.js';
import { resolveAction } from './resolve-actions.js';
import type { ResolveContext } from './resolve-context.js';
import type { ResolvedJobs } from './resolve-jobs.js';
import type { RuleShape } from './schema.js';
import type { Rule, Trigger } from './types.js';

/** Makes the rules. One that is wrong is left out, after its faults have been reported. */
export function resolveRules(context: ResolveContext, jobs: ResolvedJobs): Rule[] {
  const shapes = context.shape.config.rules;
  if (shapes?.length === 0) context.problems.warning(['rules'], 'there are no rules, so nothing will happen');

  return (shapes ?? []).flatMap((rule, index) => {
    if (rule === undefined) return [];
    const path = ['rules', index];
    const trigger = resolveTrigger(context, jobs, rule, path);
    const action = rule.action && resolveAction(context, jobs, rule.action, [...path, 'action']);
    if (!trigger || !action || rule.trigger === undefined) return [];
    return [
      {
        title: rule.name ?? rule.trigger,
        triggerText: rule.trigger,
        algorithm: context.algorithms[index] ?? null,
        trigger,
        action,
      },
    ];
  });
}

function resolveTrigger(
  context: ResolveContext,
  jobs: ResolvedJobs,
  rule: RuleShape,
  path: Path,
): Trigger | null {
  const { trigger, when } = rule;
  if (trigger === undefined) return null;
  if (trigger === 'metric') return resolveMetric(context, jobs, rule, path);

  if (when !== undefined && when !== null) {
    context.problems.warning([...path, 'when'], `ignored: only metric rules have a condition`, 'key');
  }
  if (trigger === 'start' || trigger === 'heartbeat') return { kind: trigger };

  const group = rule.name ?? null;
  if (group !== null && jobs.complete && !jobs.names.has(group)) {
    context.problems.error([...path, 'name'], noJobGroup(group, jobs.names));
  }
  return { kind: 'job', event: jobEventOf(trigger) ?? trigger, group };
}

function resolveMetric(
  { shape, problems }: ResolveContext,
  jobs: ResolvedJobs,
  { name, when }: RuleShape,
  path: Path,
): Trigger | null {
  const condition = when === undefined || when === null ? null : parseCondition(when);
  if (condition?.ok === false) report([...path, 'when'], condition.messages);

  if (name === undefined || name === null) {
    if (!shape.isBroken([...path, 'name'])) {
      problems.error(path, "'name' is missing: it says which metric to watch, like count.sleep.success");
    }
    return null;
  }
  const metric = parseMetricName(name, jobs.complete ? jobs.names : null);
  if (!metric.ok) report([...path, 'name'], metric.messages);

  if (!metric.ok || condition?.ok === false) return null;
  return { kind: 'metric', metric: metric.value, when: condition?.value ?? null };

  function report(at: Path, messages: readonly string[]): void {
    for (const message of messages) problems.error(at, message);
  }
}
