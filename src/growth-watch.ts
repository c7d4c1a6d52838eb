/**
 * Knows whether any rule could still make the member grow. While one could, a job that is too large for the
 * member waits; after the last one, it never will start and the member says so.
 */

import type { Rule } from './config/types.js';
import type { Member } from './members/member.js';

/** A custom function may do anything, so growing is one of the things it may do. */
function mayGrow(rule: Rule): boolean {
  return ['grow', 'custom', 'exec'].includes(rule.action.name);
}

export class GrowthWatch {
  readonly #member: Member;
  readonly #rules: readonly Rule[];
  /** Runs left of each rule that may grow the member, by the rule's index. */
  readonly #left = new Map<number, number>();

  /** `rules` may get longer; `added` must be called for each that comes. */
  constructor(rules: readonly Rule[], member: Member) {
    this.#rules = rules;
    this.#member = member;
    for (const [index, rule] of rules.entries()) this.#watch(index, rule);
    this.#tell();
  }

  /** A rule was added behind the others. */
  added(rule: Rule): void {
    this.#watch(this.#rules.length - 1, rule);
    this.#tell();
  }

  /** The start is over: what waits for it won't run again. */
  started(): void {
    for (const index of this.#left.keys()) {
      if (this.#rules[index]?.trigger.kind === 'start') this.#left.delete(index);
    }
  }

  /** A rule has fired; its action is on its way. */
  fired(index: number): void {
    const left = this.#left.get(index);
    if (left === undefined) return;
    if (left > 1) {
      this.#left.set(index, left - 1);
    } else {
      this.#left.delete(index);
    }
  }

  /** No action is on its way: what the rules that are left can do is all that may still happen. */
  settled(): void {
    this.#tell();
  }

  #watch(index: number, rule: Rule): void {
    if (mayGrow(rule) && rule.action.repetitions > 0) this.#left.set(index, rule.action.repetitions);
  }

  #tell(): void {
    this.#member.setGrowable?.(this.#left.size > 0);
  }
}
