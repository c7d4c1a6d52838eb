/** Rules: their triggers, conditions, states, times and actions. */

import { triggerKindOf } from '../../language/triggers/catalog.js';
import type { Action } from '../../model/action.js';
import type { Rule } from '../../model/ensemble.js';
import { durationSeconds } from '../../text/duration.js';
import type { Path } from '../../text/path.js';
import type { RuleShape } from '../schema/rules.js';
import { resolveAction } from './actions.js';
import type { ResolveContext, ResolvedNames } from './context.js';
import { checkDivision, resolveBy } from './division.js';
import { isGiven } from './given.js';
import { stateNamed } from './states.js';
import { canLast, isOnJob, resolveTrigger, warnOfIdleKeys } from './triggers.js';
import { resolveWhen } from './when.js';

/** Makes the rules. An invalid rule is left out, after a report of its mistakes. */
export function resolveRules(context: ResolveContext, known: ResolvedNames): Rule[] {
  const shapes = context.shape.config.rules;
  if (shapes?.length === 0) context.problems.warning(['rules'], 'there are no rules, so nothing will happen');

  return (shapes ?? []).flatMap((rule, index) => {
    if (rule === undefined) return [];
    const path = ['rules', index];
    const trigger = resolveTrigger(context, known, rule, path);
    const by = resolveBy(context, known, rule, path);
    const names = { ...known, by };
    const when = resolveWhen(context, names, rule, isOnJob(rule), path);
    const action =
      rule.action && resolveAction(context, names, rule.action, isOnJob(rule), [...path, 'action']);
    const resolve = resolveSecond(context, names, rule, path);
    const states = resolveIn(context, names, rule, path);
    if (!trigger || !action || when === 'wrong' || rule.trigger === undefined) return [];
    if (by !== null && !checkDivision(context, names, trigger, when, by, path)) return [];
    warnOfIdleKeys(context, rule, path);
    return [
      {
        title: rule.name ?? triggerKindOf(trigger).words.title(trigger, rule.trigger, when),
        triggerText: rule.trigger,
        whenText: rule.when ?? null,
        algorithm: context.algorithms[index] ?? null,
        trigger,
        when,
        by,
        in: states,
        for: secondsOf(canLast(rule) ? rule.for : null),
        cooldown: secondsOf(rule.cooldown),
        action,
        resolve,
      },
    ];
  });
}

/** The action of `resolve`; null without one, and after a report. */
function resolveSecond(
  context: ResolveContext,
  names: ResolvedNames,
  { trigger, resolve }: RuleShape,
  path: Path,
): Action | null {
  if (resolve === undefined || resolve === null) return null;
  const at = [...path, 'resolve'];
  const ignore = (place: Path, reason: string) =>
    context.problems.warning(place, `ignored: ${reason}`, 'key');
  if (trigger !== 'metric') {
    ignore(at, "only a metric rule's condition can stop holding");
    return null;
  }
  for (const key of ['repetitions', 'backoff'] as const) {
    if (isGiven(resolve[key])) ignore([...at, key], 'it acts once after the rule has fired');
  }
  const { repetitions: _, backoff: __, ...given } = resolve;
  return resolveAction(context, names, given, false, at);
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

function secondsOf(duration: number | string | null | undefined): number | null {
  return duration === undefined || duration === null ? null : durationSeconds(duration);
}
