/** The pause between two updates of a run's state, so that they take a small part of the time. */

/** Maximum fraction of time for updates. */
const SHARE_OF_TIME = 0.05;
/** The cost of an update is the minimum of the latest ones, because some include other work on a busy machine. */
const COSTS_KEPT = 5;

export class Pace {
  /** Milliseconds that the latest updates took on the event loop. */
  #costs = [0];

  /** Takes in what an update cost, in milliseconds. */
  spent(milliseconds: number): void {
    this.#costs = [...this.#costs.slice(1 - COSTS_KEPT), milliseconds];
  }

  /** Milliseconds until the next update, at least `least`. */
  pause(least: number): number {
    return Math.max(least, Math.min(...this.#costs) / SHARE_OF_TIME);
  }
}
