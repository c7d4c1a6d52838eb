/** Asks a run for its failures, when some may have changed. */

import type { GroupFailures } from '../../model/failure.js';
import type { MetricsSnapshot } from '../../model/metrics.js';

/** Milliseconds after a failure during which the details of failed jobs may still come. */
const DETAILS_COME = 5000;

/** The counts that change with the failures of a group. */
function failedIn(groups: MetricsSnapshot['groups']): string {
  const sums = [0, 0, 0, 0, 0];
  for (const { count } of groups.values()) {
    const { failed, canceled, timeout, exception, retried } = count;
    for (const [i, each] of [failed, canceled, timeout, exception, retried].entries())
      sums[i] = (sums[i] ?? 0) + each;
  }
  return sums.join();
}

export class FailurePoll {
  #failed = failedIn(new Map());
  #until = Number.NEGATIVE_INFINITY;
  readonly #groups = new Map<string, number>();

  /** The failures of all groups that have some, or had some; null where nothing has changed. */
  async take(
    ask: () => Promise<ReadonlyMap<string, GroupFailures>>,
    { groups }: MetricsSnapshot,
  ): Promise<ReadonlyMap<string, GroupFailures> | null> {
    const failed = failedIn(groups);
    if (failed !== this.#failed) this.#until = performance.now() + DETAILS_COME;
    this.#failed = failed;
    if (performance.now() > this.#until) return null;
    return this.complete(await ask());
  }

  /** Adds the groups whose jobs have succeeded in the end. */
  complete(failures: ReadonlyMap<string, GroupFailures>): ReadonlyMap<string, GroupFailures> {
    const all = new Map(failures);
    for (const [group, { jobs }] of failures) this.#groups.set(group, jobs);
    for (const [group, jobs] of this.#groups) {
      if (!all.has(group)) all.set(group, { failed: 0, canceled: 0, jobs, reasons: [] });
    }
    return all;
  }
}
