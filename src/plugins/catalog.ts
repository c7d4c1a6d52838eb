/**
 * Loads the plugins of a configuration, and checks their options. Plugins run in a separate process while the
 * configuration is read. The caller blocks until the answer, for a limited time.
 */

import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { PluginInfo } from '../model/plugin.js';
import { packageFile } from '../text/package-file.js';
import type { CheckedOptions, PluginPart } from './plugin-module.js';

/** Milliseconds for a plugin to load, or to check options, on a busy login node. */
const PATIENCE = 30_000;

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

/** A request to the process of the plugins, and its answer. */
export interface ToCatalog {
  readonly kind: 'ask';
  readonly request: Request;
}
export interface FromCatalog {
  readonly kind: 'answer';
  readonly answer: Answer;
}

// The path is the same from src/plugins and from dist/plugins.
const program = packageFile('dist/plugins/catalog-thread.js');

/** A process and its thread for one configuration. Must be closed afterwards. */
export class PluginCatalog {
  readonly #bell = new Int32Array(new SharedArrayBuffer(4));
  readonly #channel = new MessageChannel();
  #hangs = false;

  constructor() {
    const port = this.#channel.port2;
    const worker = new Worker(program, { workerData: { port, bell: this.#bell }, transferList: [port] });
    worker.unref();
    // A request without an answer times out.
    worker.on('error', () => {});
  }

  /** Loads a plugin from the URL of its module. Throws Error with the plugin's faults. */
  load(url: string): PluginInfo {
    const answer = this.#ask({ do: 'load', url });
    if ('loaded' in answer) return answer.loaded;
    throw new Error('failed' in answer ? answer.failed : 'its answer is invalid');
  }

  /**
   * Checks options. The value is the defaults of a kind of jobs, the actions that options name, or the names of a
   * probe's values. Throws Error when the plugin fails.
   */
  check(plugin: string, part: PluginPart, name: string, options: unknown): CheckedOptions {
    const answer = this.#ask({ do: 'check', plugin, part, name, options });
    if ('checked' in answer) return answer.checked;
    throw new Error('failed' in answer ? answer.failed : 'its answer is invalid');
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
