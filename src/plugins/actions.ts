/** The actions of a plugin as functions. Runs on the plugin's thread. */

import type { CustomArguments } from '../actions/custom-types.js';
import type { PluginAction } from './define.js';
import { type JobFacts, pluginJob } from './job.js';
import { checkOptions, importPlugin, type OptionsProblem } from './plugin-module.js';

/** What functions are called with on their thread. */
export interface CallArguments extends CustomArguments {
  readonly job: JobFacts | null;
}

/** Loads a plugin. Rejects with what is wrong with it. */
export async function loadActions(url: string): Promise<Map<string, (args: CallArguments) => unknown>> {
  const { actions = {} } = await importPlugin(url);
  return new Map(
    Object.entries(actions).map(([name, action]) => [
      name,
      (args) => callAction(action as unknown as PluginAction, args),
    ]),
  );
}

async function callAction(action: PluginAction, { job, ...args }: CallArguments): Promise<unknown> {
  // Those of the file have been judged; those of an action that a function returned have not.
  const given = 'with' in args.action ? args.action.with : {};
  const options = await checkOptions(action.options as never, given);
  if (!options.ok) throw new Error(options.problems.map(describe).join('; '));
  return action.run({ ...args, options: options.value, job: job === null ? null : pluginJob(job) });
}

function describe({ path, message }: OptionsProblem): string {
  return `${['with', ...path].join('.')}: ${message}`;
}
