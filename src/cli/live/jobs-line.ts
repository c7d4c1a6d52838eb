/** Numbers of jobs on one line: those of a group with its bar, or those of all groups. */

import type { Count } from '../../model/metric-names.js';
import { counted } from '../../text/counted.js';
import { escapeControls } from '../../text/describe.js';
import { duration } from '../../text/duration.js';
import { shortened, widthOf } from '../../text/width.js';
import type { Colors } from '../tables.js';
import { barOf } from './bar.js';

/** Jobs of a group, or of all groups. */
export interface Jobs {
  submitted: number;
  succeeded: number;
  failed: number;
  canceled: number;
  retried: number;
  running: number;
  pending: number;
  /** Held back by a limit, and not submitted yet. */
  queued: number;
}

/** How jobs end. */
export interface Pace {
  /** Jobs that ended a second, lately. */
  readonly rate: number;
  readonly paused: boolean;
}

const MAX_NAME = 20;
const MAX_BAR = 30;
const MIN_BAR = 8;

export function jobsOf(count: Readonly<Record<Count, number>>): Jobs {
  const { submitted, success, failed, canceled, retried, running, pending, queued } = count;
  return { submitted, succeeded: success, failed, canceled, retried, running, pending, queued };
}

/** The sums over groups. */
export function sumOf(groups: Iterable<Jobs>): Jobs {
  const all = {
    ...{ submitted: 0, succeeded: 0, failed: 0, canceled: 0, retried: 0 },
    ...{ running: 0, pending: 0, queued: 0 },
  };
  for (const jobs of groups) {
    for (const key of Object.keys(all) as (keyof Jobs)[]) all[key] += jobs[key];
  }
  return all;
}

/** Jobs that have ended. */
export const endedOf = ({ submitted, pending, running }: Jobs) => submitted - pending - running;

/** All jobs that were requested. */
export const allOf = ({ submitted, queued }: Jobs) => submitted + queued;

/** Joins as many whole parts as fit. */
export function fitting(parts: readonly string[], width: number, separator = ', '): string {
  let line = '';
  for (const part of parts) {
    const longer = line === '' ? part : `${line}${separator}${part}`;
    if (widthOf(longer) > width) break;
    line = longer;
  }
  return line;
}

/** The most important part first. */
export function wordsFor(jobs: Jobs, colors: Colors): string[] {
  const { running, pending, queued, failed, canceled, retried } = jobs;
  return [
    ...(failed > 0 ? [colors.red(`${failed} failed`)] : []),
    ...(running > 0 ? [`${running} running`] : []),
    ...(pending > 0 ? [`${pending} waiting`] : []),
    ...(queued > 0 ? [`${queued} queued`] : []),
    ...(canceled > 0 ? [`${canceled} canceled`] : []),
    ...(retried > 0 ? [`${retried} retried`] : []),
  ];
}

/** `melt  ████░░░░  63/100  12 running` */
export function groupLine(name: string, jobs: Jobs, columns: GroupColumns, colors: Colors): string {
  const { nameWidth, barWidth, countWidth, width } = columns;
  const title = shortened(escapeControls(name), nameWidth);
  const begin = `${title}${' '.repeat(nameWidth - widthOf(title))}`;
  const count = `${endedOf(jobs)}/${allOf(jobs)}`.padStart(countWidth);
  const head = fitting(
    [begin, ...(barWidth === 0 ? [] : [barOf(jobs, barWidth, colors)]), count],
    width,
    ' ',
  );
  const room = width - widthOf(head) - 2;
  const words = room > 0 ? fitting(wordsFor(jobs, colors), room) : '';
  return words === '' ? head : `${head}  ${words}`;
}

export interface GroupColumns {
  readonly nameWidth: number;
  readonly barWidth: number;
  readonly countWidth: number;
  readonly width: number;
}

/** The columns of the lines of groups, for a width. */
export function columnsFor(groups: readonly (readonly [string, Jobs])[], width: number): GroupColumns {
  const longest = Math.max(0, ...groups.map(([name]) => widthOf(escapeControls(name))));
  const nameWidth = Math.min(longest, MAX_NAME, Math.max(4, Math.floor(width / 4)));
  const countWidth = Math.max(0, ...groups.map(([, jobs]) => `${endedOf(jobs)}/${allOf(jobs)}`.length));
  // The words after the bar are more exact than the bar.
  const left = width - nameWidth - countWidth - 26;
  const barWidth =
    left < MIN_BAR ? (width - nameWidth - countWidth < 14 ? 0 : MIN_BAR) : Math.min(left, MAX_BAR);
  return { nameWidth, barWidth, countWidth, width };
}

const formatRate = (rate: number) => `${rate < 10 ? Number(rate.toPrecision(2)) : Math.round(rate)}/s`;

/** All jobs on one line: the whole line of a plain output, or the last one of the groups. */
export function jobsLine(all: Jobs, { rate, paused }: Pace, width: number, colors: Colors): string {
  if (allOf(all) === 0) return fitting(['no jobs submitted yet', ...pausedWords(paused, colors)], width);
  const left = all.pending + all.running + all.queued;
  const parts = [
    `${endedOf(all)} of ${counted(allOf(all), 'job')} done`,
    ...pausedWords(paused, colors),
    ...wordsFor(all, colors),
    ...(rate >= 0.005 ? [formatRate(rate)] : []),
    ...(rate >= 0.005 && left > 0 ? [`${duration(left / rate)} left`] : []),
  ];
  return fitting(parts, width);
}

const pausedWords = (paused: boolean, colors: Colors) => (paused ? [colors.yellow('paused')] : []);
