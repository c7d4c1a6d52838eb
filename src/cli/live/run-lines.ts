/** The lines that show a run while it goes on. */

import type { MetricsSnapshot } from '../../model/metrics.js';
import type { RuleNow } from '../../run/rules-now.js';
import { counted } from '../../text/counted.js';
import { escapeControls } from '../../text/describe.js';
import { duration } from '../../text/duration.js';
import { shortened, widthOf } from '../../text/width.js';
import type { Colors } from '../tables.js';
import { barOf } from './bar.js';
import { waitLines } from './waits.js';

/** A run at a moment. */
export interface RunMoment {
  readonly metrics: MetricsSnapshot;
  readonly rules: readonly RuleNow[];
  readonly paused: boolean;
  /** Jobs that ended a second, lately. */
  readonly rate: number;
  /** In seconds since the epoch. */
  readonly now: number;
  /** The latest problem; null without one. */
  readonly problem: string | null;
}

/** The room on the terminal. */
export interface Room {
  readonly width: number;
  readonly height: number;
}

/** Jobs of a group, or of all groups. */
interface Jobs {
  submitted: number;
  succeeded: number;
  failed: number;
  canceled: number;
  retried: number;
  running: number;
  pending: number;
}

const MAX_NAME = 20;
const MAX_BAR = 30;
const MIN_BAR = 8;
/** Lines for rules. */
const MAX_WAITS = 2;
/** Lines of groups at most. */
const MAX_GROUPS = 8;

function jobsOf({
  count,
}: MetricsSnapshot['groups'] extends ReadonlyMap<string, infer Group> ? Group : never): Jobs {
  const { submitted, success, failed, canceled, retried, running, pending } = count;
  return { submitted, succeeded: success, failed, canceled, retried, running, pending };
}

function sumOf(groups: Iterable<Jobs>): Jobs {
  const all = { submitted: 0, succeeded: 0, failed: 0, canceled: 0, retried: 0, running: 0, pending: 0 };
  for (const jobs of groups) {
    for (const key of Object.keys(all) as (keyof Jobs)[]) all[key] += jobs[key];
  }
  return all;
}

/** Jobs of all groups that have ended. */
export const endedJobs = ({ groups }: MetricsSnapshot) => endedOf(sumOf([...groups.values()].map(jobsOf)));

const endedOf = ({ submitted, pending, running }: Jobs) => submitted - pending - running;

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
function wordsFor(jobs: Jobs, colors: Colors): string[] {
  const { running, pending, failed, canceled, retried } = jobs;
  return [
    ...(failed > 0 ? [colors.red(`${failed} failed`)] : []),
    ...(running > 0 ? [`${running} running`] : []),
    ...(pending > 0 ? [`${pending} waiting`] : []),
    ...(canceled > 0 ? [`${canceled} canceled`] : []),
    ...(retried > 0 ? [`${retried} retried`] : []),
  ];
}

/** `melt  ████░░░░  63/100  12 running` */
function groupLine(name: string, jobs: Jobs, columns: GroupColumns, colors: Colors): string {
  const { nameWidth, barWidth, countWidth, width } = columns;
  const title = shortened(escapeControls(name), nameWidth);
  const begin = `${title}${' '.repeat(nameWidth - widthOf(title))}`;
  const count = `${endedOf(jobs)}/${jobs.submitted}`.padStart(countWidth);
  const head = fitting(
    [begin, ...(barWidth === 0 ? [] : [barOf(jobs, barWidth, colors)]), count],
    width,
    ' ',
  );
  const room = width - widthOf(head) - 2;
  const words = room > 0 ? fitting(wordsFor(jobs, colors), room) : '';
  return words === '' ? head : `${head}  ${words}`;
}

interface GroupColumns {
  readonly nameWidth: number;
  readonly barWidth: number;
  readonly countWidth: number;
  readonly width: number;
}

