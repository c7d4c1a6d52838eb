/**
 * Knows whether a rule could still make the member grow. Until then, a job that is too large for the member waits. After
 * the last such rule the job can never start, and the member reports that.
 */

import { kindOf } from '../actions/catalog.js';
import type { Rule } from '../model/ensemble.js';

export class GrowthWatch {
  readonly #setGrowable: (growable: boolean) => void;
  /** Runs left of each rule that may grow the member, by the rule's index. */
  readonly #left = new Map<number, { readonly rule: Rule; runs: number }>();

  /** `rules` are those of the file, in their order. */
  constructor(rules: readonly Rule[], setGrowable: (growable: boolean) => void) {
    this.#setGrowable = setGrowable;
    for (const [index, rule] of rules.entries()) this.#watch(index, rule);
    this.#report();
  }

  /** A rule was added. */
  added(index: number, rule: Rule): void {
    this.#watch(index, rule);
    this.#report();
  }

  /** The start is over: rules that waited for it do not run again. */
  started(): void {
    for (const [index, { rule }] of this.#left) {
      if (rule.trigger.kind === 'start') this.#left.delete(index);
    }
  }

  /** The run goes on: the rules have fired this often before. */
  restored(firings: readonly number[]): void {
    this.started();
    for (const [index, left] of this.#left) {
      left.runs -= firings[index] ?? 0;
      if (left.runs <= 0) this.#left.delete(index);
    }
  }

  /** A rule has fired, and its action is pending. */
  fired(index: number): void {
    const left = this.#left.get(index);
    if (left === undefined) return;
    left.runs--;
    if (left.runs === 0) this.#left.delete(index);
  }

  /** No action is pending: only the rules that are left can make the member grow. */
  settled(): void {
    this.#report();
  }

  #watch(index: number, rule: Rule): void {
    const { repetitions } = rule.action;
    if (kindOf(rule.action).mayGrow && repetitions > 0) this.#left.set(index, { rule, runs: repetitions });
  }

  #report(): void {
    this.#setGrowable(this.#left.size > 0);
  }
}
