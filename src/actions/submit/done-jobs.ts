/** Jobs that are done already, for entries with `skip: done`. */

import { createHash } from 'node:crypto';
import type { JobEntry } from '../../model/ensemble.js';
import { plain, type Row } from '../../model/written.js';

const texts = new WeakMap<object, string>();

/**
 * Returns what makes the jobs of two entries with equal parameters the same: the command, the working directory, the
 * environment and the resources as they are written.
 */
export function workOf(entry: JobEntry): string {
  const written = entry.draft ?? entry;
  const found = texts.get(written);
  if (found !== undefined) return found;
  const { command, workdir, environment, inheritEnvironment, nodes, tasks, cores, gpus } = written;
  const variables = Object.entries(environment).sort(byName);
  const text = JSON.stringify([command, workdir, inheritEnvironment, variables, nodes, tasks, cores, gpus]);
  texts.set(written, text);
  return text;
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) =>
  a < b ? -1 : Number(a > b);

/** Words of 32 bits of a digest that are kept. By chance, two of a billion jobs are equal once in 10²⁰ times. */
const WORDS = 4;

/** Returns the words of the digest of a job. Numbers are compared by their values, not by their texts. */
function digestOf(work: string, parameters: Readonly<Record<string, unknown>>): number[] {
  const row = JSON.stringify(Object.entries(parameters).sort(byName));
  const digest = createHash('sha256').update(work).update('\n').update(row).digest();
  return Array.from({ length: WORDS }, (_, i) => digest.readUInt32LE(4 * i));
}

/** A set of jobs, which takes about 30 bytes for each. */
export class DoneJobs {
  #slots = new Uint32Array(WORDS * 1024);
  #size = 0;

  /** Adds a job with these parameters. */
  add(work: string, parameters: Readonly<Record<string, unknown>>): void {
    if (2 * WORDS * (this.#size + 1) > this.#slots.length) this.#grow();
    const words = digestOf(work, parameters);
    const slot = this.#find(words);
    if (this.#isFree(slot)) this.#size++;
    this.#slots.set(words, slot);
  }

  /** Whether a job of an entry with these parameters is done. */
  has(entry: JobEntry, parameters: Row): boolean {
    if (this.#size === 0) return false;
    const values = Object.fromEntries(
      Object.entries(parameters).map(([name, value]) => [name, plain(value)]),
    );
    return !this.#isFree(this.#find(digestOf(workOf(entry), values)));
  }

  /** The place of a digest, or the free one where it would be. */
  #find(words: readonly number[]): number {
    const { length } = this.#slots;
    let slot = ((words[0] ?? 0) * WORDS) % length;
    while (!this.#isFree(slot) && words.some((word, i) => this.#slots[slot + i] !== word)) {
      slot = (slot + WORDS) % length;
    }
    return slot;
  }

  /** A digest of zeros alone does not occur. */
  #isFree(slot: number): boolean {
    for (let i = 0; i < WORDS; i++) if (this.#slots[slot + i] !== 0) return false;
    return true;
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = new Uint32Array(2 * before.length);
    for (let slot = 0; slot < before.length; slot += WORDS) {
      const words = [...before.subarray(slot, slot + WORDS)];
      if (words.some((word) => word !== 0)) this.#slots.set(words, this.#find(words));
    }
  }
}
