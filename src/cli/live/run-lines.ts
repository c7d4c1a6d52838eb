/** The lines that show a run while it goes on. */

import type { MetricsSnapshot } from '../../model/metrics.js';
import type { RuleNow } from '../../run/rules-now.js';
import { counted } from '../../text/counted.js';
import { escapeControls } from '../../text/describe.js';
import { shortened } from '../../text/width.js';
import type { Colors } from '../tables.js';
import {
  columnsFor,
  endedOf,
  fitting,
  groupLine,
  type Jobs,
  jobsLine,
  jobsOf,
  type Pace,
  sumOf,
  wordsFor,
} from './jobs-line.js';
import { waitLines } from './waits.js';

/** A run at a moment. */
export interface RunMoment extends Pace {
  readonly metrics: MetricsSnapshot;
  readonly rules: readonly RuleNow[];
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

/** Lines for rules. */
const MAX_WAITS = 2;
/** Lines of groups at most. */
const MAX_GROUPS = 8;

const allJobs = ({ groups }: MetricsSnapshot) =>
  sumOf([...groups.values()].map(({ count }) => jobsOf(count)));

/** Jobs of all groups that have ended. */
export const endedJobs = (metrics: MetricsSnapshot) => endedOf(allJobs(metrics));

/** All jobs on one line: the whole line of a plain output, or the last one of the groups. */
export function totalLine(moment: RunMoment, width: number, colors: Colors): string {
  return jobsLine(allJobs(moment.metrics), moment, width, colors);
}

/** The groups that are shown: those with active jobs first, but in the order of the file. */
function shownGroups(groups: readonly (readonly [string, Jobs])[], limit: number) {
  if (groups.length <= limit) return groups;
  const isActive = ([, { running, pending }]: readonly [string, Jobs]) => running + pending > 0;
  const wanted = [...groups.filter(isActive), ...groups.filter((group) => !isActive(group))];
  const shown = new Set(wanted.slice(0, limit));
  return groups.filter((group) => shown.has(group));
}

/** Returns the lines, at most `height`, each of at most `width` columns. */
export function runLines(moment: RunMoment, { width, height }: Room, colors: Colors): string[] {
  const { metrics, rules, now, problem } = moment;
  const begun = [...metrics.groups].map(([name, group]) => [name, jobsOf(group.count)] as const);
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
