/** One rule with its state. */

import type { PlanRule } from '../../src/engine/plan/plan.js';

export class ReferenceRule {
  readonly plan: PlanRule;
  readonly index: number;
  /** Since when its condition has held, or the state of the ensemble has lasted. */
  since: number | null = null;
  /** The end of its cooldown, and whether the rule was due before that. */
  ready = Number.NEGATIVE_INFINITY;
  heldBack = false;
  /** The start of its intervals, and how many there were. */
  begin = 0;
  count = 0;
  /** Times at which it is evaluated again. */
  alarms: number[] = [];
  #runs = 0;
  #toPass = 0;

  constructor(plan: PlanRule, index: number) {
    this.plan = plan;
    this.index = index;
  }

  /** It has fired, and its condition has held since: for rules with `resolve`. */
  raised = false;

  get alive(): boolean {
    return this.#runs < this.plan.repetitions || this.raised;
  }

  get exhausted(): boolean {
    return this.#runs >= this.plan.repetitions;
  }

  /** The rule's trigger has occurred: returns whether the rule fires. */
  occasion(): boolean {
    if (this.#runs >= this.plan.repetitions) return false;
    if (this.#toPass > 0) {
      this.#toPass--;
      return false;
    }
    this.#runs++;
    this.#toPass = Math.max(this.plan.backoff, 0);
    this.raised = this.plan.resolve !== null;
    return true;
  }
}
