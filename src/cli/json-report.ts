/** `--json`: one object a line. The last one is the summary. */

import type { DecodeError } from '../engine/addon.js';
import { actionFor, type EnsembleConfig } from '../model/ensemble.js';
import type { Firing } from '../model/firing.js';
import { formatJobId } from '../model/job-id.js';
import type { EnsembleObserver } from '../model/observer.js';
import type { Retry } from '../model/retry.js';
import type { ReplayResult } from '../recording/replay.js';
import { failureRecord, groupFailures } from '../report/failure-json.js';
import type { LeftJobs, RunResult } from '../run/result.js';
import { describeRetry } from '../run/retries.js';
import type { KeptRun } from './kept-run.js';
import { print as printLine, printPieces } from './output.js';
import { plannedAction } from './planned-action.js';
import { searchRecords } from './search-lines.js';

export interface Reporter {
  readonly observer: EnsembleObserver;
  /** Called once, after the end of the run. `kept` is its folder, if it has one. */
  finish(result: RunResult, seconds: number, kept: KeptRun | null): Promise<void>;
}

/** Reports a replay. */
export interface ReplayReporter {
  firing(firing: Firing): void;
  /** A failed job would have been submitted again. */
  retry(retry: Retry): void;
  decodeError(error: DecodeError): void;
  finish(result: ReplayResult): Promise<void>;
}

const decoder = new TextDecoder();

const print = (line: object) => printLine(JSON.stringify(line));

function printFiring(whole: Firing): void {
  const { job, context, parameters, entry: _, origin: __, metrics: ___, submitting: ____, ...firing } = whole;
  print({
    type: 'firing',
    ...firing,
    // A string, because the id may exceed the exact numbers of JSON readers.
    job: job === null ? null : formatJobId(job),
    jobid: job === null ? null : String(job),
    ...(context === null ? {} : { context }),
    ...(parameters === null ? {} : { parameters }),
  });
}

function printRetry({ job, values: _, texts: __, submitting: ___, ...retry }: Retry, text: string): void {
  print({ type: 'retry', ...retry, job: formatJobId(job), jobid: String(job), text });
}

/** Yields an object as JSON, with maps and lists entry by entry because they may be long. */
function* jsonPieces(object: Readonly<Record<string, unknown>>): Generator<string> {
  let comma = '{';
  for (const [key, value] of Object.entries(object)) {
    yield `${comma}${JSON.stringify(key)}:`;
    comma = ',';
    if (value instanceof Map) yield* entryPieces(value);
    else if (Array.isArray(value)) yield* itemPieces(value);
    else yield JSON.stringify(value);
  }
  yield '}\n';
}

function* entryPieces(map: ReadonlyMap<string, unknown>): Generator<string> {
  let comma = '{';
  for (const [key, value] of map) {
    yield `${comma}${JSON.stringify(key)}:${JSON.stringify(value)}`;
    comma = ',';
  }
  yield map.size === 0 ? '{}' : '}';
}

function* itemPieces(list: readonly unknown[]): Generator<string> {
  let comma = '[';
  for (const item of list) {
    yield `${comma}${JSON.stringify(item)}`;
    comma = ',';
  }
  yield list.length === 0 ? '[]' : ']';
}

/** Returns the failures of a run; empty for a replay. */
function failuresOf(result: RunResult | ReplayResult): Record<string, unknown> {
  if (!('failures' in result)) return {};
  const failures = [...result.failures].map(([group, ofGroup]) => [group, groupFailures(ofGroup)] as const);
  return { failedJobs: result.failedJobs, failures: new Map(failures) };
}

function printSummary(
  result: RunResult | ReplayResult,
  seconds: number,
  more: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const { end, error, by, rules, metrics } = result;
  const { status, groups, named } = metrics;
  const summary = {
    type: 'summary',
    end,
    error: error === null ? null : { code: error.code, message: error.message },
    by,
    seconds,
    state: status.state,
    groups,
    ...failuresOf(result),
    metrics: named,
    rules,
    ...more,
    firings: status.firings,
    records: status.records,
    events: status.events,
    trackedEvents: status.trackedEvents,
    decodeErrors: status.decodeErrors,
    negativeIntervals: status.negativeIntervals,
    ignoredTells: status.ignoredTells,
    lostJobs: status.lostJobs,
    earliest: status.earliest,
    latest: status.latest,
  };
  return printPieces(jsonPieces(summary));
}

const leftJobs = ({ jobs, ...left }: LeftJobs) => ({ ...left, jobs: jobs.map((id) => formatJobId(id)) });

/** Reports a run as JSON lines; with `debug`, every journal record too. */
export function jsonReporter(debug: boolean): Reporter {
  const observer: EnsembleObserver = {
    firing: printFiring,
    action: ({ kind, ...report }, firing) => {
      print({ type: 'action', action: kind, rule: firing.rule, firing: firing.number, ...report });
    },
    notice: (message) => print({ type: 'notice', message }),
    paused: (paused, askedBy) => print({ type: paused ? 'paused' : 'resumed', askedBy }),
    retry: printRetry,
    failure: (failure) => printLine(failureRecord(failure)),
    output: (line) => print({ type: 'output', line }),
    problem: (error) => print({ type: 'problem', code: error.code, message: error.message }),
    decodeError: (error) => print({ type: 'decode-error', ...error }),
  };
  if (debug) {
    observer.records = (lines) => {
      for (const line of decoder.decode(lines).split('\n')) {
        // The record is printed unchanged. Parsing would round its id.
        if (line !== '') printLine(`{"type":"record","record":${line}}`);
      }
    };
  }
  return {
    observer,
    finish: (result, seconds, kept) =>
      printSummary(result, seconds, {
        searches: searchRecords(result.searches),
        left: result.left.map(leftJobs),
        skipped: Object.fromEntries(result.skipped),
        limits: { reached: result.limits.reached, notSubmitted: Object.fromEntries(result.limits.withheld) },
        requests: result.requests,
        runFolder: kept?.path ?? null,
      }),
  };
}

/** Reports a replay as JSON lines. `seconds` in its summary is the time between the first and the last event. */
export function jsonReplayReporter(config: EnsembleConfig | undefined): ReplayReporter {
  return {
    firing: (firing) => {
      printFiring(firing);
      const rule = config?.rules[firing.rule];
      if (rule === undefined || config === undefined) return;
      const action = actionFor(rule, firing);
      print({
        type: 'action',
        action: action.name,
        rule: firing.rule,
        firing: firing.number,
        performed: false,
        text: plannedAction(rule, config, action),
      });
    },
    retry: (retry) => printRetry(retry, config === undefined ? '' : describeRetry(retry, config)),
    decodeError: (error) => print({ type: 'decode-error', ...error }),
    finish: (result) => {
      const { latest, earliest } = result.metrics.status;
      return printSummary(result, latest - earliest);
    },
  };
}
