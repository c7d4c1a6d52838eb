import { type Path, pathKey } from '../../text/path.js';
import type { ConfigSource, Place } from './problems.js';

/** A configuration that came as an object. It has no lines, but its keys have an order. */
export class ObjectSource implements ConfigSource {
  readonly #root: unknown;
  readonly #texts: ReadonlyMap<string, string>;

  /** `texts` has the texts of numbers where they are known, by `pathKey`. */
  constructor(root: unknown, texts: ReadonlyMap<string, string> = new Map()) {
    this.#root = root;
    this.#texts = texts;
  }

  place(path: Path): Place {
    const order: number[] = [];
    let value = this.#root;
    for (const step of path) {
      if (typeof value !== 'object' || value === null) break;
      const index = typeof step === 'number' ? step : Object.keys(value).indexOf(step);
      order.push(index);
      value = (value as Record<string | number, unknown>)[step];
    }
    return { line: null, column: null, order };
  }

  writtenAs(path: Path): string | null {
    return this.#texts.get(pathKey(path)) ?? null;
  }

  placeInText(): null {
    return null;
  }

  lineOfText(): null {
    return null;
  }
}