function columnsFor(groups: readonly (readonly [string, Jobs])[], width: number): GroupColumns {
  const longest = Math.max(0, ...groups.map(([name]) => widthOf(escapeControls(name))));
  const nameWidth = Math.min(longest, MAX_NAME, Math.max(4, Math.floor(width / 4)));
  const countWidth = Math.max(0, ...groups.map(([, jobs]) => `${endedOf(jobs)}/${jobs.submitted}`.length));
  // The words after the bar are more exact than the bar.
  const left = width - nameWidth - countWidth - 26;
  const barWidth =
    left < MIN_BAR ? (width - nameWidth - countWidth < 14 ? 0 : MIN_BAR) : Math.min(left, MAX_BAR);
  return { nameWidth, barWidth, countWidth, width };
}

/** The groups that are shown: those with active jobs first, but in the order of the file. */
function shownGroups(groups: readonly (readonly [string, Jobs])[], limit: number) {
  if (groups.length <= limit) return groups;
  const isActive = ([, { running, pending }]: readonly [string, Jobs]) => running + pending > 0;
  const wanted = [...groups.filter(isActive), ...groups.filter((group) => !isActive(group))];
  const shown = new Set(wanted.slice(0, limit));
  return groups.filter((group) => shown.has(group));
}

const formatRate = (rate: number) => `${rate < 10 ? Number(rate.toPrecision(2)) : Math.round(rate)}/s`;

/** All jobs on one line: the whole line of a plain output, or the last one of the groups. */
export function totalLine({ metrics, rate, paused }: RunMoment, width: number, colors: Colors): string {
  const all = sumOf([...metrics.groups.values()].map(jobsOf));
  if (all.submitted === 0) return fitting(['no jobs submitted yet', ...pausedWords(paused, colors)], width);
  const left = all.pending + all.running;
  const parts = [
    `${endedOf(all)} of ${counted(all.submitted, 'job')} done`,
    ...pausedWords(paused, colors),
    ...wordsFor(all, colors),
    ...(rate >= 0.005 ? [formatRate(rate)] : []),
    ...(rate >= 0.005 && left > 0 ? [`${duration(left / rate)} left`] : []),
  ];
  return fitting(parts, width);
}

const pausedWords = (paused: boolean, colors: Colors) => (paused ? [colors.yellow('paused')] : []);

/** Returns the lines, at most `height`, each of at most `width` columns. */
export function runLines(moment: RunMoment, { width, height }: Room, colors: Colors): string[] {
  const { metrics, rules, now, problem } = moment;
  const begun = [...metrics.groups].map(([name, group]) => [name, jobsOf(group)] as const);
  const groups = begun.filter(([, { submitted }]) => submitted > 0);
  const total = totalLine(moment, width, colors);
  if (height < 4) return [total];

  const waits = waitLines(rules, now, Math.min(MAX_WAITS, height - 3)).map((line) =>
    colors.dim(shortened(line, width)),
  );
  const problems = problem === null ? [] : [colors.yellow(shortened(escapeControls(problem), width))];
  const room = Math.max(1, Math.min(MAX_GROUPS, height - 2 - waits.length - problems.length));
  const shown = shownGroups(groups, groups.length > room ? Math.max(1, room - 1) : room);
  const columns = columnsFor(shown, width);
  const hidden = groups.filter((group) => !shown.includes(group)).map(([, jobs]) => jobs);
  return [
    ...shown.map(([name, jobs]) => groupLine(name, jobs, columns, colors)),
    ...(hidden.length === 0 ? [] : [hiddenLine(hidden, width, colors)]),
    total,
    ...waits,
    ...problems,
  ].slice(0, height);
}

function hiddenLine(hidden: readonly Jobs[], width: number, colors: Colors): string {
  const jobs = sumOf(hidden);
  const parts = [
    `and ${counted(hidden.length, 'more group')}: ${endedOf(jobs)}/${jobs.submitted}`,
    ...wordsFor(jobs, colors),
  ];
  return colors.dim(fitting(parts, width));
}
