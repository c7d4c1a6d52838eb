/** Tables of groups for the terminal. */

import pc from 'picocolors';
import { COUNTS, type Count, STATISTICS } from '../model/metric-names.js';
import type { MetricsSnapshot, SummaryValues } from '../model/metrics.js';
import { escapeControls } from '../text/describe.js';
import { show } from '../text/show.js';
import { type Column, type Table, type TableLayout, tableLines } from '../text/table.js';

export type Colors = ReturnType<typeof pc.createColors>;

/** The fields of a group that the tables show. A missing statistic is shown as empty. */
export interface ShownGroup {
  readonly count: Readonly<Record<Count, number>>;
  readonly duration: Readonly<Partial<SummaryValues>>;
  readonly pending: Readonly<Partial<SummaryValues>>;
  readonly probes?: Readonly<Record<string, Readonly<Partial<SummaryValues>>>>;
}

/** Returns colours on a terminal, unless NO_COLOR is set (no-color.org). */
export function colorsFor(stream: NodeJS.WriteStream): Colors {
  return pc.createColors(stream.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb');
}

/** Returns the layout of tables on a stream. Their width is limited only on a terminal. */
export function layoutFor(stream: NodeJS.WriteStream, narrow: TableLayout['narrow']): TableLayout {
  const { bold } = colorsFor(stream);
  return { width: stream.isTTY ? stream.columns || 80 : Number.POSITIVE_INFINITY, narrow, bold };
}

/** Counts that are always shown: how many jobs failed, wait and run. */
const NEEDED_COUNTS: readonly Count[] = ['failed', 'pending', 'running'];
/** Counts that are shown only where they are not zero, to save space. */
const RARE_COUNTS: readonly Count[] = ['retried', 'queued'];
/** Counts that a narrow table leaves out, the most important one first. */
const spareCounts = ordered(COUNTS, ['success', 'submitted', 'finished', 'canceled', 'retried']).filter(
  (name) => !NEEDED_COUNTS.includes(name),
);

/** The names with some of them moved to the front. */
function ordered<Name>(names: readonly Name[], first: readonly NoInfer<Name>[]): Name[] {
  return [...new Set([...first, ...names])];
}

function countColumn(count: Count): Column {
  const spare = spareCounts.indexOf(count);
  return { title: count, align: 'right', ...(spare < 0 ? {} : { spare, nothing: '0' }) };
}

/** Returns the counts of jobs in each group. */
export function countsTable(all: Iterable<[string, ShownGroup]>): Table {
  const groups = [...all];
  const shown = COUNTS.filter(
    (name) => !RARE_COUNTS.includes(name) || groups.some(([, { count }]) => count[name] > 0),
  );
  return {
    columns: [{ title: 'jobs', align: 'left' }, ...shown.map(countColumn)],
    rows: groups.map(([name, { count }]) => [
      escapeControls(name),
      ...shown.map((key) => String(count[key])),
    ]),
  };
}

/** The columns of a table of statistics, in their order. */
const statistics = [
  'count' as const,
  ...ordered(STATISTICS, ['mean', 'variance', 'min', 'q25', 'q50', 'q75', 'max']),
];
/** Statistics that a narrow table leaves out, the most important one first. */
const spareStatistics = ordered(STATISTICS, ['q50', 'max', 'min', 'q75', 'q25', 'variance']).filter(
  (name) => name !== 'mean',
);

function statisticColumn(statistic: (typeof statistics)[number]): Column {
  const spare = (spareStatistics as readonly string[]).indexOf(statistic);
  return { title: statistic, align: 'right', ...(spare < 0 ? {} : { spare, nothing: '-' }) };
}

type Rows = readonly (readonly [variable: string, Readonly<Partial<SummaryValues>>])[];

/** Returns a table of statistics. */
function summaryTable(title: string, rows: Rows): Table {
  return {
    columns: [{ title, align: 'left' }, ...statistics.map(statisticColumn)],
    rows: rows
      .filter(([, { count }]) => count)
      .map(([variable, values]) => [escapeControls(variable), ...statistics.map((key) => show(values[key]))]),
  };
}

/** Returns tables of the times of jobs, and of the values of probes in their own units. */
function statisticsTables(groups: readonly [string, ShownGroup][]): Table[] {
  const times = groups.flatMap(
    ([name, { pending, duration }]): Rows => [
      [`${name}-pending`, pending],
      [`${name}-duration`, duration],
    ],
  );
  const probed = groups.flatMap(([name, { probes = {} }]) =>
    Object.entries(probes).map(([probe, values]) => [`${name}-${probe}`, values] as const),
  );
  return [summaryTable('seconds', times), summaryTable('measured', probed)];
}

/** Returns a table of metrics that only rules name: percentiles, windows, rates. */
function namedTable(named: MetricsSnapshot['named']): Table {
  return {
    columns: [
      { title: 'metric', align: 'left' },
      { title: 'value', align: 'right' },
    ],
    rows: [...named].map(([name, value]) => [escapeControls(name), show(value)]),
  };
}

/** Yields the lines of all tables, separated by empty lines. */
export function* groupLines(
  all: Iterable<[string, ShownGroup]>,
  named: MetricsSnapshot['named'],
  layout: TableLayout,
): Generator<string> {
  const groups = [...all];
  // A table is computed only after the previous one was shown, because a view may not have room for it.
  const tables = [() => [countsTable(groups)], () => statisticsTables(groups), () => [namedTable(named)]];
  let isFirst = true;
  for (const make of tables) {
    for (const table of make()) {
      if (table.rows.length === 0) continue;
      if (!isFirst) yield '';
      isFirst = false;
      yield* tableLines(table, layout);
    }
  }
}
