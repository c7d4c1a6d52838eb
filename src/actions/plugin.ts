/** Actions of plugins, such as `lammps.check`: each plugin has a process of its own. */

import { isOurTag } from '../language/template-names.js';
import type { ConfigPlugin } from '../model/ensemble.js';
import { ActionError } from '../errors.js';
import { fillValue, hasTag, type Lookup } from '../language/template.js';
import { plain } from '../model/written.js';
import { type PluginPartName, splitPart } from '../model/part-name.js';
import type { UserCodeListener } from '../usercode/user-process.js';
import type { ActionContext, ActionNamed, Due } from './context.js';
import { customHandle } from './custom.js';
import { customMetrics } from '../usercode/metrics.js';
import type { FollowUp } from '../run/follow-up.js';
import { JavaScriptFunctions } from '../usercode/javascript/javascript-functions.js';
import { jobOf } from './job-facts.js';
import { tagValues } from './tag-values.js';
import { asked, codeOf, describeAsking, eventOf, withinTime } from './user-code.js';

/** The processes of the plugins of a run; each begins with the first call. */
export class PluginProcesses {
  readonly #actions: ReadonlyMap<string, JavaScriptFunctions>;
  readonly #probes: ReadonlyMap<string, JavaScriptFunctions>;

  constructor(plugins: readonly ConfigPlugin[], listener: UserCodeListener) {
    const processes = () =>
      plugins.map(
        ({ name, url }) => [name, new JavaScriptFunctions({ url, names: 'plugin' }, listener)] as const,
      );
    this.#actions = new Map(processes());
    this.#probes = new Map(processes());
  }

  /** For the actions of a plugin; null where there is no such plugin. */
  actions(plugin: string): JavaScriptFunctions | null {
    return this.#actions.get(plugin) ?? null;
  }

  /** For its probes: one that hangs does not keep actions waiting. */
  probes(plugin: string): JavaScriptFunctions | null {
    return this.#probes.get(plugin) ?? null;
  }

  /** Ends the processes. Resolves when they and all that they started are gone. Idempotent. */
  async close(): Promise<void> {
    const all = [...this.#actions.values(), ...this.#probes.values()];
    await Promise.all(all.map((process) => process.close()));
  }
}

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
