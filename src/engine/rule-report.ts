/** The history of each rule of a run: how often it fired, what prevented it, and the state of its condition. */

import { describeDue } from '../language/rule-text.js';
import { metricSteps } from '../model/condition.js';
import type { Rule } from '../model/ensemble.js';
import { dividedBy, formatMetricName } from '../model/metric-names.js';
import type { RuleReport, ValuesReport } from '../model/rule-report.js';
import type { NativeRules } from './addon.js';
import type { PlanMetric } from './plan/plan.js';
import { splitParameters } from './plan/splits.js';
import { whyOf } from './rule-words.js';

/** The columns of a row of the engine. */
const RULE_COLUMNS = [
  'firings',
  'repetitionsLeft',
  'came',
  'cameAfterLast',
  'inBackoff',
  'inCooldown',
  'tooShort',
  'inOtherState',
  'pending',
  'holds',
  'probing',
  'backoffLeft',
  'since',
  'ready',
  'next',
  'resolved',
  'raised',
] as const;

type Row = Record<(typeof RULE_COLUMNS)[number], number>;

function rowAt(rows: Float64Array, index: number): Row {
  const row = {} as Row;
  for (const [place, column] of RULE_COLUMNS.entries()) {
    row[column] = rows[index * RULE_COLUMNS.length + place] ?? 0;
  }
  return row;
}

/** How often each rule has fired, and was resolved, by index. */
export function firingCounts({
  rows,
}: Pick<NativeRules, 'rows'>): { readonly firings: number; readonly resolved: number }[] {
  return Array.from({ length: rows.length / RULE_COLUMNS.length }, (_, index) => {
    const { firings, resolved } = rowAt(rows, index);
    return { firings, resolved };
  });
}

interface NamedMetric {
  readonly name: string;
  readonly fromZero: boolean;
}

const namedMetrics = new WeakMap<Rule, readonly NamedMetric[]>();

/** The metrics of a rule's condition. */
function metricsOf(rule: Rule): readonly NamedMetric[] {
  let found = namedMetrics.get(rule);
  if (found === undefined) {
    found = metricSteps(rule.when)
      .filter(({ metric }) => dividedBy(metric) === null)
      .map(({ metric, fromZero }) => ({ name: formatMetricName(metric), fromZero }));
    namedMetrics.set(rule, found);
  }
  return found;
}

/** The values of parameters for each of which there are rules. */
class Divisions {
  readonly #native: NativeRules;
  readonly #parameters: readonly string[];
  /** By the index of the parameter, the divided rules and the names of the divided metrics, in the engine's order. */
  readonly #rules: readonly (readonly number[])[];
  readonly #metrics: readonly (readonly string[])[];

  constructor(native: NativeRules, rules: readonly (Rule | null)[], metrics: readonly PlanMetric[]) {
    this.#native = native;
    this.#parameters = splitParameters(rules.filter((rule) => rule !== null));
    const indexes = [...this.#parameters.keys()];
    this.#rules = this.#parameters.map((parameter) =>
      [...rules.keys()].filter((index) => rules[index]?.by === parameter),
    );
    this.#metrics = indexes.map((index) =>
      metrics.filter(({ split }) => split === index).map(({ name }) => name),
    );
  }

  /** The values of a rule; null for a rule without a parameter. */
  of({ by, when }: Rule, rule: number): ValuesReport | null {
    const index = by === null ? -1 : this.#parameters.indexOf(by);
    const split = this.#native.splits[index];
    const [rules = [], names = []] = [this.#rules[index], this.#metrics[index]];
    if (by === null || split === undefined) return null;
    const own = new Set(metricSteps(when).map(({ metric }) => formatMetricName(metric)));
    const numberAt = (place: number) => {
      const value = split.metrics[place] ?? Number.NaN;
      return Number.isFinite(value) ? value : null;
    };
    const values = split.values.map((json, row) => ({
      value: JSON.parse(json),
      firings: split.firings[row * rules.length + rules.indexOf(rule)] ?? 0,
      metrics: Object.fromEntries(
        names.flatMap((name, column) =>
          own.has(name) ? [[name, numberAt(row * names.length + column)]] : [],
        ),
      ),
    }));
    return { parameter: by, values, beyond: split.beyond, without: split.without };
  }
}

