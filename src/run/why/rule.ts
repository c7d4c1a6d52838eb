/** Why a rule of a kept run fired, or has not fired. */

import { type RuleNow, rulesNow } from '../rules-now.js';
import { type FiringFacts, firingFacts } from './firing-facts.js';
import type { ReplayedRun } from './replayed.js';

export interface RuleReason extends RuleNow {
  readonly rule: number;
  readonly name: string;
  /** When it is due, in words. */
  readonly due: string;
  /** The last time in the log, in seconds since the epoch. */
  readonly latest: number;
  /** In their order. */
  readonly firings: readonly FiringFacts[];
}

/** Explains the rule of an index. Throws RangeError for an unknown one. */
export function explainRule(run: ReplayedRun, index: number): RuleReason {
  const now = rulesNow(run).find(({ report }) => report.rule === index);
  if (now === undefined) throw new RangeError(`unknown rule ${index}`);
  const { name, due } = now.report;
  return {
    ...now,
    rule: index,
    name,
    due,
    latest: run.latest,
    firings: run.firings.filter((firing) => firing.rule === index).map((firing) => firingFacts(firing, run)),
  };
}
