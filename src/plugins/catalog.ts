/**
 * What the plugins of a configuration offer, and whether options are right for it. Their code runs in a process of its
 * own here too, for as long as the configuration is read. The caller waits for it, for a limited time.
 */

import { fileURLToPath } from 'node:url';
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { PluginInfo } from '../model/plugin.js';
import type { CheckedOptions, PluginPart } from './plugin-module.js';

/** Milliseconds that a plugin may take to load, or to judge options. */
const PATIENCE = 10_000;

export type Request =
  | { readonly do: 'load'; readonly url: string }
  | {
      readonly do: 'check';
      readonly plugin: string;
      readonly part: PluginPart;
      readonly name: string;
      readonly options: unknown;
    };

export type Answer =
  | { readonly loaded: PluginInfo }
  | { readonly checked: CheckedOptions }
  | { readonly failed: string };

/** What is sent to the process of the plugins, and what comes back. */
export interface ToCatalog {
  readonly kind: 'ask';
  readonly request: Request;
}
export interface FromCatalog {
  readonly kind: 'answer';
  readonly answer: Answer;
}

// Two levels up from src/plugins and from dist/plugins alike.
const program = fileURLToPath(new URL('../../dist/plugins/catalog-thread.js', import.meta.url));

/** A process, and the thread that follows it, for one configuration. Close it when that has been read. */
export class PluginCatalog {
  readonly #bell = new Int32Array(new SharedArrayBuffer(4));
  readonly #channel = new MessageChannel();
  #hangs = false;

  constructor() {
    const port = this.#channel.port2;
    const worker = new Worker(program, { workerData: { port, bell: this.#bell }, transferList: [port] });
    worker.unref();
    // Without an answer the question fails.
    worker.on('error', () => {});
  }

  /** Loads a plugin from the URL of its module. Throws Error with what is wrong with it. */
  load(url: string): PluginInfo {
    const answer = this.#ask({ do: 'load', url });
    if ('loaded' in answer) return answer.loaded;
    throw new Error('failed' in answer ? answer.failed : 'it can not be understood');
  }

  /**
   * Whether options are right. The value is what jobs of the kind have by default, actions that the options
   * name, or names of what a probe measures.
   * Throws Error when the plugin can't tell.
   */
  check(plugin: string, part: PluginPart, name: string, options: unknown): CheckedOptions {
    const answer = this.#ask({ do: 'check', plugin, part, name, options });
    if ('checked' in answer) return answer.checked;
    throw new Error('failed' in answer ? answer.failed : 'it can not be understood');
  }

  /** Ends the process and its thread. Idempotent. */
  close(): void {
    this.#channel.port1.close();
  }

  #ask(request: Request): Answer {
    if (this.#hangs) return { failed: 'an earlier plugin hangs' };
    Atomics.store(this.#bell, 0, 0);
    this.#channel.port1.postMessage(request);
    Atomics.wait(this.#bell, 0, 0, PATIENCE);
    const answer = receiveMessageOnPort(this.#channel.port1) as { message: Answer } | undefined;
    if (answer !== undefined) return answer.message;
    this.#hangs = true;
    return { failed: `it did not answer within ${PATIENCE / 1000} s` };
  }
}
