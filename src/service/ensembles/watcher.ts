/** A watcher: receives the latest state of changed ensembles, as fast as it reads. */

import type { ServerWritableStream } from '@grpc/grpc-js';
import type { WatchRequest__Output } from '../generated/flux_ensemble/v1/WatchRequest.js';
import type { WatchResponse } from '../generated/flux_ensemble/v1/WatchResponse.js';
import { status } from '../status-code.js';
import type { Entry } from './entry.js';
import type { Registry } from './registry.js';

export type WatchStream = ServerWritableStream<WatchRequest__Output, WatchResponse>;

/** Milliseconds until a reader must take a message. */
const MAX_WAIT = 60_000;

export class Watcher {
  readonly #call: WatchStream;
  readonly #only: Entry | null;
  readonly #registry: Registry;
  /** Entries that have changed since they were last sent, in the order of the changes; each at most once. */
  readonly #dirty = new Set<Entry>();
  readonly #forgotten = new Set<string>();
  /** The version that was last sent. */
  readonly #sent = new WeakMap<Entry, number>();
  #wake: (() => void) | null = null;
  #over = false;

  /** `only` narrows it to one ensemble. */
  constructor(call: WatchStream, registry: Registry, only: Entry | null) {
    this.#call = call;
    this.#registry = registry;
    this.#only = only;
  }

  /** Sends what changes until the reader goes, or `end` is called. */
  async follow(): Promise<void> {
    this.#call.on('cancelled', () => this.#stop());
    const forget = this.#registry.listen({
      changed: (entry) => this.#mark(entry),
      forgotten: (entry) => {
        if (this.#only !== null && this.#only !== entry) return;
        this.#dirty.delete(entry);
        this.#forgotten.add(entry.hello.id);
        this.#wake?.();
      },
    });
    for (const entry of this.#registry.entries) this.#mark(entry);
    try {
      while (!this.#over) await this.#sendChanges();
    } finally {
      forget();
    }
  }

  end(reason: string): void {
    if (this.#over) return;
    this.#stop();
    this.#call.emit('error', { code: status.UNAVAILABLE, details: reason });
  }

  #stop(): void {
    this.#over = true;
    this.#wake?.();
  }

  #mark(entry: Entry): void {
    if (this.#only !== null && this.#only !== entry) return;
    this.#dirty.add(entry);
    this.#wake?.();
  }

  async #sendChanges(): Promise<void> {
    for (const id of this.#forgotten) {
      this.#forgotten.delete(id);
      await this.#send({ forgotten: id });
    }
    const [entry] = this.#dirty;
    if (entry !== undefined) {
      this.#dirty.delete(entry);
      const sent = this.#sent.get(entry) ?? 0;
      this.#sent.set(entry, entry.version);
      await this.#send({ ensemble: entry.state(this.#call.request.brief ? Number.POSITIVE_INFINITY : sent) });
      return;
    }
    if (this.#over) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = null;
  }

  /** Resolves when there is room for another message. Changes meanwhile are collected. */
  #send(message: WatchResponse): Promise<void> {
    if (this.#over) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#stop();
        this.#call.emit('error', {
          code: status.RESOURCE_EXHAUSTED,
          details: `nothing was read for ${MAX_WAIT / 1000} s`,
        });
        resolve();
      }, MAX_WAIT);
      const done = () => {
        clearTimeout(timer);
        this.#call.off('cancelled', done);
        resolve();
      };
      // If the reader disconnects, `write` never calls back; `cancelled` is the only signal.
      this.#call.once('cancelled', done);
      this.#call.write(message, done);
    });
  }
}
