/** The actions and probes of a plugin as functions. Runs on the plugin's thread. */

import type { CustomArguments } from '../actions/custom-types.js';
import type { PluginAction, PluginProbe } from './define.js';
import { type JobFacts, pluginJob } from './job.js';
import { checkOptions, importPlugin, type OptionsProblem } from './plugin-module.js';

/** What functions are called with on their thread. */
export interface CallArguments extends CustomArguments {
  readonly job: JobFacts | null;
}

/** The name of a probe's function, which no action can have. */
export const probeFunction = (name: string) => `probes.${name}`;

/** Loads a plugin. Rejects with what is wrong with it. */
export async function loadActions(url: string): Promise<Map<string, (args: CallArguments) => unknown>> {
  const { actions = {}, probes = {} } = await importPlugin(url);
  const functions = new Map<string, (args: CallArguments) => unknown>();
  for (const [name, action] of Object.entries(actions)) {
    functions.set(name, (args) => callAction(action as unknown as PluginAction, args));
  }
  for (const [name, probe] of Object.entries(probes)) {
    functions.set(probeFunction(name), (args) => callProbe(probe as unknown as PluginProbe, args));
  }
  return functions;
}

async function callAction(action: PluginAction, { job, ...args }: CallArguments): Promise<unknown> {
  const options = await optionsOf(action, args);
  return action.run({ ...args, options, job: job === null ? null : pluginJob(job) });
}

async function callProbe(probe: PluginProbe, { job, ...args }: CallArguments): Promise<unknown> {
  if (job === null) throw new Error('the job is none of the file');
  const { event, metrics, handle } = args;
  return probe.read({ options: await optionsOf(probe, args), job: pluginJob(job), event, metrics, handle });
}

async function optionsOf(
  { options }: PluginAction | PluginProbe,
  { action }: CustomArguments,
): Promise<unknown> {
  // Those of the file have been judged; those of an action that a function returned have not.
  const checked = await checkOptions(options as never, 'with' in action ? action.with : {});
  if (!checked.ok) throw new Error(checked.problems.map(describe).join('; '));
  return checked.value;
}

function describe({ path, message }: OptionsProblem): string {
  return `${['with', ...path].join('.')}: ${message}`;
}
