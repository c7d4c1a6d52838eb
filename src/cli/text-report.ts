/** The text output of a run: ensemble-python's lines while it runs, and tables at the end. */

import { kindOfReport } from '../actions/catalog.js';
import type { DecodeError } from '../engine/addon.js';
import type { ActionReport } from '../model/action.js';
import { describeEndedBy } from '../model/ended-by.js';
import { actionFor, type EnsembleConfig } from '../model/ensemble.js';
import type { Firing } from '../model/firing.js';
import { formatJobId } from '../model/job-id.js';
import type { EnsembleObserver } from '../model/observer.js';
import type { ReplayResult } from '../recording/replay.js';
import type { RunResult } from '../run/result.js';
import { describeRetry } from '../run/retries.js';
import { counted } from '../text/counted.js';
import { escapeControls, escapeMessage } from '../text/describe.js';
import { show } from '../text/show.js';
import { flow } from '../text/width.js';
import { failureLine, failureLines } from './failure-lines.js';
import type { ReplayReporter, Reporter } from './json-report.js';
import { leftLines, limitLines, requestLines, skippedLines } from './left-lines.js';
import { complain, complainOf, print, printError, printLines, printText } from './output.js';
import { isoTime, plannedAction } from './planned-action.js';
import { heldBackLines, neverFiredLines } from './rule-lines.js';
import { searchLines } from './search-lines.js';
import { type Colors, colorsFor, groupLines, layoutFor } from './tables.js';
import { valueLines } from './value-tables.js';

const decoder = new TextDecoder();

function describeAction(report: ActionReport, colors: Colors): string {
  const { what, note, jobs } = kindOfReport(report).words.line(report);
  return [
    colors.cyan(`   ${escapeControls(what)}`),
    ...(note === undefined ? [] : [`(${escapeControls(note)})`]),
    ...(jobs === undefined ? [] : [colors.magenta(jobs.replaceAll('\n', '\n   '))]),
  ].join(' ');
}

/** Describes the end of a run. */
function endingOf({ end, by, error }: RunResult): string {
  const whom = by === null ? '' : escapeControls(describeEndedBy(by));
  switch (end) {
    case 'idle':
      return 'nothing left to do';
    case 'terminated':
      return `terminated by ${whom}`;
    case 'stopped':
      return `stopped by a failed action of ${whom}`;
    case 'interrupted':
      return 'interrupted';
    case 'failed':
      return error?.code === 'ERR_RUN' ? 'the log of the run failed' : 'the member failed';
  }
}

/** Describes the end of a replay. */
function endingOfReplay({ end, by }: ReplayResult): string {
  switch (end) {
    case 'replayed':
      return 'replayed';
    case 'terminated':
      return by === null
        ? 'replayed'
        : `replayed (${escapeControls(describeEndedBy(by))} would have ended the run)`;
    case 'interrupted':
      return 'interrupted';
    case 'failed':
      return 'not read to its end';
  }
}

function complainOfRecord({ offset, line, reason }: DecodeError): void {
  complain(`the journal's line ${line} (byte ${offset}) is not a record and was skipped: ${reason}`);
}

/** Yields the tables, and one line with the end and the totals. */
function* resultLines(
  { metrics, rules }: RunResult | ReplayResult,
  failures: RunResult['failures'],
  left: readonly string[],
  ending: string,
  colors: Colors,
): Generator<string> {
  const { groups, named, status } = metrics;
  const layout = layoutFor(process.stdout, 'wrap');
  yield '';
  yield* groupLines(groups, named, layout);
  yield* valueLines(rules, layout);
  yield* failureLines(failures, layout.width, colors);
  if (left.length > 0) yield '';
  for (const line of left) yield* flow(line.split(/(?<=\S) /), ' ', layout.width, '    ');
  for (const list of [neverFiredLines(rules, layout), heldBackLines(rules, layout)]) {
    let isFirst = true;
    for (const line of list) {
      if (isFirst) yield '';
      isFirst = false;
      yield colors.dim(line);
    }
  }
  const { events, firings, decodeErrors, ignoredTells, lostJobs, state } = status;
  const numbers = [
    counted(events, 'event'),
    counted(firings, 'firing'),
    ...(decodeErrors === 0 ? [] : [counted(decodeErrors, 'broken record')]),
    ...(ignoredTells === 0 ? [] : [`${counted(ignoredTells, 'told value')} ignored`]),
    ...(lostJobs === 0 ? [] : [`${counted(lostJobs, 'job')} with an unknown end`]),
  ];
  const where = state === null ? '' : ` in state ${escapeControls(state)}`;
  yield '';
  const words = `${ending}${where}: ${numbers.join(', ')}`.split(' ');
  for (const line of flow(words, ' ', layout.width)) yield colors.dim(line);
}

