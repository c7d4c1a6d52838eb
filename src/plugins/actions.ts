/** The actions and probes of a plugin as functions. They run in the plugin's process. */

import type { JobFacts } from '../model/job-facts.js';
import type { ActionCall, ProbeArguments } from '../model/user-function.js';
import type { PluginAction, PluginJob, PluginProbe } from './define.js';
import { pluginJob } from './job.js';
import { checkOptions, importPlugin, type OptionsProblem } from './plugin-module.js';
/** Returns the name of a probe's function, which differs from all names of actions. */
export const probeFunction = (name: string) => `probes.${name}`;

/** Loads a plugin. Rejects with its faults. */
export async function loadActions(url: string): Promise<Map<string, (args: never) => unknown>> {
  const { actions = {}, probes = {} } = await importPlugin(url);
  const functions = new Map<string, (args: never) => unknown>();
  for (const [name, action] of Object.entries(actions)) {
    functions.set(name, (args) => callAction(action as unknown as PluginAction, args));
  }
  for (const [name, probe] of Object.entries(probes)) {
    functions.set(probeFunction(name), (args) => callProbe(probe as unknown as PluginProbe, args));
  }
  return functions;
}

async function callAction(action: PluginAction, { job, ...args }: ActionCall): Promise<unknown> {
  const options = await checkedOptions(action, 'with' in args.action ? args.action.with : {});
  return withJob(job, (job) => action.run({ ...args, options, job }));
}

async function callProbe(probe: PluginProbe, { job, ...args }: ProbeArguments): Promise<unknown> {
  if (job === null) throw new Error('the job does not belong to a group of the file');
  const { event, metrics, handle } = args;
  const options = await checkedOptions(probe, args.with);
  return withJob(job, (job) => probe.read({ options, job: job as PluginJob, event, metrics, handle }));
}

/** Runs the work with the job. An error about a missing file names all names that were searched. */
async function withJob(facts: JobFacts | null, work: (job: PluginJob | null) => unknown): Promise<unknown> {
  const tried = new Map<string, readonly string[]>();
  try {
    return await work(facts === null ? null : pluginJob(facts, tried));
  } catch (error) {
    const { code, path, message } = error as NodeJS.ErrnoException;
    const others = (tried.get(path ?? '') ?? []).filter((name) => name !== path);
    if (code !== 'ENOENT' || others.length === 0) throw error;
    throw new Error(`${message}; ${others.join(', ')} does not exist either`, { cause: error });
  }
}

/** Options of a file were checked when it was read; options of an action that a function returned were not. */
async function checkedOptions({ options }: PluginAction | PluginProbe, given: unknown): Promise<unknown> {
  const checked = await checkOptions(options as never, given);
  if (!checked.ok) throw new Error(checked.faults.map(describe).join('; '));
  return checked.value;
}

function describe({ path, message }: OptionsProblem): string {
  return `${['with', ...path].join('.')}: ${message}`;
}
