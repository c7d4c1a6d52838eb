/** The trigger of a rule: its keys, read as the catalog of triggers defines them. */

import { triggerKinds, triggerNamed } from '../../language/triggers/catalog.js';
import type { TriggerDefinition, TriggerPlace } from '../../language/triggers/define.js';
import type { Trigger } from '../../model/trigger.js';
import type { Path } from '../../text/path.js';
import type { RuleShape } from '../schema/rules.js';
import type { ResolveContext, ResolvedNames } from './context.js';
import { stateNamed } from './states.js';

/** The trigger; null after a report of a mistake. */
export function resolveTrigger(
  context: ResolveContext,
  names: ResolvedNames,
  rule: RuleShape,
  path: Path,
): Trigger | null {
  if (rule.trigger === undefined) return null;
  const kind = triggerNamed(rule.trigger);
  const values = Object.fromEntries(Object.keys(kind.keys).map((key) => [key, rule[key] ?? null]));
  return kind.resolve(values, placeOf(context, names, rule, rule.trigger, path));
}

function placeOf(
  { shape, problems, ...context }: ResolveContext,
  { jobs, states, limits }: ResolvedNames,
  rule: RuleShape,
  written: string,
  path: Path,
): TriggerPlace {
  return {
    written,
    name: rule.name ?? null,
    groups: jobs.groups,
    limits,
    groupNames: jobs.names,
    complete: jobs.complete,
    error: (key, message) => problems.error(key === null ? path : [...path, key], message),
    warning: (key, message) => problems.warning([...path, key], message),
    missing: (key, message) => {
      if (!shape.isBroken([...path, key])) problems.error(path, `'${key}' is missing: ${message}`);
    },
    state: (name) => stateNamed({ shape, problems, ...context }, states, name, [...path, 'name']),
  };
}

/** Whether `for` has a meaning in a rule. */
export function canLast({ trigger, when }: RuleShape): boolean {
  const lasts = trigger === undefined ? 'never' : triggerNamed(trigger).lasts;
  return lasts === 'always' || (lasts === 'with a condition' && (when ?? null) !== null);
}

/** Whether the rule is due at events of jobs, according to its trigger. */
export function isOnJob({ trigger }: RuleShape): boolean {
  return trigger !== undefined && triggerNamed(trigger).kind === 'job';
}

/** Warns of keys that belong to other triggers. */
export function warnOfIdleKeys({ problems }: ResolveContext, rule: RuleShape, path: Path): void {
  if (rule.trigger === undefined) return;
  const own = triggerNamed(rule.trigger);
  const ignore = (key: string, reason: string) => {
    if ((rule[key] ?? null) !== null) problems.warning([...path, key], `ignored: ${reason}`, 'key');
  };
  if (!canLast(rule)) ignore('for', "only a metric rule's condition and a state can last");
  for (const { name, keys } of Object.values(triggerKinds) as readonly TriggerDefinition[]) {
    for (const key of Object.keys(keys)) {
      if (!Object.hasOwn(own.keys, key)) ignore(key, `only the trigger ${name} has one`);
    }
  }
}
