/** Why a rule of a kept run fired, or has not fired. */

import { MetricValues, type RuleStanding, readRuleReports, readStanding } from '../../engine/rule-report.js';
import { type Clause, clausesOf } from '../../language/clauses.js';
import { describeDue } from '../../language/rule-text.js';
import type { Rule } from '../../model/ensemble.js';
import type { RuleReport } from '../../model/rule-report.js';
import { type FiringFacts, firingFacts } from './firing-facts.js';
import type { ReplayedRun } from './replayed.js';

export interface RuleReason extends RuleStanding {
  readonly rule: number;
  readonly name: string;
  /** When it is due, in words. */
  readonly due: string;
  readonly in: readonly string[];
  readonly report: RuleReport;
  /** The parts of its condition with their values at the end of the log; empty without a condition. */
  readonly clauses: readonly Clause[];
  /** The present state of the ensemble; null without states. */
  readonly state: string | null;
  /** Rules of the run no longer fire. */
  readonly ended: boolean;
  /** The last time in the log, in seconds since the epoch. */
  readonly latest: number;
  /** In their order. */
  readonly firings: readonly FiringFacts[];
}

/** Explains the rule of an index. Throws RangeError for an unknown one. */
export function explainRule(run: ReplayedRun, index: number): RuleReason {
  const rule: Rule | null = run.rules[index] ?? null;
  const report = readRuleReports(run.native, run.rules, run.metrics).find((each) => each.rule === index);
  if (rule === null || report === undefined) throw new RangeError(`unknown rule ${index}`);
  const values = new MetricValues(run.metrics, run.native.metrics);
  const { state } = run;
  const facts = { valueOf: values.valueOf.bind(values), state };
  return {
    rule: index,
    name: rule.title,
    due: describeDue(rule),
    in: rule.in,
    report,
    ...readStanding(run.native, index),
    clauses: rule.when === null ? [] : clausesOf(rule.when, facts),
    state,
    ended: run.ended,
    latest: run.latest,
    firings: run.firings.filter((firing) => firing.rule === index).map((firing) => firingFacts(firing, run)),
  };
}
