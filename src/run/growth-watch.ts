/**
 * Knows whether any rule could still make the member grow. While one could, a job that is too large for the
 * member waits; after the last one, it never will start and the member says so.
 */

import type { Rule } from '../model/ensemble.js';
import { mayGrow } from '../model/user-code.js';

export class GrowthWatch {
  readonly #setGrowable: (growable: boolean) => void;
  /** Runs left of each rule that may grow the member, by the rule's index. */
  readonly #left = new Map<number, { readonly rule: Rule; runs: number }>();

  /** `rules` are those of the file, in their order. Probes are no rules here: they only measure. */
  constructor(rules: readonly Rule[], setGrowable: (growable: boolean) => void) {
    this.#setGrowable = setGrowable;
    for (const [index, rule] of rules.entries()) this.#watch(index, rule);
    this.#tell();
  }

  /** A rule was added. */
  added(index: number, rule: Rule): void {
    this.#watch(index, rule);
    this.#tell();
  }

  /** The start is over: what waits for it won't run again. */
  started(): void {
    for (const [index, { rule }] of this.#left) {
      if (rule.trigger.kind === 'start') this.#left.delete(index);
    }
  }

  /** A rule has fired; its action is on its way. */
  fired(index: number): void {
    const left = this.#left.get(index);
    if (left === undefined) return;
    left.runs--;
    if (left.runs === 0) this.#left.delete(index);
  }

  /** No action is on its way: what the rules that are left can do is all that may still happen. */
  settled(): void {
    this.#tell();
  }

  #watch(index: number, rule: Rule): void {
    if (mayGrow(rule.action) && rule.action.repetitions > 0)
      this.#left.set(index, { rule, runs: rule.action.repetitions });
  }

  #tell(): void {
    this.#setGrowable(this.#left.size > 0);
  }
}