/** Prints the change of state of a firing, if any. */
function printStep({ state, goto }: Firing, colors: Colors): void {
  if (goto !== null) print(colors.cyan(`   state ${escapeControls(`${state} -> ${goto}`)}`));
}

const occasionOf = ({ resolved }: Firing) => (resolved ? 'resolved ' : 'trigger ');

/** Returns the rule's name with its algorithm, and the value of a parameter for which it fired. */
function nameOf({ name, algorithm, by }: Firing): string {
  const value = by === null ? '' : ` for ${by.parameter} = ${by.value}`;
  return escapeControls(`${algorithm === null ? name : `${name} (${algorithm})`}${value}`);
}

/** Reports a run as text; with `debug`, every journal record too. */
export function textReporter(debug: boolean, member: string): Reporter {
  const colors = colorsFor(process.stdout);
  const observer: EnsembleObserver = {
    firing: (firing) => {
      print(colors.blue(` => ${firing.askedBy === null ? occasionOf(firing) : ''}${nameOf(firing)}`));
      printStep(firing, colors);
    },
    paused: (paused, askedBy) =>
      print(colors.blue(` => ${paused ? 'paused' : 'resumed'}, asked by ${escapeControls(askedBy)}`)),
    action: (report) => print(describeAction(report, colors)),
    retry: (retry, text) => {
      // A job that was lost with an earlier process is submitted again, with the same number of the attempt.
      const attempt = retry.attempt === 0 ? 'again' : `retry ${retry.attempt} of`;
      print(colors.blue(` => ${attempt} job ${formatJobId(retry.job)}`));
      print(`${colors.cyan(`   submit ${escapeControls(retry.group)}`)} ${colors.magenta(text)}`);
    },
    failure: (failure) => print(failureLine(failure, colors)),
    output: (line) => print(`   ${escapeControls(line)}`),
    notice: (text) => printError(`ensemble: ${escapeMessage(text)}`),
    problem: (error) => complainOf(error),
    decodeError: complainOfRecord,
  };
  if (debug) observer.records = (lines) => printText(decoder.decode(lines));
  return {
    observer,
    finish: async (result, seconds, kept) => {
      const { end, error, failedJobs } = result;
      if (error !== null && end === 'failed') complainOf(error);
      await printLines(
        resultLines(
          result,
          result.failures,
          [
            ...searchLines(result.searches),
            ...skippedLines(result.skipped),
            ...limitLines(result.limits),
            ...leftLines(result.left, member),
            ...requestLines(result.requests),
          ],
          `${endingOf(result)} after ${show(seconds)} s`,
          colors,
        ),
      );
      if (kept !== null && (end === 'interrupted' || end === 'failed'))
        print(colors.dim(`to go on with it: ensemble resume ${escapeControls(kept.arguments)}`));
      if (failedJobs > 0 && kept !== null)
        print(colors.dim(`failed jobs: ensemble jobs ${escapeControls(kept.arguments)} --result failed`));
    },
  };
}

/** Reports a replay as text. */
export function textReplayReporter(config: EnsembleConfig | undefined): ReplayReporter {
  const colors = colorsFor(process.stdout);
  return {
    firing: (firing) => {
      const rule = config?.rules[firing.rule];
      print(colors.blue(` => ${occasionOf(firing)}${nameOf(firing)} at ${isoTime(firing.timestamp)}`));
      printStep(firing, colors);
      if (rule === undefined || config === undefined) return;
      const action = actionFor(rule, firing);
      if (action.name === 'goto') return;
      print(colors.cyan(`   would ${plannedAction(rule, config, action).replaceAll('\n', '\n   ')}`));
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
    finish: async (result) => {
      const { error, metrics } = result;
      if (error !== null) complainOf(error);
      const { earliest, latest } = metrics.status;
      const span = latest === 0 ? '' : `, ${isoTime(earliest)} to ${isoTime(latest)}`;
      if (latest !== 0 && metrics.groups.size === 0)
        print('no job of the recording names a group (attributes.user.group)');
      await printLines(resultLines(result, new Map(), [], `${endingOfReplay(result)}${span}`, colors));
    },
  };
}
