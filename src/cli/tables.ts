/** Tables of what is known of groups, as the terminal shows them. */

import pc from 'picocolors';
import { COUNTS, type Count } from '../model/metric-names.js';
import type { MetricsSnapshot, SummaryValues } from '../model/metrics.js';
import { escapeControls } from '../text/describe.js';
import { show } from '../text/show.js';
import { type Column, type Table, type TableLayout, tableLines } from '../text/table.js';

export type Colors = ReturnType<typeof pc.createColors>;

/** What the tables show of a group; a statistic that is missing has no value. */
export interface ShownGroup {
  readonly count: Readonly<Record<Count, number>>;
  readonly duration: Readonly<Partial<SummaryValues>>;
  readonly pending: Readonly<Partial<SummaryValues>>;
  readonly probes?: Readonly<Record<string, Readonly<Partial<SummaryValues>>>>;
}

/** Colours on a terminal only, and not where NO_COLOR is set (no-color.org). */
export function colorsFor(stream: NodeJS.WriteStream): Colors {
  return pc.createColors(stream.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb');
}

/** How tables are laid out on a stream: as wide as they are, but on a terminal no wider than that. */
export function layoutFor(stream: NodeJS.WriteStream, narrow: TableLayout['narrow']): TableLayout {
  const { bold } = colorsFor(stream);
  return { width: stream.isTTY ? stream.columns || 80 : Number.POSITIVE_INFINITY, narrow, bold };
}

/** Those that can be spared, the most important one first. How many jobs failed, wait and run is always there. */
const spareCounts: readonly Count[] = [
  'success',
  'submitted',
  'finished',
  'canceled',
  'retried',
  'timeout',
  'exception',
];

function countColumn(count: Count): Column {
  const spare = spareCounts.indexOf(count);
  return { title: count, align: 'right', ...(spare < 0 ? {} : { spare, nothing: '0' }) };
}

/** How many jobs of each group there were and are. */
export function countsTable(all: Iterable<[string, ShownGroup]>): Table {
  const groups = [...all];
  // Most files have no retries, and most terminals no room.
  const retried = groups.some(([, { count }]) => count.retried > 0);
  const shown = COUNTS.filter((count) => retried || count !== 'retried');
  return {
    columns: [{ title: 'jobs', align: 'left' }, ...shown.map(countColumn)],
    rows: groups.map(([name, { count }]) => [
      escapeControls(name),
      ...shown.map((key) => String(count[key])),
    ]),
  };
}

const statistics = ['count', 'mean', 'variance', 'min', 'q25', 'q50', 'q75', 'max', 'iqr', 'mad'] as const;
/** The same of statistics. */
const spareStatistics = ['q50', 'max', 'min', 'q75', 'q25', 'variance', 'iqr', 'mad'] as const;

function statisticColumn(statistic: (typeof statistics)[number]): Column {
  const spare = (spareStatistics as readonly string[]).indexOf(statistic);
  return { title: statistic, align: 'right', ...(spare < 0 ? {} : { spare, nothing: '-' }) };
}

type Rows = readonly (readonly [variable: string, Readonly<Partial<SummaryValues>>])[];

/** Of those that were observed at all. */
function summaryTable(title: string, rows: Rows): Table {
  return {
    columns: [{ title, align: 'left' }, ...statistics.map(statisticColumn)],
    rows: rows
      .filter(([, { count }]) => count)
      .map(([variable, values]) => [escapeControls(variable), ...statistics.map((key) => show(values[key]))]),
  };
}

/** Times of the jobs, and what probes have measured, in units of their own. */
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

/** What rules look at and the other tables do not show: percentiles, windows, rates. */
function namedTable(named: MetricsSnapshot['named']): Table {
  return {
    columns: [
      { title: 'metric', align: 'left' },
      { title: 'value', align: 'right' },
    ],
    rows: [...named].map(([name, value]) => [escapeControls(name), show(value)]),
  };
}

/** All that is known of groups, as the lines of tables with an empty line between two. */
export function* groupLines(
  all: Iterable<[string, ShownGroup]>,
  named: MetricsSnapshot['named'],
  layout: TableLayout,
): Generator<string> {
  const groups = [...all];
  // Each is made when the one before has been shown: a view may have no room for it.
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
