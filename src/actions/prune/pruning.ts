/** The state of a rule that prunes: the values of its jobs. */

import { Recent } from './peers.js';
import { AshaPruner, MedianPruner, type PruneOptions, type Pruner } from './pruners.js';

/** Comparisons by their names in a file. */
export const COMPARISONS = { median: MedianPruner, asha: AshaPruner } as const;
export type Comparison = keyof typeof COMPARISONS;

export class Pruning {
  readonly #pruner: Pruner;
  /** Tells of each job so far. */
  readonly #tells = new Recent<bigint, number>();

  constructor(by: Comparison, options: PruneOptions) {
    this.#pruner = new COMPARISONS[by](options);
  }

  /** Takes in a value of a job; a null step is the number of the tell. Returns the step when the job is to be canceled; otherwise null. */
  judge(job: bigint, told: number | null, value: number): number | null {
    const count = (this.#tells.get(job) ?? 0) + 1;
    this.#tells.set(job, count);
    const step = told ?? count;
    return this.#pruner.judge(job, step, value) ? step : null;
  }
}

/** The states of all rules that prune, by their index. */
export class Prunings {
  readonly #ofRules = new Map<number, Pruning>();

  of(rule: number, { by, ...options }: PruneOptions & { readonly by: Comparison }): Pruning {
    let state = this.#ofRules.get(rule);
    if (state === undefined) {
      state = new Pruning(by, options);
      this.#ofRules.set(rule, state);
    }
    return state;
  }
}
