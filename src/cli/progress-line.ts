/** The progress of a run, on a line at the bottom of the terminal. */

import type { MetricsSnapshot } from '../model/metrics.js';
import { counted } from '../text/counted.js';
import { widthOf } from '../text/width.js';
import { keepBelow, terminalWidth } from './output.js';
import { type Colors, colorsFor } from './tables.js';

/** Minimum milliseconds between two updates. */
const LOOK_INTERVAL = 500;
/**
 * Minimum pause between updates, as a multiple of the time of an update, because the engine needs time for
 * thousands of groups.
 */
const LOOK_COST = 20;
/** Milliseconds over which the rate of finished jobs is computed. */
const RATE_WINDOW = 10_000;

/** The parts of a run that the line shows. */
export interface ShownRun {
  readonly paused: boolean;
  metrics(): Promise<MetricsSnapshot>;
}

/** Jobs of all groups so far. */
interface JobCounts {
  submitted: number;
  ended: number;
  pending: number;
  running: number;
  failed: number;
  canceled: number;
  retried: number;
}

function countJobs({ groups }: MetricsSnapshot): JobCounts {
  const all = { submitted: 0, ended: 0, pending: 0, running: 0, failed: 0, canceled: 0, retried: 0 };
  for (const { count } of groups.values()) {
    const { submitted, pending, running, failed, canceled, retried } = count;
    all.submitted += submitted;
    all.ended += submitted - pending - running;
    all.pending += pending;
    all.running += running;
    all.failed += failed;
    all.canceled += canceled;
    all.retried += retried;
  }
  return all;
}

/** Returns the parts of the line, the most important one first. `rate` is finished jobs a second. */
function partsOf(jobs: JobCounts, paused: boolean, rate: number, colors: Colors): string[] {
  const { submitted, ended, pending, running, failed, canceled, retried } = jobs;
  if (submitted === 0) return ['no jobs submitted yet'];
  return [
    `${ended} of ${counted(submitted, 'job')} done`,
    `${running} running`,
    `${pending} waiting`,
    ...(failed > 0 ? [colors.red(`${failed} failed`)] : []),
    ...(canceled > 0 ? [`${canceled} canceled`] : []),
    ...(retried > 0 ? [`${retried} retried`] : []),
    ...(rate >= 0.005 ? [`${rate < 10 ? Number(rate.toPrecision(2)) : Math.round(rate)}/s`] : []),
    ...(paused ? [colors.yellow('paused')] : []),
  ];
}

/** Joins as many whole parts as fit. */
function lineOf(parts: readonly string[], width: number): string {
  let line = '';
  for (const part of parts) {
    const longer = line === '' ? part : `${line}, ${part}`;
    if (widthOf(longer) > width) break;
    line = longer;
  }
  return line;
}

/** Shows the line during the run, if standard output is a terminal that can erase it. */
export class ProgressLine {
  readonly #run: ShownRun;
  readonly #colors = colorsFor(process.stdout);
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  readonly #looks = [{ time: performance.now(), ended: 0 }];

  constructor(run: ShownRun) {
    this.#run = run;
    if (process.stdout.isTTY && process.env.TERM !== 'dumb') this.#wait(LOOK_INTERVAL);
  }

  /** Removes the line for good. Idempotent. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    keepBelow('');
  }

  #wait(milliseconds: number): void {
    this.#timer = setTimeout(() => void this.#look(), milliseconds).unref();
  }

  async #look(): Promise<void> {
    const begun = performance.now();
    // A closed engine has no metrics.
    const metrics = await this.#run.metrics().catch(() => null);
    if (this.#stopped || metrics === null) return;
    const jobs = countJobs(metrics);
    const parts = partsOf(jobs, this.#run.paused, this.#rateOf(jobs), this.#colors);
    // The last column stays free, because a cursor after it would wrap the line.
    keepBelow(lineOf(parts, terminalWidth() - 1));
    this.#wait(Math.max(LOOK_INTERVAL, LOOK_COST * (performance.now() - begun)));
  }

  /** Returns the recently finished jobs a second. */
  #rateOf({ ended }: JobCounts): number {
    const now = performance.now();
    this.#looks.push({ time: now, ended });
    // One sample older than the window is needed as its beginning.
    while ((this.#looks[1]?.time ?? now) < now - RATE_WINDOW) this.#looks.shift();
    const first = this.#looks[0] ?? { time: now, ended };
    return now > first.time ? ((ended - first.ended) * 1000) / (now - first.time) : 0;
  }
}
