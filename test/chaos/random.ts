/** Random choices that a seed reproduces. */

import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

export class Random {
  readonly #generator;

  /** The same words give the same choices. */
  constructor(...words: readonly (string | number)[]) {
    let seed = 0x811c9dc5;
    // FNV-1a.
    for (const byte of Buffer.from(words.join(' '))) seed = Math.imul(seed ^ byte, 0x01000193);
    this.#generator = xoroshiro128plus(seed);
  }

  /** A number from `least` (included) to `most` (excluded). */
  number(least: number, most: number): number {
    return least + (most - least) * uniformFloat64(this.#generator);
  }

  /** An integer; both ends are included. */
  integer(least: number, most: number): number {
    return uniformInt(this.#generator, least, most);
  }

  chance(probability: number): boolean {
    return this.number(0, 1) < probability;
  }

  choice<Item>(items: readonly Item[]): Item {
    const item = items[this.integer(0, items.length - 1)];
    if (item === undefined) throw new Error('a choice from an empty list');
    return item;
  }
}
