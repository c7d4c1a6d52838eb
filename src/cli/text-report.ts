/** What a run prints for people: ensemble-python's lines as it goes, and a table at its end. */

import Table from 'cli-table3';
import pc from 'picocolors';
import type { ActionReport, EnsembleObserver } from '../actions/context.js';
import { escapeControls } from '../config/describe.js';
import type { RunResult } from '../ensemble.js';
import type { MetricsSnapshot, SummaryValues } from '../metrics/metrics.js';
import { COUNTS } from '../metrics/names.js';
import type { Reporter } from './json-report.js';

type Colors = ReturnType<typeof pc.createColors>;

/** Colours on a terminal only, and not where NO_COLOR is set (no-color.org). */
function colorsFor(stream: NodeJS.WriteStream): Colors {
  return pc.createColors(stream.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb');
}

const decoder = new TextDecoder();

function describeAction(report: ActionReport, colors: Colors): string {
  const line = (text: string) => colors.cyan(`   ${text}`);
  switch (report.kind) {
    case 'submit':
      return `${line(`submit ${escapeControls(report.group)}`)} ${colors.magenta(report.text.replaceAll('\n', '\n   '))}`;
    case 'cancel':
      return `${line(`cancel ${escapeControls(report.group)}`)} (${report.jobs} jobs)`;
    case 'urgency':
      return `${line(`urgency ${escapeControls(report.group)}`)} (${report.value}, ${report.jobs} jobs)`;
    case 'grow':
    case 'shrink':
      return `${line(report.kind)} (from ${report.before} to ${report.after})`;
    case 'custom':
      return line(`custom ${report.label}`);
    case 'terminate':
      return line('terminate ensemble session');
  }
}

const plainTable = {
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
function show(value: number | null): string {
  return value === null ? '-' : String(Number(value.toPrecision(4)));
}

function countsTable(metrics: MetricsSnapshot, colors: Colors): string {
  const head = ['jobs', ...COUNTS].map((title) => colors.bold(title));
  const table = new Table({
    ...plainTable,
    head,
    colAligns: ['left', ...COUNTS.map(() => 'right' as const)],
  });
  for (const [name, { count }] of metrics.groups) {
    table.push([escapeControls(name), ...COUNTS.map((key) => String(count[key]))]);
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

function statisticsTable(metrics: MetricsSnapshot, colors: Colors): string {
  const head = ['seconds', ...columns].map((title) => colors.bold(title));
  const table = new Table({
    ...plainTable,
    head,
    colAligns: ['left', ...columns.map(() => 'right' as const)],
  });
  for (const [name, group] of metrics.groups) {
    for (const variable of ['pending', 'duration'] as const) {
      if (group[variable].count === 0) continue;
      table.push([
        `${escapeControls(name)}-${variable}`,
        ...columns.map((key) => show(group[variable][key])),
      ]);
    }
  }
  return table.length === 0 ? '' : table.toString();
}

const endings: Readonly<Record<RunResult['end'], string>> = {
  idle: 'nothing left to do',
  terminated: 'terminated by a rule',
  interrupted: 'interrupted',
  stopped: 'stopped by a failed action',
  failed: 'the member failed',
};

/** Reports a run as text; with `debug`, every journal record too. */
export function textReporter(debug: boolean): Reporter {
  const out = colorsFor(process.stdout);
  const err = colorsFor(process.stderr);
  const print = (text: string) => process.stdout.write(`${text}\n`);
  const complain = (text: string) => process.stderr.write(`${err.red('ensemble: error:')} ${text}\n`);
  const observer: EnsembleObserver = {
    firing: ({ name }) => print(out.blue(` => trigger ${escapeControls(name)}`)),
    action: (report) => print(describeAction(report, out)),
    problem: (error) => complain(`${error.message} [${error.code}]`),
    decodeError: ({ offset, line, reason }) =>
      complain(`the journal's line ${line} (byte ${offset}) is no record and was left out: ${reason}`),
  };
  if (debug) observer.records = (lines) => process.stdout.write(decoder.decode(lines));
  return {
    observer,
    finish: ({ end, error, metrics }, seconds) => {
      if (error !== null && end === 'failed') complain(`${error.message} [${error.code}]`);
      print('');
      print(countsTable(metrics, out));
      const statistics = statisticsTable(metrics, out);
      if (statistics !== '') print(`\n${statistics}`);
      const { events, firings, decodeErrors, lostJobs } = metrics.status;
      const broken = decodeErrors === 0 ? '' : `, ${decodeErrors} broken records`;
      const lost = lostJobs === 0 ? '' : `, ${lostJobs} jobs ended unseen`;
      print(
        out.dim(
          `\n${endings[end]} after ${show(seconds)} s: ${events} events, ${firings} firings${broken}${lost}`,
        ),
      );
    },
  };
}
