/** What a run prints for people: ensemble-python's lines as it goes, and a table at its end. */

import type { ActionReport, EnsembleObserver } from '../actions/context.js';
import { describeRetry } from '../actions/retry.js';
import { escapeControls } from '../config/describe.js';
import type { EnsembleConfig } from '../config/types.js';
import type { DecodeError } from '../engine/addon.js';
import type { RunResult } from '../ensemble.js';
import type { Firing } from '../firing.js';
import { formatJobId } from '../members/local/job-id.js';
import type { ResizeOutcome } from '../members/member.js';
import type { MetricsSnapshot } from '../metrics/metrics.js';
import type { ReplayResult } from '../recording/replay.js';
import type { ReplayReporter, Reporter } from './json-report.js';
import { isoTime, plannedAction } from './planned-action.js';
import { type Colors, colorsFor, countsTable, namedTable, show, statisticsTable } from './tables.js';

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
    case 'plugin':
      return line(report.name);
    case 'terminate':
      return line('terminate ensemble session');
    case 'goto':
      return line(`go to ${escapeControls(report.state)}`);
  }
}

function describeSizes({ before, after, note }: ResizeOutcome): string {
  return escapeControls(note ?? `from ${before} to ${after}`);
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
  if (metrics.groups.size > 0) print(countsTable(metrics.groups, colors));
  const statistics = statisticsTable(metrics.groups, colors);
  if (statistics !== '') print(`\n${statistics}`);
  const named = namedTable(metrics.named, colors);
  if (named !== '') print(`\n${named}`);
  const { events, firings, decodeErrors, lostJobs, state } = metrics.status;
  const broken = decodeErrors === 0 ? '' : `, ${decodeErrors} broken records`;
  const lost = lostJobs === 0 ? '' : `, ${lostJobs} jobs ended unseen`;
  const where = state === null ? '' : ` in state ${escapeControls(state)}`;
  print(colors.dim(`\n${ending}${where}: ${events} events, ${firings} firings${broken}${lost}`));
}

/** Where a firing led, if anywhere. */
function printStep({ state, goto }: Firing, colors: Colors): void {
  if (goto !== null) print(colors.cyan(`   state ${escapeControls(`${state} -> ${goto}`)}`));
}

/** The rule's name, and of which algorithm it is. */
function nameOf({ name, algorithm }: Firing): string {
  return escapeControls(algorithm === null ? name : `${name} (${algorithm})`);
}

/** Reports a run as text; with `debug`, every journal record too. */
export function textReporter(debug: boolean): Reporter {
  const colors = colorsFor(process.stdout);
  const observer: EnsembleObserver = {
    firing: (firing) => {
      print(colors.blue(` => ${firing.askedBy === null ? 'trigger ' : ''}${nameOf(firing)}`));
      printStep(firing, colors);
    },
    paused: (paused, askedBy) =>
      print(colors.blue(` => ${paused ? 'paused' : 'resumed'}, asked by ${escapeControls(askedBy)}`)),
    action: (report) => print(describeAction(report, colors)),
    retry: (retry, text) => {
      print(colors.blue(` => retry ${retry.attempt} of job ${formatJobId(retry.job)}`));
      print(`${colors.cyan(`   submit ${escapeControls(retry.group)}`)} ${colors.magenta(text)}`);
    },
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
      const rule = config?.rules[firing.rule];
      print(colors.blue(` => trigger ${nameOf(firing)} at ${isoTime(firing.timestamp)}`));
      printStep(firing, colors);
      if (rule === undefined || config === undefined || rule.action.name === 'goto') return;
      print(colors.cyan(`   would ${plannedAction(rule, config).replaceAll('\n', '\n   ')}`));
    },
    retry: (retry) => {
      print(
        colors.blue(
          ` => retry ${retry.attempt} of job ${formatJobId(retry.job)} at ${isoTime(retry.timestamp)}`,
        ),
      );
      const text = config === undefined ? '' : describeRetry(retry, config);
      print(colors.cyan(`   would submit ${escapeControls(retry.group)} ${text}`));
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
