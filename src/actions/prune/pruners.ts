/** Which jobs are worse than their peers: the decisions of pruning, by the values that jobs tell at their steps. */

import { type Direction, isBetter } from '../../model/search.js';
import { Peers, Recent } from './peers.js';

/** A comparison of a job with the other jobs of its group. */
export interface Pruner {
  /** Takes in the value of a job at a step. Returns whether the job is to be canceled. */
  judge(job: bigint, step: number, value: number): boolean;
}

export interface PruneOptions {
  readonly direction: Direction;
  /** `median`: steps in which no job is canceled. */
  readonly warmup: number;
  /** `median`: the least number of other jobs with a value at the step. */
  readonly peers: number;
  /** `asha`: the first step at which jobs are compared; the factor to the next one, and the number of which one goes on. */
  readonly first: number;
  readonly reduction: number;
}

/**
 * The median stopping rule (Golovin et al. 2017, "Google Vizier: A Service for Black-Box Optimization"): a job is canceled
 * when its best value so far is worse than the median of what other jobs told at this step.
 */
export class MedianPruner implements Pruner {
  readonly #options: PruneOptions;
  readonly #best = new Recent<bigint, number>();
  readonly #values = new Peers();

  constructor(options: PruneOptions) {
    this.#options = options;
  }

  judge(job: bigint, step: number, value: number): boolean {
    const { direction, warmup, peers } = this.#options;
    const before = this.#best.get(job);
    const best = before === undefined || isBetter(direction, value, before) ? value : before;
    this.#best.set(job, best);
    const others = this.#values.at(step);
    const worse = step > warmup && others.length >= peers && isBetter(direction, medianOf(others), best);
    this.#values.add(step, value);
    return worse;
  }
}

function medianOf(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/**
 * Asynchronous successive halving (ASHA; Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning"). Jobs are
 * compared at the steps `first`, `first * reduction`, `first * reduction²` and so on. A job goes on when its value is among
 * the best `1 / reduction` of those at that step so far; the best one always goes on.
 */
export class AshaPruner implements Pruner {
  readonly #options: PruneOptions;
  /** The next step at which a job is compared. */
  readonly #next = new Recent<bigint, number>();
  readonly #rungs = new Peers();

  constructor(options: PruneOptions) {
    this.#options = options;
  }

  judge(job: bigint, step: number, value: number): boolean {
    const { direction, first, reduction } = this.#options;
    let rung = this.#next.get(job) ?? first;
    while (step >= rung) {
      const others = this.#rungs.at(rung);
      this.#rungs.add(rung, value);
      const better = others.filter((other) => isBetter(direction, other, value)).length;
      const kept = Math.max(1, Math.floor((others.length + 1) / reduction));
      rung *= reduction;
      this.#next.set(job, rung);
      if (better >= kept) return true;
    }
    return false;
  }
}
