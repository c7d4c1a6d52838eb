/** The end state of each rule of a run. */

export interface RuleReport {
  /** Index of the rule, counted from 0; rules that were added at run time come after those of the file. */
  readonly rule: number;
  readonly name: string;
  /** The algorithm (`use:`) that the rule is of, or null. */
  readonly algorithm: string | null;
  /** When the rule is due, in words: `count.sleep.success >= 3 for 5m in explore`. */
  readonly due: string;
  readonly firings: number;
  /**
   * Its condition at the end: holds (`firing`), holds but not for as long as `for` says (`pending`), or neither
   * (`inactive`). Rules on events of jobs have no condition that goes on, and are inactive.
   */
  readonly state: 'inactive' | 'pending' | 'firing';
  /** How often what the rule waits for came: an event, a change of its metrics, its state, a time. */
  readonly came: number;
  /** How often the rule did not fire though what it waits for came, by what held it back. */
  readonly heldBack: {
    /** After the last of its `repetitions`; whether its condition held was not looked at. */
    readonly repetitions: number;
    readonly backoff: number;
    readonly cooldown: number;
    /** Its condition ceased to hold before its `for` was over. */
    readonly for: number;
    /** The ensemble was in a state that is not one of its `in`; whether its condition held was not looked at. */
    readonly state: number;
    /** It did fire, but the run ended before its action began. */
    readonly end: number;
  };
  /** The metrics of its condition as they were at the end, by name; null without a value. */
  readonly values: Readonly<Record<string, number | null>>;
  /** Why it never fired or, if it did, how often and what held it back from more; empty where nothing did. */
  readonly why: string;
}

export type WordlessReport = Omit<RuleReport, 'why'>;
