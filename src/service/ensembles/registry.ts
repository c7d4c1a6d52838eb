/** The ensembles that the service knows, and the listeners to their changes. */

import { counted } from '../../text/counted.js';
import { didYouMean } from '../../text/suggest.js';
import { Fault } from '../fault.js';
import { status } from '../status-code.js';
import { Entry, type RunSession } from './entry.js';
import type { Hello } from './proto.js';

export interface RegistryOptions {
  /** Seconds without a message after which an ensemble counts as lost; 15 by default. */
  readonly patience?: number;
  /** Seconds for which an ended or lost ensemble is kept; an hour by default. */
  readonly keep?: number;
  /** Maximum ensembles; 10,000 by default. */
  readonly maxEnsembles?: number;
}

/** Receives changes. Must return quickly. */
export interface RegistryListener {
  changed(entry: Entry): void;
  forgotten(entry: Entry): void;
}

/** Milliseconds between two checks for ensembles that are lost or expired. */
const LOOK_INTERVAL = 500;

export class Registry {
  /** Seconds without a message after which an ensemble counts as lost. */
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
   * Registers a run, possibly again: over another connection, or after a restart of the service. Throws Fault when
   * the id belongs to another caller, or the registry is full.
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

  /** Notes a message of a run, with or without a change. */
  touch(entry: Entry): void {
    entry.heard = performance.now();
    if (entry.lost) {
      entry.lost = false;
      entry.version++;
    }
    for (const listener of this.#listeners) listener.changed(entry);
  }

  /** Ends a session. The entry stays. It counts as lost unless it sent its goodbye or reconnects. */
  leave(entry: Entry, session: RunSession): void {
    if (entry.session !== session) return;
    entry.session = null;
    entry.version++;
    for (const listener of this.#listeners) listener.changed(entry);
  }

  /**
   * Returns the ensemble with this id or name; the live one if several had the name. Throws Fault: NOT_FOUND, or
   * FAILED_PRECONDITION when several are live.
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
        `${live.length} ensembles are called ${name}: use one of the ids ${ids}`,
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

  /** Removes the ensemble that was silent for the longest time, ended ones first. Throws Fault. */
  #makeRoom(): void {
    if (this.#entries.size < this.#maxEnsembles) return;
    let oldest: Entry | null = null;
    for (const entry of this.#entries.values()) {
      if (!entry.live && (oldest === null || entry.heard < oldest.heard)) oldest = entry;
    }
    if (oldest === null) {
      throw new Fault(
        status.RESOURCE_EXHAUSTED,
        `the service has ${counted(this.#entries.size, 'ensemble')}, its maximum`,
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
