/** The thread that looks at plugins while a configuration is read, which waits for its answers; see catalog.ts. */

import { type MessagePort, workerData } from 'node:worker_threads';
import { reasonOf } from '../actions/javascript/import-module.js';
import type { Answer, Request } from './catalog.js';
import type { Plugin } from './define.js';
import { type CheckedOptions, checkOptions, importPlugin } from './plugin-module.js';

const { port, bell } = workerData as { port: MessagePort; bell: Int32Array };
const plugins: Plugin[] = [];
let answered = false;

function answer(message: Answer): void {
  answered = true;
  port.postMessage(message);
  Atomics.store(bell, 0, 1);
  Atomics.notify(bell, 0);
}

function describe(parts: Readonly<Record<string, { readonly description?: string }>> = {}) {
  return Object.entries(parts).map(([name, { description }]) => ({ name, description: description ?? null }));
}

async function load(url: string): Promise<Answer> {
  const plugin = await importPlugin(url);
  plugins.push(plugin);
  const { name, actions, jobs, probes } = plugin;
  return {
    loaded: { name, actions: describe(actions), jobs: describe(jobs), probes: describe(probes) },
  };
}

async function check({ plugin, part, name, options }: Request & { do: 'check' }): Promise<CheckedOptions> {
  const entry = plugins.find((other) => other.name === plugin)?.[part]?.[name];
  if (entry === undefined) throw new Error(`there is no ${part}.${name}`);
  const checked = await checkOptions(entry.options, options);
  if (!checked.ok) return checked;
  if ('read' in entry) {
    const { values } = entry;
    return { ok: true, value: typeof values === 'function' ? values(checked.value as never) : values };
  }
  // What an action's options are made into stays where the action is called.
  const value =
    'defaults' in entry ? entry.defaults(checked.value as never) : entry.named?.(checked.value as never);
  return { ok: true, value };
}

process.on('exit', () => {
  if (!answered) answer({ failed: 'it ended its thread' });
});

port.on('message', async (request: Request) => {
  answered = false;
  try {
    answer(request.do === 'load' ? await load(request.url) : { checked: await check(request) });
  } catch (error) {
    answer({ failed: reasonOf(error) });
  }
});
