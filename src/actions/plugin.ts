/** Actions of plugins, such as `lammps.check`: each plugin has a process of its own. */

import { ActionError } from '../errors.js';
import { fillValue, hasTag, type Lookup } from '../language/template.js';
import { isOurTag } from '../language/template-names.js';
import type { FollowUp } from '../model/follow-up.js';
import { type PluginPartName, splitPart } from '../model/part-name.js';
import { plain } from '../model/written.js';
import { customMetrics } from '../usercode/metrics.js';
import type { ActionContext, ActionNamed, Due } from './context.js';
import { customHandle } from './custom.js';
import { jobOf } from './job-facts.js';
import { tagValues } from './tag-values.js';
import { asked, codeOf, describeAsking, eventOf, withinTime } from './user-code.js';

/**
 * The options with the tags filled in that are known when a rule fires; others are for the plugin. Throws what `lookup`
 * throws.
 */
function optionsOf(
  { with: options, named }: ActionNamed<PluginPartName>,
  lookup: Lookup,
): Readonly<Record<string, unknown>> {
  const fill = (value: unknown): unknown => {
    if (typeof value === 'string') return hasTag(value, isOurTag) ? plain(fillValue(value, leaving)) : value;
    if (Array.isArray(value)) return value.map(fill);
    return typeof value === 'object' && value !== null ? fillAll(value) : value;
  };
  const fillAll = (mapping: object) =>
    Object.fromEntries(Object.entries(mapping).map(([key, value]) => [key, fill(value)]));
  const leaving: Lookup = (name) => (isOurTag(name) ? lookup(name) : `{{${name}}}`);
  const own = Object.entries(options).filter(([key]) => !Object.hasOwn(named, key));
  return { ...options, ...fillAll(Object.fromEntries(own)) };
}

/** Calls an action of a plugin and returns what it asks for. Throws ActionError. */
export async function callPlugin(
  context: ActionContext,
  due: Due<ActionNamed<PluginPartName>>,
): Promise<FollowUp[]> {
  const { rule, firing } = due;
  // An action that a function asked for has no firing of its own kind.
  const snapshot = firing.metrics ?? (await context.engine.metrics());
  const action = { ...due.action, with: optionsOf(due.action, tagValues(firing, snapshot)) };
  context.observer.action?.({ kind: 'plugin', name: action.name }, firing);
  const where = `rule '${rule.title}' (rules[${firing.rule}]): ${action.name}`;
  const [plugin, name] = splitPart(action.name);
  const functions = context.plugins.actions(plugin);
  if (functions === null)
    throw new ActionError(`${where} is not defined`, firing.rule, { code: 'ERR_CUSTOM' });
  const metrics = customMetrics(snapshot);
  return asked(context, due, where, (stop) => {
    const handle = customHandle(context, stop.signal, codeOf(due, describeAsking(action)));
    const args = { metrics, event: eventOf(firing), rule, action, firing, handle };
    return withinTime(
      () => functions.call(name, args, jobOf(firing, context.config)),
      action.timeout,
      stop,
      context.signal,
    );
  });
}
