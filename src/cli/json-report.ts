/** `--json`: one object a line; the last one is the summary. */

import type { EnsembleObserver } from '../actions/context.js';
import type { RunResult } from '../ensemble.js';
import { formatJobId } from '../members/local/job-id.js';

export interface Reporter {
  readonly observer: EnsembleObserver;
  /** Called once, when the run has come to its end. */
  finish(result: RunResult, seconds: number): void;
}

const decoder = new TextDecoder();

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Reports a run as JSON lines; with `debug`, every journal record too. */
export function jsonReporter(debug: boolean): Reporter {
  const observer: EnsembleObserver = {
    firing: ({ job, context, metrics: _, submitting: __, ...firing }) => {
      print({
        type: 'firing',
        ...firing,
        // As text: the id may be larger than any number that JSON readers keep exact.
        job: job === null ? null : formatJobId(job),
        jobid: job === null ? null : String(job),
        ...(context === null ? {} : { context }),
      });
    },
    action: ({ kind, ...report }, firing) => {
      print({ type: 'action', action: kind, rule: firing.rule, firing: firing.number, ...report });
    },
    problem: (error) => print({ type: 'problem', code: error.code, message: error.message }),
    decodeError: (error) => print({ type: 'decode-error', ...error }),
  };
  if (debug) {
    observer.records = (lines) => {
      for (const line of decoder.decode(lines).split('\n')) {
        // The record goes out as it came: read and written again, its id might not be the same.
        if (line !== '') process.stdout.write(`{"type":"record","record":${line}}\n`);
      }
    };
  }
  return {
    observer,
    finish: ({ end, error, metrics }, seconds) => {
      const { status, groups } = metrics;
      print({
        type: 'summary',
        end,
        error: error === null ? null : { code: error.code, message: error.message },
        seconds,
        groups: Object.fromEntries(groups),
        firings: status.firings,
        records: status.records,
        events: status.events,
        trackedEvents: status.trackedEvents,
        decodeErrors: status.decodeErrors,
        negativeIntervals: status.negativeIntervals,
        lostJobs: status.lostJobs,
      });
    },
  };
}
