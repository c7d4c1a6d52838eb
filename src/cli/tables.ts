/** Tables of what is known of groups, as the terminal shows them. */

import Table from 'cli-table3';
import pc from 'picocolors';
import { escapeControls } from '../config/describe.js';
import type { Count } from '../config/types.js';
import type { MetricsSnapshot, SummaryValues } from '../metrics/metrics.js';
import { COUNTS } from '../metrics/names.js';

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

export const plainTable = {
  chars: {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
    left: '',
    'left-mid': '',
    mid: '',
    'mid-mid': '',
    right: '',
    'right-mid': '',
    middle: '  ',
  },
  style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
};

/** Four significant digits are enough to read; `--json` has them all. */
export function show(value: number | null | undefined): string {
  return value === null || value === undefined ? '-' : String(Number(value.toPrecision(4)));
}

export function countsTable(all: Iterable<[string, ShownGroup]>, colors: Colors): string {
  const groups = [...all];
  // Most files have no retries, and most terminals no room.
  const retried = groups.some(([, { count }]) => count.retried > 0);
  const shown = COUNTS.filter((count) => retried || count !== 'retried');
  const head = ['jobs', ...shown].map((title) => colors.bold(title));
  const table = new Table({
    ...plainTable,
    head,
    colAligns: ['left', ...shown.map(() => 'right' as const)],
  });
  for (const [name, { count }] of groups) {
    table.push([escapeControls(name), ...shown.map((key) => String(count[key]))]);
  }
  return table.toString();
}

const columns: readonly (keyof SummaryValues)[] = [
  'count',
  'mean',
  'variance',
  'min',
  'q25',
  'q50',
  'q75',
  'max',
  'iqr',
  'mad',
];

type Rows = readonly (readonly [variable: string, Readonly<Partial<SummaryValues>>])[];

/** Of those that were observed at all; empty when none was. */
function summaryTable(title: string, rows: Rows, colors: Colors): string {
  const observed = rows.filter(([, { count }]) => count);
  if (observed.length === 0) return '';
  const table = new Table({
    ...plainTable,
    head: [title, ...columns].map((text) => colors.bold(text)),
    colAligns: ['left', ...columns.map(() => 'right' as const)],
  });
  for (const [variable, values] of observed) {
    table.push([escapeControls(variable), ...columns.map((key) => show(values[key]))]);
  }
  return table.toString();
}

/** Times of the jobs, and below them what probes have measured, in units of their own. */
export function statisticsTable(groups: Iterable<[string, ShownGroup]>, colors: Colors): string {
  const all = [...groups];
  const times = all.flatMap(
    ([name, { pending, duration }]): Rows => [
      [`${name}-pending`, pending],
      [`${name}-duration`, duration],
    ],
  );
  const probed = all.flatMap(([name, { probes = {} }]) =>
    Object.entries(probes).map(([probe, values]) => [`${name}-${probe}`, values] as const),
  );
  const tables = [summaryTable('seconds', times, colors), summaryTable('measured', probed, colors)];
  return tables.filter((table) => table !== '').join('\n\n');
}

/** What rules look at and the other tables do not show: percentiles, windows, rates. Empty when there is nothing. */
export function namedTable(named: MetricsSnapshot['named'], colors: Colors): string {
  if (named.size === 0) return '';
  const head = ['metric', 'value'].map((title) => colors.bold(title));
  const table = new Table({ ...plainTable, head, colAligns: ['left', 'right'] });
  for (const [name, value] of named) table.push([escapeControls(name), show(value)]);
  return table.toString();
}
