/** The rules of a run as they stand: their conditions with the present values, and the obstacles to their firing. */

import type { NativeRules } from '../engine/addon.js';
import type { PlanMetric } from '../engine/plan/plan.js';
import { MetricValues, type RuleStanding, readRuleReports, readStanding } from '../engine/rule-report.js';
import { boundsOf, type Clause, type ClauseBound, clausesOf } from '../language/clauses.js';
import type { Rule } from '../model/ensemble.js';
import type { RulePhase, RuleReport } from '../model/rule-report.js';

/** A rule as it stands. */
export interface RuleNow extends RuleStanding {
  /** Its history and the state of its condition. */
  readonly report: RuleReport;
  readonly phase: RulePhase;
  /** The states in which it is judged; empty for all. */
  readonly in: readonly string[];
  /** The parts of its condition with their values; empty without a condition. */
  readonly clauses: readonly Clause[];
  /** For each of them the number that its metric is compared with; null for another part. */
  readonly bounds: readonly (ClauseBound | null)[];
  /** The present state of the ensemble; null without states. */
  readonly state: string | null;
  /** Rules of the run no longer fire. */
  readonly ended: boolean;
}

/** The state of a run's rules, from the engine. */
export interface RulesState {
  readonly native: NativeRules;
  /** By index; null for the rule of a probe. */
  readonly rules: readonly (Rule | null)[];
  readonly metrics: readonly PlanMetric[];
  readonly state: string | null;
  readonly ended: boolean;
  /** Firings of each rule whose action did not begin. */
  readonly unperformed?: ReadonlyMap<number, number>;
}

/** Whether the condition of a rule lasts. The events of the others are moments. */
function lasts({ trigger }: Rule): boolean {
  return trigger.kind === 'metric' || trigger.kind === 'state';
}

function phaseOf(rule: Rule, { state }: RuleReport, standing: RuleStanding): RulePhase {
  const { repetitionsLeft, backoffLeft, ready } = standing;
  if (repetitionsLeft === 0) return 'exhausted';
  if (state === 'pending') return 'pending';
  const mayBeDue = state === 'firing' || !lasts(rule);
  return mayBeDue && (backoffLeft > 0 || ready !== null) ? 'held-back' : state;
}

/** The rules of a run as they stand, by their index. Rules of probes are left out. */
export function rulesNow({ native, rules, metrics, state, ended, unperformed }: RulesState): RuleNow[] {
  const values = new MetricValues(metrics, native.metrics);
  const facts = { valueOf: values.valueOf.bind(values), state };
  return readRuleReports(native, rules, metrics, unperformed).map((report) => {
    const rule = rules[report.rule] as Rule;
    const standing = readStanding(native, report.rule);
    return {
      report,
      ...standing,
      phase: phaseOf(rule, report, standing),
      in: rule.in,
      clauses: rule.when === null ? [] : clausesOf(rule.when, facts),
      bounds: rule.when === null ? [] : boundsOf(rule.when),
      state,
      ended,
    };
  });
}
