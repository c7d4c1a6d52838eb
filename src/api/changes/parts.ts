/** Parts of a state that know when they changed. Versions are numbers that grow. */

/** Resources by their keys, each with the version of its latest change and its JSON. */
export class Parts<Value> {
  readonly #all = new Map<string, { value: Value; text: string; version: number }>();

  /** Sets a resource. Returns false for one that equals the present one. */
  put(key: string, value: Value, version: number): boolean {
    const text = JSON.stringify(value);
    const before = this.#all.get(key);
    if (before?.text === text) return false;
    this.#all.set(key, { value, text, version });
    return true;
  }

  get(key: string): Value | undefined {
    return this.#all.get(key)?.value;
  }

  keys(): IterableIterator<string> {
    return this.#all.keys();
  }

  values(): Value[] {
    return [...this.#all.values()].map(({ value }) => value);
  }

  /** The JSON of those that changed after a version, in the order of their first appearance. */
  since(after: number): string[] {
    const texts: string[] = [];
    for (const { text, version } of this.#all.values()) if (version > after) texts.push(text);
    return texts;
  }
}

/** A recent item. */
export interface Recent<Value> {
  readonly value: Value;
  readonly version: number;
}

/** The latest items of an endless list. */
export class RecentItems<Value> {
  readonly #most: number;
  #items: Recent<Value>[] = [];
  /** The version of the latest item that was dropped. */
  #dropped = 0;
  /** Items so far. */
  total = 0;

  constructor(most: number) {
    this.#most = most;
  }

  push(value: Value, version: number): void {
    this.#items.push({ value, version });
    this.total++;
    // Cut in large steps, because removing the first item for each new one would be slow.
    if (this.#items.length >= 2 * this.#most) this.#cut();
  }

  /** Counts items that never came here. */
  skip(count: number): void {
    this.total += count;
  }

  /** The latest ones, oldest first. */
  get latest(): readonly Recent<Value>[] {
    if (this.#items.length > this.#most) this.#cut();
    return this.#items;
  }

  /** The values of the latest ones, oldest first. */
  get values(): Value[] {
    return this.latest.map(({ value }) => value);
  }

  /** Items that are no longer kept. */
  get earlier(): number {
    return this.total - this.latest.length;
  }

  /** Those that came after a version and are still kept. */
  since(after: number): readonly Recent<Value>[] {
    const items = this.latest;
    let first = items.length;
    while (first > 0 && (items[first - 1] as Recent<Value>).version > after) first--;
    return items.slice(first);
  }

  /** Whether all items after a version are still kept. */
  isComplete(after: number): boolean {
    return this.latest.length === 0 || this.#dropped <= after;
  }

  #cut(): void {
    const over = this.#items.length - this.#most;
    this.#dropped = this.#items[over - 1]?.version ?? this.#dropped;
    this.#items = this.#items.slice(over);
  }
}
