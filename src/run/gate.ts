/** Holds items back until it is opened, and then passes them in their order. Later ones pass at once. */
export class Gate<T> {
  readonly #pass: (item: T) => void;
  /** Null when the gate is open. */
  #held: T[] | null;

  constructor(pass: (item: T) => void, isOpen: boolean) {
    this.#pass = pass;
    this.#held = isOpen ? null : [];
  }

  push(item: T): void {
    if (this.#held === null) this.#pass(item);
    else this.#held.push(item);
  }

  /** Idempotent. */
  open(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const item of held) this.#pass(item);
  }
}
