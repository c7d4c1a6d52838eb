/** The ensembles that the service knows, and who wants to hear of their changes. */

import { status } from '@grpc/grpc-js';
import { counted } from '../../text/counted.js';
import { didYouMean } from '../../text/suggest.js';
import { Fault } from '../fault.js';
import { Entry, type RunSession } from './entry.js';
import type { Hello } from './proto.js';

export interface RegistryOptions {
  /** Seconds without a word after which an ensemble counts as lost; 15 by default. */
  readonly patience?: number;
  /** Seconds for which one that has ended, or is lost, is kept; an hour by default. */
  readonly keep?: number;
  /** Ensembles at a time; 10,000 by default. */
  readonly maxEnsembles?: number;
}

/** Hears of changes; it must not take long. */
export interface RegistryListener {
  changed(entry: Entry): void;
  forgotten(entry: Entry): void;
}

/** Milliseconds between two looks for those that are lost or to be forgotten. */
const LOOK_INTERVAL = 500;

export class Registry {
  /** Seconds without a word after which an ensemble counts as lost. */
  readonly patience: number;
  readonly #keep: number;
  readonly #maxEnsembles: number;
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Set<RegistryListener>();
  readonly #timer: NodeJS.Timeout;

  constructor({ patience = 15, keep = 3600, maxEnsembles = 10_000 }: RegistryOptions = {}) {
    this.patience = patience;
    this.#keep = keep;
    this.#maxEnsembles = maxEnsembles;
    this.#timer = setInterval(() => this.#look(), LOOK_INTERVAL).unref();
  }

  /** In the order of their first registration. */
  get entries(): IterableIterator<Entry> {
    return this.#entries.values();
  }

  /**
   * Takes in a run, perhaps one that was here before: over another connection, or before the service was restarted.
   * Throws Fault when the id belongs to another caller, or the registry is full.
   */
  register(hello: Hello, owner: string, session: RunSession): Entry {
    let entry = this.#entries.get(hello.id);
    if (entry !== undefined && entry.owner !== owner) {
      throw new Fault(status.ALREADY_EXISTS, `the id ${hello.id} was registered by ${entry.owner}`);
    }
    if (entry === undefined) {
      this.#makeRoom();
      entry = new Entry(hello, owner);
      this.#entries.set(hello.id, entry);
    }
    entry.session?.end('the run has registered again');
    entry.begin(hello, session);
    this.touch(entry);
    return entry;
  }

  /** Something of it has changed, or it has said that nothing has. */
  touch(entry: Entry): void {
    entry.heard = performance.now();
    if (entry.lost) {
      entry.lost = false;
      entry.version++;
    }
    for (const listener of this.#listeners) listener.changed(entry);
  }

  /** A session has come to its end; the entry stays, and is lost unless it said goodbye or comes back. */
  leave(entry: Entry, session: RunSession): void {
    if (entry.session !== session) return;
    entry.session = null;
    entry.version++;
    for (const listener of this.#listeners) listener.changed(entry);
  }

  /**
   * The ensemble of that id, or else of that name: the one that is live, if several have had it. Throws Fault:
   * NOT_FOUND, or FAILED_PRECONDITION when several are live.
   */
  find(name: string): Entry {
    const byId = this.#entries.get(name);
    if (byId !== undefined) return byId;
    const named = [...this.#entries.values()].filter(({ hello }) => hello.name === name);
    const live = named.filter((entry) => entry.live);
    if (live.length > 1) {
      const ids = live.map(({ hello }) => hello.id).join(', ');
      throw new Fault(
        status.FAILED_PRECONDITION,
        `${live.length} ensembles are called ${name}: say one of ${ids}`,
      );
    }
    const found = live[0] ?? named.at(-1);
    if (found !== undefined) return found;
    const names = [...this.#entries.values()].map(({ hello }) => hello.name);
    throw new Fault(
      status.NOT_FOUND,
      `no ensemble is called '${name.slice(0, 100)}'${didYouMean(name, names)}`,
    );
  }

  listen(listener: RegistryListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(reason: string): void {
    clearInterval(this.#timer);
    for (const entry of this.#entries.values()) entry.session?.end(reason);
  }

  #look(): void {
    const now = performance.now();
    for (const entry of this.#entries.values()) {
      const silent = (now - entry.heard) / 1000;
      if (entry.live && silent > this.patience) {
        entry.lost = true;
        entry.version++;
        for (const listener of this.#listeners) listener.changed(entry);
      } else if (!entry.live && silent > this.#keep) {
        this.#forget(entry);
      }
    }
  }

  /** Those that are over go first, the one that is longest silent before the others. Throws Fault. */
  #makeRoom(): void {
    if (this.#entries.size < this.#maxEnsembles) return;
    let oldest: Entry | null = null;
    for (const entry of this.#entries.values()) {
      if (!entry.live && (oldest === null || entry.heard < oldest.heard)) oldest = entry;
    }
    if (oldest === null) {
      throw new Fault(
        status.RESOURCE_EXHAUSTED,
        `the service has ${counted(this.#entries.size, 'ensemble')}, as many as it takes`,
      );
    }
    this.#forget(oldest);
  }

  #forget(entry: Entry): void {
    this.#entries.delete(entry.hello.id);
    entry.session?.end('forgotten');
    for (const listener of this.#listeners) listener.forgotten(entry);
  }
}