/** The values of the plan's metrics by name: counts that begin at 0, and all others. */
export class MetricValues {
  readonly #ofAll = new Map<string, number | null>();
  readonly #fromZero = new Map<string, number | null>();

  constructor(metrics: readonly PlanMetric[], values: Float64Array) {
    for (const [index, { name, fromZero }] of metrics.entries()) {
      const value = values[index];
      const known = value === undefined || Number.isNaN(value) ? null : value;
      (fromZero ? this.#fromZero : this.#ofAll).set(name, known);
    }
  }

  valueOf(name: string, fromZero: boolean): number | null {
    const counted = fromZero ? this.#fromZero.get(name) : undefined;
    return counted ?? this.#ofAll.get(name) ?? null;
  }

  of(rule: Rule): RuleReport['values'] {
    const values: Record<string, number | null> = {};
    for (const { name, fromZero } of metricsOf(rule)) values[name] = this.valueOf(name, fromZero);
    return values;
  }
}

/** Where a rule stands: what may hold it back from now on, and when time alone evaluates it. */
export interface RuleStanding {
  readonly repetitionsLeft: number;
  /** How often it is skipped when it is due. */
  readonly backoffLeft: number;
  /** Since when its condition or its state lasts, but not for long enough; in seconds since the epoch, null otherwise. */
  readonly since: number | null;
  /** The end of its cooldown; null outside of one. */
  readonly ready: number | null;
  /** When time alone evaluates it next; null for no such time. */
  readonly next: number | null;
}

/** Reads where a rule stands. Throws RangeError for an unknown index. */
export function readStanding({ rows }: NativeRules, index: number): RuleStanding {
  if ((index + 1) * RULE_COLUMNS.length > rows.length) throw new RangeError(`unknown rule ${index}`);
  const { repetitionsLeft, backoffLeft, since, ready, next } = rowAt(rows, index);
  const known = (time: number) => (Number.isNaN(time) ? null : time);
  return { repetitionsLeft, backoffLeft, since: known(since), ready: known(ready), next: known(next) };
}

/**
 * The reports of rules, from those of the engine; null stands for a rule of a probe. `unperformed` has the number
 * of firings of each rule whose action did not begin.
 */
export function readRuleReports(
  native: NativeRules,
  rules: readonly (Rule | null)[],
  names: readonly PlanMetric[],
  unperformed: ReadonlyMap<number, number> = new Map(),
): RuleReport[] {
  const values = new MetricValues(names, native.metrics);
  const divisions = new Divisions(native, rules, names);
  return [...rules.entries()].flatMap(([index, rule]) => {
    const numbers = rule === null ? null : ruleNumbers(native, index);
    const left = unperformed.get(index) ?? 0;
    return rule === null || numbers === null
      ? []
      : [readRuleReport(rule, index, numbers, values.of(rule), left, divisions.of(rule, index))];
  });
}

/** The numbers of the engine about a rule, which are all that changes in its report; null for an unknown index. */
export function ruleNumbers({ rows }: Pick<NativeRules, 'rows'>, index: number): Float64Array | null {
  const [from, to] = [index * RULE_COLUMNS.length, (index + 1) * RULE_COLUMNS.length];
  return to > rows.length ? null : rows.subarray(from, to);
}

/** The report of a rule from its numbers and the values of its metrics. */
export function readRuleReport(
  rule: Rule,
  index: number,
  numbers: Float64Array,
  values: RuleReport['values'],
  unperformed: number,
  by: ValuesReport | null = null,
): RuleReport {
  const row = rowAt(numbers, 0);
  const report = {
    rule: index,
    name: rule.title,
    algorithm: rule.algorithm,
    due: describeDue(rule),
    firings: row.firings,
    resolved: row.resolved,
    state: stateOf(row),
    came: row.came,
    heldBack: {
      repetitions: row.cameAfterLast,
      backoff: row.inBackoff,
      cooldown: row.inCooldown,
      for: row.tooShort,
      state: row.inOtherState,
      end: unperformed,
    },
    values,
    by,
  };
  return { ...report, why: whyOf(rule, report) };
}

function stateOf({ pending, holds }: Row): RuleReport['state'] {
  if (pending === 1) return 'pending';
  return holds === 1 ? 'firing' : 'inactive';
}
