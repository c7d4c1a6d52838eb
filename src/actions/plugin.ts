/** Actions of plugins, such as `lammps.check`. Each plugin has a process of its own. */

import { ActionError } from '../errors.js';
import { fillValue, hasTag, type Lookup } from '../language/template.js';
import { isOurTag } from '../language/template-names.js';
import type { ActionOf } from '../model/action.js';
import { splitPart } from '../model/part-name.js';
import { plain } from '../model/written.js';
import { customMetrics } from '../usercode/metrics.js';
import { defineAction } from './define.js';
import { jobOf } from './job-facts.js';
import { optionsKey, timeoutKey } from './keys.js';
import { describeOrigin } from './request.js';
import { tagValues } from './tag-values.js';
import { callCode, customEvent, metricsOf } from './user-code.js';

/** The name of an action is the plugin's name, a dot, and that of its action. */
export interface PluginKind {
  readonly data: {
    /** Options for the plugin, as they were written; texts may hold tags. */
    readonly with: Readonly<Record<string, unknown>>;
    /** The options that are actions, by key. Their tags are filled in when these are performed. */
    readonly named: Readonly<Record<string, unknown>>;
    /** Seconds that the action may take. */
    readonly timeout: number;
  };
  readonly report: { readonly name: string };
}

declare module '../model/action.js' {
  interface ActionKinds {
    plugin: PluginKind;
  }
}

/**
 * The options, with the tags filled in that are known when a rule fires. Other tags are for the plugin. Throws what
 * `lookup` throws.
 */
function optionsOf(
  { with: options, named }: ActionOf<'plugin'>,
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

export const plugin = defineAction({
  name: 'plugin',
  description:
    'Calls an action of a plugin with the options `with`, for at most `timeout` (60s), and performs the actions that it returns.',
  keys: { with: optionsKey, timeout: timeoutKey },
  resolve: ({ with: { given, named }, timeout }) => ({ with: given, named, timeout }),
  runsUserCode: true,
  mayGrow: true,
  needsHeartbeat: false,
  quiet: false,
  external: false,
  wantsEvent: () => true,
  target: ({ name }) => ({ kind: 'code', id: `plugin-${name}`, title: name }),
  words: {
    planned: ({ name }) => name,
    drawn: () => 'call',
    line: ({ name }) => ({ what: name }),
    done: ({ name }) => `called ${name}`,
  },
  code: ({ name }) => name,
  perform: async (context, request) => {
    const { rule, firing } = request.origin;
    const snapshot = await metricsOf(context, request);
    const options = optionsOf(request.action, tagValues(request, snapshot));
    const action = { ...request.action, with: options };
    request.report({ kind: 'plugin', name: action.name });
    const [owner, name] = splitPart(action.name);
    const functions = context.plugins.actions(owner);
    if (functions === null) {
      const message = `${describeOrigin(request)}: ${action.name} is not defined`;
      throw new ActionError(message, firing.rule, { code: 'ERR_CUSTOM' });
    }
    const metrics = customMetrics(snapshot);
    const event = customEvent(request.event);
    const job = jobOf(request.event, context.config);
    return callCode(context, request, {
      code: action.name,
      timeout: action.timeout,
      work: (_stop, handle, attempt) => {
        const called = { ...firing, attempt };
        return functions.call(name, { metrics, event, rule, action, firing: called, handle, job });
      },
    });
  },
});
