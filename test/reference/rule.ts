/** One rule with what it remembers. */

import type { PlanRule } from '../../src/engine/plan/plan.js';

export class ReferenceRule {
  readonly plan: PlanRule;
  readonly index: number;
  /** Since when its condition holds, or its state lasts. */
  since: number | null = null;
  /** The end of its cooldown, and whether it was due before. */
  ready = Number.NEGATIVE_INFINITY;
  heldBack = false;
  /** From where its intervals are counted, and how many there were. */
  begin = 0;
  count = 0;
  /** Times at which it is to be judged again. */
  alarms: number[] = [];
  #runs = 0;
  #toPass = 0;

  constructor(plan: PlanRule, index: number) {
    this.plan = plan;
    this.index = index;
  }

  get alive(): boolean {
    return this.#runs < this.plan.repetitions;
  }

  /** An occasion came: does the rule run? */
  occasion(): boolean {
    if (this.#runs >= this.plan.repetitions) return false;
    if (this.#toPass > 0) {
      this.#toPass--;
      return false;
    }
    this.#runs++;
    this.#toPass = Math.max(this.plan.backoff, 0);
    return true;
  }
}
