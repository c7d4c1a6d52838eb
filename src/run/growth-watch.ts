/**
 * Knows whether a rule could still make the member grow. Until then, a job that is too large for the member waits. After
 * the last such rule the job can never start, and the member reports that.
 */

import { kindOf } from '../actions/catalog.js';
import { actionsOf, type Rule } from '../model/ensemble.js';
import type { Firing } from '../model/firing.js';

interface GrowingAction {
  readonly index: number;
  readonly rule: Rule;
  /** It is the action of `resolve`, which runs as often as the rule fires, at most. */
  readonly resolves: boolean;
  runs: number;
}

export class GrowthWatch {
  readonly #setGrowable: (growable: boolean) => void;
  /** Runs left of each action that may grow the member, with the rule's index. */
  readonly #left = new Set<GrowingAction>();

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
    for (const left of this.#left) {
      if (left.rule.trigger.kind === 'start') this.#left.delete(left);
    }
  }

  /** The run goes on: the rules have fired, and were resolved, this often before. */
  restored(counts: readonly { readonly firings: number; readonly resolved: number }[]): void {
    this.started();
    for (const left of [...this.#left]) {
      const count = counts[left.index];
      this.#ran(left, (left.resolves ? count?.resolved : count?.firings) ?? 0);
    }
  }

  /** A rule has fired, and its action is pending. */
  fired({ rule, resolved }: Pick<Firing, 'rule' | 'resolved'>): void {
    for (const left of [...this.#left]) {
      if (left.index === rule && left.resolves === resolved) this.#ran(left, 1);
    }
  }

  #ran(left: GrowingAction, times: number): void {
    left.runs -= times;
    if (left.runs <= 0) this.#left.delete(left);
  }

  /** No action is pending: only the rules that are left can make the member grow. */
  settled(): void {
    this.#report();
  }

  #watch(index: number, rule: Rule): void {
    const { repetitions: runs } = rule.action;
    for (const action of actionsOf(rule)) {
      const resolves = action !== rule.action;
      if (kindOf(action).mayGrow && runs > 0) this.#left.add({ index, rule, resolves, runs });
    }
  }

  #report(): void {
    this.#setGrowable(this.#left.size > 0);
  }
}
