/** Values that the jobs of a group have told at the same step, the latest of many. */

/** Values of a step that are remembered. */
const MAX_VALUES = 1000;
/** Steps, or jobs, that are remembered; the oldest are forgotten first. */
const MAX_KEPT = 100_000;

/** A map that forgets the entries that were set first. */
export class Recent<Key, Value> {
  readonly #entries = new Map<Key, Value>();

  get(key: Key): Value | undefined {
    return this.#entries.get(key);
  }

  set(key: Key, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= MAX_KEPT) return;
    const [oldest] = this.#entries.keys();
    this.#entries.delete(oldest as Key);
  }
}

export class Peers {
  readonly #steps = new Recent<number, number[]>();

  /** The values of a step, in the order in which they came. */
  at(step: number): readonly number[] {
    return this.#steps.get(step) ?? [];
  }

  add(step: number, value: number): void {
    const values = this.#steps.get(step) ?? [];
    values.push(value);
    if (values.length > MAX_VALUES) values.shift();
    this.#steps.set(step, values);
  }
}
