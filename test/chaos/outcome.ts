/** The outcome of a run that has ended: its counts, its firings, its table of jobs, and the keys of its jobs. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SummaryValues } from '../../src/model/metrics.js';
import { type Ended, run } from './command.js';

/** A job, as `ensemble jobs --json` prints it. */
export interface Row {
  readonly jobid: string;
  readonly group: string;
  readonly entry: number | null;
  readonly attempt: number;
  readonly rule: number | null;
  readonly 'rule.name': string | null;
  readonly firing: number | null;
  readonly part: number | null;
  readonly index: number | null;
  readonly submit: number | null;
  readonly start: number | null;
  readonly finish: number | null;
  readonly result: string;
  readonly exit: number | null;
  readonly status: number | null;
  readonly exception: string | null;
  readonly parameters: Readonly<Record<string, unknown>>;
}

interface GroupSummary {
  readonly count: Readonly<Record<string, number>>;
  readonly duration: SummaryValues;
  readonly probes?: Readonly<Record<string, SummaryValues>>;
}

export interface Summary {
  readonly end: string;
  readonly error: unknown;
  readonly state: string | null;
  readonly groups: Readonly<Record<string, GroupSummary>>;
  readonly rules: readonly { readonly due: string; readonly firings: number }[];
  readonly firings: number;
  readonly failedJobs: number;
  readonly decodeErrors: number;
}

export interface Outcome {
  readonly status: number | null;
  /** Null when the last process was killed after the end of the run, before it printed its summary. */
  readonly summary: Summary | null;
  readonly rows: readonly Row[];
  /** How often each key was appended. */
  readonly keys: ReadonlyMap<string, number>;
  /** The attempts at each call of the user's code. */
  readonly calls: ReadonlyMap<string, readonly number[]>;
}

const lines = (path: string) =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '');

/** The table of jobs of the run in a state folder. */
export async function jobsOf(runId: string, state: string): Promise<Row[]> {
  const { stdout, stderr, status } = await run(['jobs', runId, '--json', '--state', state], { cwd: state });
  if (status !== 0) throw new Error(`ensemble jobs failed with ${status}: ${stderr}`);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row);
}

/** The summary of a run that has ended; null without one. */
export function summaryOf({ stdout }: Ended): Summary | null {
  const last = stdout.trimEnd().split('\n').at(-1) ?? '';
  try {
    const summary = JSON.parse(last) as Summary & { readonly type: string };
    return summary.type === 'summary' ? summary : null;
  } catch {
    return null;
  }
}

/** Gathers the outcome of a run from its last process, its table of jobs and the files in its folder. */
export async function outcomeOf(
  ended: Ended,
  place: { readonly folder: string; readonly state: string; readonly runId: string },
): Promise<Outcome> {
  const summary = summaryOf(ended);
  const keys = new Map<string, number>();
  for (const key of lines(join(place.folder, 'keys'))) keys.set(key, (keys.get(key) ?? 0) + 1);
  const calls = new Map<string, number[]>();
  for (const line of lines(join(place.folder, 'calls'))) {
    const space = line.lastIndexOf(' ');
    const name = line.slice(0, space);
    calls.set(name, [...(calls.get(name) ?? []), Number(line.slice(space + 1))]);
  }
  return { status: ended.status, summary, rows: await jobsOf(place.runId, place.state), keys, calls };
}
