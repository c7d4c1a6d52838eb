/** Collects changed groups and new firings for the next message. Memory is bounded. */

import type { Firing } from '../../model/firing.js';
import type { GroupMetrics, MetricsSnapshot } from '../../model/metrics.js';
import type { FiringMessage } from '../ensembles/proto.js';
import { firingMessage } from './wire.js';

/** Firings that wait to be sent; older ones are dropped and counted. */
const MAX_FIRINGS = 256;

/** Every change of a statistic also changes a count. */
function signature({ count, duration, pending, probes = {} }: GroupMetrics): string {
  const { submitted, finished, success, failed, canceled, timeout, exception, running } = count;
  return [
    [submitted, finished, success, failed, canceled, timeout, exception, count.pending, running],
    [duration, pending, ...Object.values(probes)].map((values) => values.count),
  ].join();
}

export class ChangedGroups {
  readonly #sent = new Map<string, string>();

  /** The groups that have changed since the last call. */
  take({ groups }: MetricsSnapshot): [string, GroupMetrics][] {
    const changed: [string, GroupMetrics][] = [];
    for (const [name, group] of groups) {
      const now = signature(group);
      if (this.#sent.get(name) === now) continue;
      this.#sent.set(name, now);
      changed.push([name, group]);
    }
    return changed;
  }
}

export class WaitingFirings {
  #waiting: FiringMessage[] = [];
  #dropped = 0;

  add(firing: Firing): void {
    this.#waiting.push(firingMessage(firing));
    // Cut in large steps, because removing the first item for each new one would be slow.
    if (this.#waiting.length > 2 * MAX_FIRINGS) this.#cut();
  }

  /** The waiting firings, the latest of them, and the number of dropped ones. */
  take(): { firings: FiringMessage[]; firingsDropped: number } {
    this.#cut();
    const taken = { firings: this.#waiting, firingsDropped: this.#dropped };
    this.#waiting = [];
    this.#dropped = 0;
    return taken;
  }

  /** Returns firings that could not be sent. They are older than the waiting ones. */
  putBack({ firings, firingsDropped }: { firings: FiringMessage[]; firingsDropped: number }): void {
    this.#waiting = [...firings, ...this.#waiting];
    this.#dropped += firingsDropped;
    this.#cut();
  }

  #cut(): void {
    const over = this.#waiting.length - MAX_FIRINGS;
    if (over <= 0) return;
    this.#waiting = this.#waiting.slice(over);
    this.#dropped += over;
  }
}
