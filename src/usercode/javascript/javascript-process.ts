/** One process that runs functions in JavaScript, concurrently as async functions. */

import type { CallArguments } from '../../model/user-function.js';
import { packageFile } from '../../text/package-file.js';
import { describeEnd } from '../guarded.js';
import { type UserCodeListener, UserProcess } from '../user-process.js';
import type { FoundFunctions, FromChild, ModuleToLoad, ToChild } from './messages.js';
import { wireOf } from './wire.js';

/** Milliseconds in which a process must answer a ping, or it counts as stuck. */
const PATIENCE = 1000;

// The path is the same from src/usercode/javascript and from dist/usercode/javascript.
const program = packageFile('dist/usercode/javascript/child.js');

interface Waiting<Value> {
  resolve(value: Value): void;
  reject(error: unknown): void;
}

interface Call extends Waiting<unknown> {
  readonly args: CallArguments;
}

export class JavaScriptProcess {
  readonly #process: UserProcess<ToChild, FromChild>;
  readonly #listener: UserCodeListener;
  readonly #calls = new Map<number, Call>();
  #lastCall = 0;
  #loading: Waiting<FoundFunctions> | null = null;
  /** Timers that end the process if it does not answer in time. */
  readonly #doubts = new Set<NodeJS.Timeout>();
  /** Resolves when no such timer is left. */
  #certain: Promise<void> = Promise.resolve();
  #beCertain: () => void = () => {};
  /** Why the process has ended or is being ended; null while it runs. */
  #end: Error | null = null;
  /** Resolves with the functions of the module. Rejects with the reason why it can't be loaded. */
  readonly loaded: Promise<FoundFunctions>;

  constructor(module: ModuleToLoad, listener: UserCodeListener) {
    this.#listener = listener;
    this.loaded = new Promise((resolve, reject) => {
      this.#loading = { resolve, reject };
    });
    // Callers handle the rejection.
    this.loaded.catch(() => {});
    this.#process = new UserProcess([process.execPath, program], wireOf<ToChild, FromChild>(), {
      output: listener.output,
      problem: listener.problem,
      message: (message) => this.#hear(message),
      ended: (end) => void this.end(new Error(`its process ended (${describeEnd(end)})`)),
    });
    this.#process.tell({ kind: 'load', module });
  }

  /** Resolves with whether the process can be called. Waits for the answer to a ping, if one is pending. */
  async answers(): Promise<boolean> {
    await this.#certain;
    return this.#end === null;
  }

  /**
   * Calls a function and resolves with a copy of its result. Rejects with its exception, or with the reason of the
   * process's end. When the handle's signal is aborted, a stuck process is ended.
   */
  async call<Arguments extends CallArguments>(name: string, args: Arguments): Promise<unknown> {
    if (this.#end !== null) throw this.#end;
    const call = ++this.#lastCall;
    const { metrics, handle, ...others } = args;
    const { get: _, ...snapshot } = metrics;
    const onAbort = () => this.#abort(call);
    handle.signal.addEventListener('abort', onAbort);
    try {
      return await new Promise((resolve, reject) => {
        this.#calls.set(call, { args, resolve, reject });
        const plain = { ...others, snapshot, member: handle.member };
        this.#process.tell({ kind: 'call', call, name, args: plain });
      });
    } finally {
      handle.signal.removeEventListener('abort', onAbort);
      this.#calls.delete(call);
    }
  }

  /**
   * Ends the process. Calls in progress reject with the error. Resolves when the process and its descendants have
   * ended. Idempotent.
   */
  end(error: Error): Promise<void> {
    this.#end ??= error;
    this.#loading?.reject(this.#end);
    this.#dispelDoubts();
    for (const call of this.#calls.values()) call.reject(this.#end);
    this.#calls.clear();
    return this.#process.close();
  }

  /** Aborts a call. A function that waits is left running; a function that blocks the event loop ends its process. */
  #abort(call: number): void {
    this.#process.tell({ kind: 'abort', call });
    this.#process.tell({ kind: 'ping' });
    const stuck = setTimeout(() => {
      void this.end(new Error('its process was killed, because a function blocked its event loop'));
    }, PATIENCE);
    stuck.unref();
    if (this.#doubts.size === 0) {
      this.#certain = new Promise((resolve) => {
        this.#beCertain = resolve;
      });
    }
    this.#doubts.add(stuck);
  }

  #dispelDoubts(): void {
    for (const stuck of this.#doubts) clearTimeout(stuck);
    this.#doubts.clear();
    this.#beCertain();
  }

  #hear(message: FromChild): void {
    this.#dispelDoubts();
    switch (message.kind) {
      case 'loaded':
        this.#loading?.resolve(message.functions);
        break;
      case 'unloadable':
        this.#loading?.reject(new Error(message.reason));
        break;
      case 'returned':
        this.#calls.get(message.call)?.resolve(message.value);
        break;
      case 'failed':
        this.#calls.get(message.call)?.reject(errorOf(message));
        break;
      case 'died':
        void this.end(errorOf(message));
        break;
      case 'printed':
        for (const line of message.text.replace(/\n$/, '').split('\n')) this.#listener.output(line);
        break;
      case 'ask':
        void this.#answer(message);
        break;
      case 'pong':
        break;
    }
  }

  /** Performs a request of a function to its handle. */
  async #answer({ ask, call, method, args }: FromChild & { kind: 'ask' }): Promise<void> {
    const handle = this.#calls.get(call)?.args.handle;
    try {
      // A function has no handle after the end of its call.
      const asked = handle?.[method] as ((...given: readonly unknown[]) => unknown) | undefined;
      const value = await asked?.(...args);
      this.#process.tell({ kind: 'answer', ask, value, error: null });
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause));
      this.#process.tell({ kind: 'answer', ask, value: null, error: new Error(error.message) });
    }
  }
}

/** Creates the error that a function threw, with its stack. */
function errorOf({ message, stack }: { readonly message: string; readonly stack: string }): Error {
  return Object.assign(new Error(message), { stack });
}
