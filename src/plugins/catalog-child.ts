/** The process that inspects plugins while a configuration is read; see catalog.ts. */

import { openChannel } from '../usercode/javascript/channel.js';
import { reasonOf } from '../usercode/javascript/import-module.js';
import type { Answer, FromCatalog, Request, ToCatalog } from './catalog.js';
import type { Plugin } from './define.js';
import { type CheckedOptions, checkOptions, importPlugin } from './plugin-module.js';

const plugins: Plugin[] = [];

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
  if (entry === undefined) throw new Error(`${part}.${name} is missing`);
  const checked = await checkOptions(entry.options, options);
  if (!checked.ok) return checked;
  if ('read' in entry) {
    const { values } = entry;
    return { ok: true, value: typeof values === 'function' ? values(checked.value as never) : values };
  }
  // The parsed options of an action are not sent; they are parsed again where the action is called.
  const value =
    'defaults' in entry ? entry.defaults(checked.value as never) : entry.named?.(checked.value as never);
  return { ok: true, value };
}

async function hear({ request }: ToCatalog): Promise<void> {
  try {
    const answer = request.do === 'load' ? await load(request.url) : { checked: await check(request) };
    tell({ kind: 'answer', answer });
  } catch (error) {
    tell({ kind: 'answer', answer: { failed: reasonOf(error) } });
  }
}

const { tell } = openChannel<ToCatalog, FromCatalog>((message) => void hear(message));
