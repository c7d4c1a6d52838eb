/** Rules: what is around their triggers and actions. */

import type { ExpressionCondition } from '../../model/condition.js';
import type { Rule, Trigger } from '../../model/ensemble.js';
import { escapeControls } from '../../text/describe.js';
import { durationSeconds, formatDuration } from '../../text/duration.js';
import type { Path } from '../../text/path.js';
import type { RuleShape } from '../schema/ensemble.js';
import { resolveAction } from './actions.js';
import type { ResolveContext, ResolvedNames } from './context.js';
import { stateNamed } from './states.js';
import { resolveTrigger } from './triggers.js';
import { resolveWhen } from './when.js';

/** Makes the rules. One that is wrong is left out, after its faults have been reported. */
export function resolveRules(context: ResolveContext, names: ResolvedNames): Rule[] {
  const shapes = context.shape.config.rules;
  if (shapes?.length === 0) context.problems.warning(['rules'], 'there are no rules, so nothing will happen');

  return (shapes ?? []).flatMap((rule, index) => {
    if (rule === undefined) return [];
    const path = ['rules', index];
    const trigger = resolveTrigger(context, names, rule, path);
    const when = resolveWhen(context, names, rule, isOnJob(rule), path);
    const action =
      rule.action && resolveAction(context, names, rule.action, isOnJob(rule), [...path, 'action']);
    const states = resolveIn(context, names, rule, path);
    if (!trigger || !action || when === 'wrong' || rule.trigger === undefined) return [];
    warnOfIdleKeys(context, rule, trigger, path);
    return [
      {
        title: rule.name ?? titleOf(rule.trigger, trigger, when),
        triggerText: rule.trigger,
        whenText: rule.when ?? null,
        algorithm: context.algorithms[index] ?? null,
        trigger,
        when,
        in: states,
        for: secondsOf(canLast(rule) ? rule.for : null),
        cooldown: secondsOf(rule.cooldown),
        action,
      },
    ];
  });
}

function isOnJob({ trigger }: RuleShape): boolean {
  return trigger?.startsWith('job-') === true;
}

/** What the rule is known as when it has no name. */
function titleOf(text: string, trigger: Trigger, when: ExpressionCondition | null): string {
  switch (trigger.kind) {
    case 'metric':
      return escapeControls(when?.text ?? text);
    case 'interval':
      return `every ${formatDuration(trigger.seconds)}`;
    case 'cron':
      return `cron ${trigger.pattern}`;
    default:
      return text;
  }
}

function resolveIn(
  context: ResolveContext,
  { states }: ResolvedNames,
  rule: RuleShape,
  path: Path,
): string[] {
  const given = rule.in;
  if (given === undefined || given === null) return [];
  if (typeof given === 'string') {
    const state = stateNamed(context, states, given, [...path, 'in']);
    return state === null ? [] : [state];
  }
  return given.flatMap((name, index) => {
    const state = name === undefined ? null : stateNamed(context, states, name, [...path, 'in', index]);
    return state === null ? [] : [state];
  });
}

/** Whether `for` has a meaning: a state lasts, and so does a condition on metrics. */
function canLast({ trigger, when }: RuleShape): boolean {
  return trigger === 'state' || (trigger === 'metric' && (when ?? null) !== null);
}

function warnOfIdleKeys({ problems }: ResolveContext, rule: RuleShape, trigger: Trigger, path: Path): void {
  const ignore = (key: 'for' | 'interval' | 'cron' | 'timezone', means: string) => {
    if (rule[key] === undefined || rule[key] === null) return;
    problems.warning([...path, key], `ignored: ${means}`, 'key');
  };
  if (!canLast(rule)) ignore('for', "only a metric rule's condition and a state can last");
  if (trigger.kind !== 'interval') ignore('interval', 'only the trigger interval has one');
  if (trigger.kind === 'cron') return;
  ignore('cron', 'only the trigger cron has one');
  ignore('timezone', 'only the trigger cron has one');
}

function secondsOf(duration: number | string | null | undefined): number | null {
  return duration === undefined || duration === null ? null : durationSeconds(duration);
}
