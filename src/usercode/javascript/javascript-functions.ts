/** Functions of one JavaScript module. If their process has ended, the next call starts a new one. */

import type { CallArguments } from '../../model/user-function.js';
import type { UserCodeListener } from '../user-process.js';
import { JavaScriptProcess } from './javascript-process.js';
import type { FoundFunctions, ModuleToLoad } from './messages.js';

/** The module can't be loaded. */
export class Unloadable extends Error {}

export class JavaScriptFunctions {
  readonly #module: ModuleToLoad;
  readonly #listener: UserCodeListener;
  #process: JavaScriptProcess | null = null;
  /** Ends of processes that have ended or are being ended. */
  readonly #ends = new Set<Promise<void>>();
  #closed = false;

  constructor(module: ModuleToLoad, listener: UserCodeListener) {
    this.#module = module;
    this.#listener = listener;
  }

  /**
   * Resolves with the functions of the module. Rejects with Unloadable. An aborted signal ends a process that is still
   * loading.
   */
  async load(signal?: AbortSignal): Promise<FoundFunctions> {
    try {
      return await (await this.#loaded(signal)).loaded;
    } catch (cause) {
      throw new Unloadable((cause as Error).message, { cause });
    }
  }

  /** Calls a function, as `JavaScriptProcess.call` does. */
  async call<Arguments extends CallArguments>(name: string, args: Arguments): Promise<unknown> {
    const running = await this.#loaded(args.handle.signal);
    return running.call(name, args);
  }

  /** Ends the process. Resolves when it and its descendants have ended. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#process !== null) this.#end(this.#process, 'the run has ended');
    await Promise.all(this.#ends);
  }

  /** Returns the process after it has loaded the module. */
  async #loaded(signal: AbortSignal | undefined): Promise<JavaScriptProcess> {
    const found = await this.#running(signal);
    const onAbort = () => this.#end(found, 'it had not finished loading at the timeout');
    signal?.addEventListener('abort', onAbort);
    try {
      await found.loaded;
      return found;
    } catch (cause) {
      this.#end(found, (cause as Error).message);
      throw cause;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Returns the running process, or a new one. */
  async #running(signal: AbortSignal | undefined): Promise<JavaScriptProcess> {
    for (;;) {
      if (this.#closed || signal?.aborted) throw new Error('the run has ended');
      this.#process ??= new JavaScriptProcess(this.#module, this.#listener);
      const found = this.#process;
      if (await found.answers()) return found;
      if (this.#process === found) this.#end(found, 'it has ended');
    }
  }

  #end(process: JavaScriptProcess, reason: string): void {
    if (this.#process === process) this.#process = null;
    const end = process.end(new Error(reason)).finally(() => this.#ends.delete(end));
    this.#ends.add(end);
  }
}
