/** The thread that custom functions in JavaScript run on, so that none of them can hold up or end the process. */

import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { parentPort, workerData } from 'node:worker_threads';
import { type CallArguments, loadActions } from '../../plugins/actions.js';
import { customMetrics } from '../custom-metrics.js';
import type { CustomHandle } from '../custom-types.js';
import { exportOf, importModule, reasonOf } from './import-module.js';
import type { FromThread, HandleMethod, ModuleToLoad, PlainArguments, ToThread } from './messages.js';

const { url, names } = workerData as ModuleToLoad;
type Callee = (args: CallArguments) => unknown;
let functions = new Map<string, Callee>();
const calls = new Map<number, AbortController>();
const asked = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
let lastAsk = 0;

const tell = (message: FromThread) => parentPort?.postMessage(message);

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
    const callee = functions.get(name) as Callee;
    const handle = handleOf(number, member, stop.signal);
    const value = await callee({ ...rest, metrics: customMetrics(snapshot), handle });
    tell({ kind: 'returned', call: number, value });
  } catch (error) {
    // Not every error survives being copied; its words do.
    const { message, stack = '' } = error instanceof Error ? error : new Error(String(error));
    tell({ kind: 'failed', call: number, message, stack });
  } finally {
    calls.delete(number);
  }
}

function hear(message: ToThread): void {
  switch (message.kind) {
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

async function load(): Promise<Map<string, Callee>> {
  if (names === 'plugin') return loadActions(url);
  const module = await importModule(url);
  return new Map(
    names.flatMap((name) => {
      const found = exportOf(module, name);
      return typeof found === 'function' ? [[name, found as Callee]] : [];
    }),
  );
}

// Told in order with what functions return, which what goes through process.stdout is not.
const printed = new Writable({
  decodeStrings: false,
  write: (text: string, _encoding, done) => {
    tell({ kind: 'printed', text });
    done();
  },
});
globalThis.console = new Console({ stdout: printed, stderr: printed });

try {
  functions = await load();
  parentPort?.on('message', hear);
  tell({ kind: 'loaded', functions: [...functions.keys()] });
} catch (error) {
  tell({ kind: 'unloadable', reason: reasonOf(error) });
}
