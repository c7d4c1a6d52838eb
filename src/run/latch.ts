/** A promise that is resolved from outside, once. */

export class Latch {
  readonly opened: Promise<void>;
  #open: () => void = () => {};

  constructor() {
    this.opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  /** Idempotent. */
  open(): void {
    this.#open();
  }
}
