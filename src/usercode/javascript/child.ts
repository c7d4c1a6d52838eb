/**
 * The process that runs custom functions in JavaScript, or the actions and probes of a plugin. They can't block or
 * end the process of the run, and their child processes do not outlive it.
 */

import type { CallArguments, CustomHandle } from '../../model/user-function.js';
import { customMetrics } from '../metrics.js';
import { openChannel } from './channel.js';
import { exportOf, importModule, reasonOf } from './import-module.js';
import { DECLARED } from './inline.js';
import type { FromChild, HandleMethod, ModuleToLoad, PlainArguments, ToChild } from './messages.js';
import { callWith, whyUncallable } from './parameters.js';
import { sendPrinted } from './printed.js';

type Callee = (args: CallArguments) => unknown;
type Loader = (url: string) => Promise<ReadonlyMap<string, Callee>>;
/** Returns the function with a name; undefined if it is missing. */
let find: (name: string) => unknown = () => undefined;
const calls = new Map<number, AbortController>();
const asked = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
let lastAsk = 0;

function ask(call: number, method: HandleMethod, args: readonly unknown[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ask = ++lastAsk;
    asked.set(ask, { resolve, reject });
    tell({ kind: 'ask', ask, call, method, args });
  });
}

function handleOf(call: number, member: string, signal: AbortSignal): CustomHandle {
  return {
    member,
    signal,
    activeJobs: (group) => ask(call, 'activeJobs', [group]) as Promise<BigUint64Array>,
    cancel: (ids) => ask(call, 'cancel', [[...ids]]) as Promise<number>,
    terminate: () => void ask(call, 'terminate', []),
  };
}

async function call(number: number, name: string, { snapshot, member, ...rest }: PlainArguments) {
  const stop = new AbortController();
  calls.set(number, stop);
  try {
    const callee = find(name) as Callee;
    if (typeof callee !== 'function') throw new Error('it is not defined');
    const handle = handleOf(number, member, stop.signal);
    const args = { ...rest, metrics: customMetrics(snapshot), handle };
    const value = await callWith(callee, args);
    tell({ kind: 'returned', call: number, value });
  } catch (error) {
    // Some errors can't be cloned, so their text is sent.
    tell({ kind: 'failed', call: number, ...wordsOf(error) });
  } finally {
    calls.delete(number);
  }
}

/** Describes a thrown value. */
function wordsOf(thrown: unknown): { message: string; stack: string } {
  try {
    const { message, stack = '' } = thrown instanceof Error ? thrown : new Error(String(thrown));
    return { message: String(message), stack: String(stack) };
  } catch {
    return { message: 'it threw a value that has no text', stack: '' };
  }
}

function hear(message: ToChild): void {
  switch (message.kind) {
    case 'load':
      void load(message.module);
      return;
    case 'call':
      void call(message.call, message.name, message.args);
      return;
    case 'abort':
      calls.get(message.call)?.abort();
      return;
    case 'ping':
      tell({ kind: 'pong' });
      return;
    case 'answer': {
      const waiting = asked.get(message.ask);
      asked.delete(message.ask);
      if (message.error === null) waiting?.resolve(message.value);
      else waiting?.reject(message.error);
    }
  }
}

async function load({ url, names }: ModuleToLoad): Promise<void> {
  try {
    if ('name' in names) {
      const loader = exportOf(await importModule(names.url), names.name) as Loader;
      const functions = await loader(url);
      find = (name) => functions.get(name);
      tell({
        kind: 'loaded',
        functions: Object.fromEntries([...functions.keys()].map((name) => [name, null])),
      });
    } else {
      find = functionsOf(await importModule(url));
      const found = names.filter((name) => typeof find(name) === 'function');
      const functions = found.map((name) => [name, whyUncallable(find(name) as Callee)]);
      tell({ kind: 'loaded', functions: Object.fromEntries(functions) });
    }
  } catch (error) {
    tell({ kind: 'unloadable', reason: reasonOf(error) });
  }
}

/** Returns a lookup of functions that a module exports, or that a block of the file declares. */
function functionsOf(module: Record<string, unknown>): typeof find {
  const declared = module[DECLARED] as ((name: string) => unknown) | undefined;
  return (name) => {
    const exported = exportOf(module, name);
    if (exported !== undefined || declared === undefined) return exported;
    try {
      const value = declared(name);
      // Globals that every module can see do not count as declared.
      return value === Reflect.get(globalThis, name) ? undefined : value;
    } catch {
      return undefined;
    }
  };
}

const { tell } = openChannel<ToChild, FromChild>(hear);

sendPrinted((text) => tell({ kind: 'printed', text }));

// An uncaught error ends the process, as in any Node program. It is reported first.
process.on('uncaughtException', (error) => {
  if (process.listenerCount('uncaughtException') > 1) return;
  tell({ kind: 'died', ...wordsOf(error) }, () => process.exit(1));
});
