/** Maximum of setTimeout. A longer timeout fires at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** A timer for any number of seconds. It does not keep the process alive. */
export class Timer {
  #timeout: NodeJS.Timeout | null = null;

  constructor(seconds: number, action: () => void) {
    this.#arm(Math.max(0, seconds) * 1000, action);
  }

  cancel(): void {
    if (this.#timeout !== null) clearTimeout(this.#timeout);
    this.#timeout = null;
  }

  #arm(left: number, action: () => void): void {
    const step = Math.min(left, MAX_TIMEOUT_MS);
    const onTime = () => (step < left ? this.#arm(left - step, action) : action());
    this.#timeout = setTimeout(onTime, step).unref();
  }
}
