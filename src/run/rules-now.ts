/** The rules of a run as they stand: their conditions with the present values, and the obstacles to their firing. */

import type { NativeRules } from '../engine/addon.js';
import type { PlanMetric } from '../engine/plan/plan.js';
import {
  MetricValues,
  type RuleStanding,
  readRuleReport,
  readStanding,
  ruleNumbers,
} from '../engine/rule-report.js';
import { type Clause, clausesOf } from '../language/clauses.js';
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
export function rulesNow(state: RulesState): RuleNow[] {
  return new RulesView().take(state);
}

interface Known {
  readonly numbers: Float64Array;
  readonly now: RuleNow;
}

/** The rules of a run as they stand, again and again: a rule without a change is the same object as before. */
export class RulesView {
  readonly #known = new Map<number, Known>();
  /** The facts that concern all rules. */
  #common = '';

  /** The rules by their index. Rules of probes are left out. */
  take(state: RulesState): RuleNow[] {
    const { native, rules, metrics, state: present, ended, unperformed = new Map<number, number>() } = state;
    const common = JSON.stringify([present, ended, [...unperformed]]);
    if (common !== this.#common) this.#known.clear();
    this.#common = common;
    const values = new MetricValues(metrics, native.metrics);
    const all: RuleNow[] = [];
    for (const [index, rule] of rules.entries()) {
      const numbers = rule === null ? null : ruleNumbers(native, index);
      if (rule === null || numbers === null) continue;
      const ofRule = values.of(rule);
      const known = this.#known.get(index);
      if (known !== undefined && isSame(known, numbers, ofRule)) {
        all.push(known.now);
        continue;
      }
      const report = readRuleReport(rule, index, numbers, ofRule, unperformed.get(index) ?? 0);
      const now = nowOf(rule, report, values, state);
      // A copy, because the numbers are a part of those of all rules.
      this.#known.set(index, { numbers: numbers.slice(), now });
      all.push(now);
    }
    return all;
  }
}

function isSame({ numbers, now }: Known, others: Float64Array, values: RuleReport['values']): boolean {
  if (!numbers.every((number, i) => Object.is(number, others[i]))) return false;
  return Object.entries(values).every(([name, value]) => Object.is(now.report.values[name], value));
}

function nowOf(
  rule: Rule,
  report: RuleReport,
  values: MetricValues,
  { native, state, ended }: RulesState,
): RuleNow {
  const standing = readStanding(native, report.rule);
  const facts = { valueOf: values.valueOf.bind(values), state };
  return {
    report,
    ...standing,
    phase: phaseOf(rule, report, standing),
    in: rule.in,
    clauses: rule.when === null ? [] : clausesOf(rule.when, facts),
    state,
    ended,
  };
}
