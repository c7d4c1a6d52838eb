/** The end state of each rule of a run. */

import type { ParameterValue } from './parameters.js';

export interface RuleReport {
  /** Index of the rule, counted from 0; rules that were added at run time come after those of the file. */
  readonly rule: number;
  readonly name: string;
  /** The algorithm (`use:`) of the rule, or null. */
  readonly algorithm: string | null;
  /** When the rule is due, in words: `count.sleep.success >= 3 for 5m in explore`. */
  readonly due: string;
  readonly firings: number;
  /** How often its condition has stopped holding after it had fired; 0 for a rule without `resolve`. */
  readonly resolved: number;
  /**
   * Its condition at the end: it holds (`firing`), it holds but not yet for the duration of `for`
   * (`pending`), or neither (`inactive`). Rules on events of jobs have no lasting condition, and are
   * inactive.
   */
  readonly state: 'inactive' | 'pending' | 'firing';
  /** How often the rule's trigger occurred: an event, a change of its metrics, its state, a time. */
  readonly came: number;
  /** How often the rule did not fire although its trigger occurred, by reason. */
  readonly heldBack: {
    /** After the last of its `repetitions`; the condition was not evaluated. */
    readonly repetitions: number;
    readonly backoff: number;
    readonly cooldown: number;
    /** Its condition ceased to hold before the end of its `for`. */
    readonly for: number;
    /** The ensemble was in a state outside of its `in`; the condition was not evaluated. */
    readonly state: number;
    /** The rule fired, but the run ended before its action began. */
    readonly end: number;
  };
  /** The metrics of its condition at the end, by name; null without a value. */
  readonly values: Readonly<Record<string, number | null>>;
  /** In a rule for each value of a parameter, its values; null for other rules. The numbers above are their sums. */
  readonly by: ValuesReport | null;
  /**
   * Why the rule never fired; or how often it fired, and what prevented more. Empty where nothing prevented
   * it.
   */
  readonly why: string;
}

/** The values of the parameter of a rule for each of them. */
export interface ValuesReport {
  readonly parameter: string;
  /** In the order in which they came. */
  readonly values: readonly ValueReport[];
  /** Jobs whose value has no rule, because there were too many values before. */
  readonly beyond: number;
  /** Jobs without the parameter. */
  readonly without: number;
}

/** A rule for a value of a parameter. */
export interface ValueReport {
  readonly value: ParameterValue;
  readonly firings: number;
  /** The metrics of its condition that are by the parameter, by name; null without a value. */
  readonly metrics: Readonly<Record<string, number | null>>;
}

/**
 * Where a rule stands while its run goes on. `pending`: its condition holds, but not yet for the duration of `for`.
 * `held-back`: its backoff or its cooldown keeps it from firing, although its condition holds, or at its next event.
 * `firing`: its condition holds. `exhausted`: it has fired as often as its `repetitions` allow. `inactive`: none of these.
 */
export const RULE_PHASES = ['inactive', 'pending', 'held-back', 'firing', 'exhausted'] as const;
export type RulePhase = (typeof RULE_PHASES)[number];

export type WordlessReport = Omit<RuleReport, 'why'>;
