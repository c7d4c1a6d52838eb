/**
 * Custom functions in JavaScript, on a thread of their own. They run beside each other there, as async functions do;
 * a function that never lets go of the thread is ended with it, and the next call begins with a new one.
 */

import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { JobFacts } from '../../plugins/job.js';
import type { CustomArguments } from '../custom-types.js';
import type { FromThread, ModuleToLoad, ToThread } from './messages.js';

/** Milliseconds that a thread has to show that it is not stuck. */
const PATIENCE = 250;

// Three levels up from src/actions/javascript and from dist/actions/javascript alike.
const program = fileURLToPath(new URL('../../../dist/actions/javascript/thread.js', import.meta.url));

/** The module can't be loaded. */
export class Unloadable extends Error {}

interface Call {
  readonly args: CustomArguments;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

interface Thread {
  readonly worker: Worker;
  readonly calls: Map<number, Call>;
  readonly loaded: Promise<readonly string[]>;
  heard: (() => void) | null;
}

export class JavaScriptFunctions {
  readonly #module: ModuleToLoad;
  readonly #output: (line: string) => void;
  #thread: Thread | null = null;
  #lastCall = 0;
  #closed = false;

  /** `output` gets what the functions print, line by line. */
  constructor(module: ModuleToLoad, output: (line: string) => void) {
    this.#module = module;
    this.#output = output;
  }

  /** Resolves with which of the module's names are functions. Throws Unloadable. */
  async load(): Promise<readonly string[]> {
    this.#thread ??= this.#start();
    return this.#thread.loaded;
  }

  /**
   * Calls a function and resolves with a copy of what it returned. Rejects with what it threw, or with what became of
   * the thread. When the handle's signal is aborted, a thread that is stuck is ended.
   */
  async call(name: string, args: CustomArguments, job: JobFacts | null = null): Promise<unknown> {
    if (!this.#closed) await this.load();
    const thread = this.#thread;
    if (thread === null) throw new Error('its thread is gone');
    const call = ++this.#lastCall;
    const { metrics, event, rule, action, firing, handle } = args;
    const { get: _, ...snapshot } = metrics;
    const onAbort = () => this.#abort(thread, call);
    handle.signal.addEventListener('abort', onAbort);
    try {
      return await new Promise((resolve, reject) => {
        thread.calls.set(call, { args, resolve, reject });
        const plain = { event, rule, action, firing, snapshot, member: handle.member, job };
        tell(thread, { kind: 'call', call, name, args: plain });
      });
    } finally {
      handle.signal.removeEventListener('abort', onAbort);
      thread.calls.delete(call);
    }
  }

  /** Ends the thread. Idempotent. */
  close(): void {
    this.#closed = true;
    if (this.#thread !== null) this.#end(this.#thread, new Error('the run has come to its end'));
  }

  #start(): Thread {
    const worker = new Worker(program, { workerData: this.#module, stdout: true, stderr: true });
    for (const stream of [worker.stdout, worker.stderr]) {
      createInterface({ input: stream }).on('line', this.#output);
    }
    const calls = new Map<number, Call>();
    const loaded = new Promise<readonly string[]>((resolve, reject) => {
      worker.on('message', (message: FromThread) => {
        thread.heard?.();
        if (message.kind === 'loaded') resolve(message.functions);
        else if (message.kind === 'unloadable') reject(new Unloadable(message.reason));
        else this.#hear(thread, message);
      });
      // What nobody caught there ends the thread, and fails the calls that are under way.
      worker.on('error', (error) => {
        reject(new Unloadable(String(error)));
        this.#end(thread, error);
      });
      worker.on('exit', (status) => {
        reject(new Unloadable(`its thread ended (exit status ${status})`));
        this.#end(thread, new Error(`its thread ended (exit status ${status})`));
      });
    });
    // Whoever calls gets to see it.
    loaded.catch(() => {});
    const thread: Thread = { worker, calls, loaded, heard: null };
    return thread;
  }

  #end(thread: Thread, error: unknown): void {
    if (this.#thread === thread) this.#thread = null;
    void thread.worker.terminate();
    for (const call of thread.calls.values()) call.reject(error);
    thread.calls.clear();
  }

  /** A function that waits for something is left to itself; one that keeps the thread from answering is not. */
  #abort(thread: Thread, call: number): void {
    tell(thread, { kind: 'abort', call });
    tell(thread, { kind: 'ping' });
    const stuck = setTimeout(() => {
      this.#end(thread, new Error('its thread was ended, because a function did not let go of it'));
    }, PATIENCE);
    stuck.unref();
    thread.heard = () => clearTimeout(stuck);
  }

  #hear(thread: Thread, message: FromThread): void {
    if (message.kind === 'returned') thread.calls.get(message.call)?.resolve(message.value);
    else if (message.kind === 'failed') thread.calls.get(message.call)?.reject(errorOf(message));
    else if (message.kind === 'printed')
      message.text
        .replace(/\n$/, '')
        .split('\n')
        .forEach((line) => {
          this.#output(line);
        });
    else if (message.kind === 'ask') void this.#answer(thread, message);
  }

  /** Does what a function asked of its handle. */
  async #answer(thread: Thread, { ask, call, method, args }: FromThread & { kind: 'ask' }): Promise<void> {
    const handle = thread.calls.get(call)?.args.handle;
    let value: unknown = null;
    let error: Error | null = null;
    try {
      // What comes behind the end of its call has no handle any more.
      const asked = handle?.[method] as ((...given: readonly unknown[]) => unknown) | undefined;
      value = await asked?.(...args);
    } catch (cause) {
      error = cause instanceof Error ? cause : new Error(String(cause));
    }
    tell(thread, { kind: 'answer', ask, value, error });
  }
}

function tell(thread: Thread, message: ToThread): void {
  thread.worker.postMessage(message);
}

/** What a function threw, with the place where it did. */
function errorOf({ message, stack }: FromThread & { kind: 'failed' }): Error {
  return Object.assign(new Error(message), { stack });
}
