/** What a run prints for people: ensemble-python's lines as it goes, and a table at its end. */

import Table from 'cli-table3';
import pc from 'picocolors';
import type { ActionReport, EnsembleObserver } from '../actions/context.js';
import { escapeControls } from '../config/describe.js';
import type { EnsembleConfig } from '../config/types.js';
import type { DecodeError } from '../engine/addon.js';
import type { RunResult } from '../ensemble.js';
import type { ResizeOutcome } from '../members/member.js';
import type { MetricsSnapshot, SummaryValues } from '../metrics/metrics.js';
import { COUNTS } from '../metrics/names.js';
import type { ReplayResult } from '../recording/replay.js';
import type { ReplayReporter, Reporter } from './json-report.js';
import { isoTime, plannedAction } from './planned-action.js';

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
      return `${line(report.kind)} (${describeSizes(report)})`;
    case 'custom':
      return line(`custom ${report.label}`);
    case 'exec':
      return line(`exec ${escapeControls(report.command)}`);
    case 'terminate':
      return line('terminate ensemble session');
  }
}

function describeSizes({ before, after, note }: ResizeOutcome): string {
  return escapeControls(note ?? `from ${before} to ${after}`);
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

const replayEndings: Readonly<Record<ReplayResult['end'], string>> = {
  replayed: 'replayed',
  terminated: 'replayed (a rule would have ended the run)',
  interrupted: 'interrupted',
  failed: 'not read to its end',
};

const print = (text: string) => process.stdout.write(`${text}\n`);

function complain(text: string): void {
  process.stderr.write(`${colorsFor(process.stderr).red('ensemble: error:')} ${text}\n`);
}

function complainOfRecord({ offset, line, reason }: DecodeError): void {
  complain(`the journal's line ${line} (byte ${offset}) is no record and was left out: ${reason}`);
}

/** The tables, and one line that says how it ended and how much there was. */
function printResult(metrics: MetricsSnapshot, ending: string, colors: Colors): void {
  print('');
  if (metrics.groups.size > 0) print(countsTable(metrics, colors));
  const statistics = statisticsTable(metrics, colors);
  if (statistics !== '') print(`\n${statistics}`);
  const { events, firings, decodeErrors, lostJobs } = metrics.status;
  const broken = decodeErrors === 0 ? '' : `, ${decodeErrors} broken records`;
  const lost = lostJobs === 0 ? '' : `, ${lostJobs} jobs ended unseen`;
  print(colors.dim(`\n${ending}: ${events} events, ${firings} firings${broken}${lost}`));
}

/** Reports a run as text; with `debug`, every journal record too. */
export function textReporter(debug: boolean): Reporter {
  const colors = colorsFor(process.stdout);
  const observer: EnsembleObserver = {
    firing: ({ name }) => print(colors.blue(` => trigger ${escapeControls(name)}`)),
    action: (report) => print(describeAction(report, colors)),
    output: (line) => print(`   ${escapeControls(line)}`),
    problem: (error) => complain(`${error.message} [${error.code}]`),
    decodeError: complainOfRecord,
  };
  if (debug) observer.records = (lines) => process.stdout.write(decoder.decode(lines));
  return {
    observer,
    finish: ({ end, error, metrics }, seconds) => {
      if (error !== null && end === 'failed') complain(`${error.message} [${error.code}]`);
      printResult(metrics, `${endings[end]} after ${show(seconds)} s`, colors);
    },
  };
}

/** Reports a replay as text. */
export function textReplayReporter(config: EnsembleConfig | undefined): ReplayReporter {
  const colors = colorsFor(process.stdout);
  return {
    firing: (firing) => {
      const action = config?.rules[firing.rule]?.action;
      print(colors.blue(` => trigger ${escapeControls(firing.name)} at ${isoTime(firing.timestamp)}`));
      if (action === undefined || config === undefined) return;
      print(colors.cyan(`   would ${plannedAction(action, config).replaceAll('\n', '\n   ')}`));
    },
    decodeError: complainOfRecord,
    finish: ({ end, error, metrics }) => {
      if (error !== null) complain(`${error.message} [${error.code}]`);
      const { earliest, latest } = metrics.status;
      const span = latest === 0 ? '' : `, ${isoTime(earliest)} to ${isoTime(latest)}`;
      if (latest !== 0 && metrics.groups.size === 0)
        print('no job of it names a group (attributes.user.group)');
      printResult(metrics, `${replayEndings[end]}${span}`, colors);
    },
  };
}
