/** Submissions under way, which the cancellation of their group ends. */

import type { FiringValue } from '../../model/firing.js';
import { type Given, plain, type Row } from '../../model/written.js';

/** Whether the parameters of a job have a value. */
export function hasValue(parameters: Row, { parameter, value }: FiringValue): boolean {
  return Object.hasOwn(parameters, parameter) && plain(parameters[parameter] as Given) === value;
}

interface Open {
  ended: boolean;
  /** Values of parameters whose jobs are not submitted any more. */
  readonly without: FiringValue[];
  settled: Promise<unknown>;
}

export class OpenSubmissions {
  readonly #open = new Map<string, Set<Open>>();

  /**
   * Counts work that submits jobs of a group as open until it has settled. The work asks whether it is to end, and whether
   * it may still submit jobs with these parameters.
   */
  async during<T>(
    group: string,
    work: (ended: () => boolean, wants: (parameters: Row) => boolean) => Promise<T>,
  ): Promise<T> {
    const all = this.#open.get(group) ?? new Set<Open>();
    this.#open.set(group, all);
    const open: Open = { ended: false, without: [], settled: Promise.resolve() };
    all.add(open);
    const wants = (parameters: Row) => !open.without.some((value) => hasValue(parameters, value));
    const working = work(() => open.ended, wants);
    open.settled = working.catch(() => {});
    try {
      return await working;
    } finally {
      all.delete(open);
    }
  }

  /**
   * Ends the submissions of a group after the jobs that are on their way; or, with a value of a parameter, they leave out
   * its jobs from now on. The promise resolves when they have ended; at once with a value.
   */
  end(group: string, value: FiringValue | null = null): Promise<unknown> {
    const all = [...(this.#open.get(group) ?? [])];
    if (value !== null) {
      for (const { without } of all) without.push(value);
      return Promise.resolve();
    }
    for (const open of all) open.ended = true;
    return Promise.all(all.map(({ settled }) => settled));
  }
}
