/** Tables of the values of parameters for each of which there are rules. */

import { BY_PARAMETER } from '../model/metric-names.js';
import type { RuleReport, ValuesReport } from '../model/rule-report.js';
import { counted } from '../text/counted.js';
import { escapeControls } from '../text/describe.js';
import { show } from '../text/show.js';
import { type Column, type TableLayout, tableLines } from '../text/table.js';

/** Maximum values in a table. */
const MAX_ROWS = 20;
/** Longest name of a rule in a title. */
const MAX_NAME = 20;

type DividedRule = RuleReport & { readonly by: ValuesReport };

const isDivided = (rule: RuleReport): rule is DividedRule => rule.by !== null;

/** Yields the lines of a table for each parameter: the metrics and the firings of its values. Nothing without values. */
export function* valueLines(reports: readonly RuleReport[], layout: TableLayout): Generator<string> {
  const divided = reports.filter(isDivided);
  for (const parameter of new Set(divided.map(({ by }) => by.parameter))) {
    const rules = divided.filter(({ by }) => by.parameter === parameter);
    yield* linesOf(parameter, rules, layout);
  }
}

/** The lines of one parameter. All its rules have the same values. */
function* linesOf(parameter: string, rules: readonly DividedRule[], layout: TableLayout): Generator<string> {
  const { values = [], beyond = 0, without = 0 } = rules[0]?.by ?? {};
  const order = values
    .map((_, index) => ({ index, firings: rules.reduce((sum, { by }) => sum + firingsOf(by, index), 0) }))
    .sort((a, b) => (values.length > MAX_ROWS ? b.firings - a.firings : 0))
    .slice(0, MAX_ROWS);
  const metrics = [...new Set(rules.flatMap(({ by }) => Object.keys(by.values[0]?.metrics ?? {})))];
  const metricOf = (name: string, index: number) => {
    const owner = rules.find(({ by }) => Object.hasOwn(by.values[index]?.metrics ?? {}, name));
    return owner?.by.values[index]?.metrics[name] ?? null;
  };
  const columns: Column[] = [
    { title: `${BY_PARAMETER}${escapeControls(parameter)}`, align: 'right' },
    ...metrics.map(
      (name) => ({ title: escapeControls(shortName(name, parameter)), align: 'right' }) as const,
    ),
    ...rules.map((rule) => ({ title: firingsTitle(rule, rules), align: 'right' }) as const),
  ];
  const rows = order.map(({ index }) => [
    escapeControls(String(values[index]?.value)),
    ...metrics.map((name) => show(metricOf(name, index) ?? undefined)),
    ...rules.map(({ by }) => String(firingsOf(by, index))),
  ]);
  if (rows.length > 0) {
    yield '';
    yield* tableLines({ columns, rows }, layout);
  }
  const more = values.length - rows.length;
  if (more > 0) yield `... and ${counted(more, 'value')} more, which --json has`;
  const what = escapeControls(parameter);
  if (beyond > 0)
    yield `${counted(beyond, 'job')} had values of ${what} after the first ${values.length}, which have no rules`;
  if (without > 0) yield `${counted(without, 'job')} had no ${what}`;
}

const firingsOf = ({ values }: ValuesReport, index: number) => values[index]?.firings ?? 0;

/** `count(melt.failed)` for `count(melt.failed, by parameters.T)`. */
function shortName(name: string, parameter: string): string {
  return name.replace(`, by ${BY_PARAMETER}${parameter}`, '');
}

/** A long name is that of a condition, which the table has no room for. */
function firingsTitle({ name, rule }: RuleReport, rules: readonly RuleReport[]): string {
  if (rules.length === 1) return 'firings';
  return `firings of ${name.length > MAX_NAME ? `rules[${rule}]` : escapeControls(name)}`;
}
