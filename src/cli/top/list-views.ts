/** The lists of groups, rules, firings and problems. An item has one line or more. */

import { distanceOf } from '../../api/client/distance.js';
import type { GroupResource } from '../../api/schemas/group.js';
import type { FiringResource, ProblemResource } from '../../api/schemas/happening.js';
import type { RuleResource } from '../../api/schemas/rule.js';
import { countedTimes } from '../../text/counted.js';
import { escapeControls } from '../../text/describe.js';
import { timeOf } from '../../text/local-time.js';
import { show } from '../../text/show.js';
import { clipped, flow, shortened } from '../../text/width.js';
import { columnsFor, fitting, groupLine, jobsOf } from '../live/jobs-line.js';
import { presentValues, waitOf } from '../live/waits.js';
import type { Colors } from '../tables.js';
import type { ShownRun } from './model.js';

/** A list as a view shows it. */
export interface ShownList {
  readonly count: number;
  /** The lines of an item. */
  linesOf(item: number, isSelected: boolean): readonly string[];
  /** Words for an empty list. */
  readonly empty: string;
}

export interface Look {
  readonly width: number;
  readonly colors: Colors;
  /** Seconds since the epoch. */
  readonly now: number;
  readonly filter: string;
}

const has = (filter: string, ...texts: readonly (string | null)[]) =>
  filter === '' || texts.some((text) => text?.toLowerCase().includes(filter.toLowerCase()));

export function shownGroups({ groups }: ShownRun, filter: string): GroupResource[] {
  return [...groups.values()].filter(({ name }) => has(filter, name));
}

/** `ran: mean 3.2 s, median 3 s, max 8 s; waited: …; energy: mean -3.2, min -4, max 1` */
function statisticsOf({ duration: ran, pending, probes }: GroupResource): string {
  const times = (title: string, { count, mean, q50, max }: GroupResource['duration']) =>
    count === 0 ? [] : [`${title}: mean ${show(mean)} s, median ${show(q50)} s, max ${show(max)} s`];
  const values = Object.entries(probes)
    .filter(([, { count }]) => count > 0)
    .map(
      ([name, { mean, min, max }]) =>
        `${escapeControls(name)}: mean ${show(mean)}, min ${show(min)}, max ${show(max)}`,
    );
  return [...times('ran', ran), ...times('waited', pending), ...values].join('; ');
}

export function groupList(run: ShownRun, { width, colors, filter }: Look): ShownList {
  const groups = shownGroups(run, filter);
  const jobs = groups.map(({ name, counts }) => [name, jobsOf(counts)] as const);
  const columns = columnsFor(jobs, width);
  return {
    count: groups.length,
    linesOf: (item, isSelected) => {
      const [group, shown] = [groups[item], jobs[item]];
      if (group === undefined || shown === undefined) return [];
      const line = groupLine(...shown, columns, colors);
      const statistics = isSelected ? statisticsOf(group) : '';
      return statistics === ''
        ? [line]
        : [line, ...flow(statistics.split(' '), ' ', width - 2).map((text) => colors.dim(`  ${text}`))];
    },
    empty: filter === '' ? 'no group has jobs' : 'no group has this in its name',
  };
}

const PHASES: Readonly<
  Record<RuleResource['state'], { word: string; paint: (colors: Colors) => (text: string) => string }>
> = {
  inactive: { word: 'waiting', paint: (colors) => (text) => colors.dim(text) },
  pending: { word: 'pending', paint: ({ cyan }) => cyan },
  'held-back': { word: 'held back', paint: ({ yellow }) => yellow },
  firing: { word: 'firing', paint: ({ green }) => green },
  exhausted: { word: 'exhausted', paint: ({ dim }) => dim },
};

const BAR = 10;

/** `  no  count.melt.success >= 100: 63 now  ██████░░░░` */
function conditionLine(
  rule: RuleResource,
  condition: RuleResource['conditions'][number],
  width: number,
  colors: Colors,
): string {
  const { holds } = condition;
  // The name of a rule may be its condition.
  const text = condition.text === rule.name ? '' : condition.text;
  const mark = holds === null ? colors.dim(' ? ') : holds ? colors.green('yes') : colors.yellow(' no');
  const values = presentValues(condition);
  const words = escapeControls([text, values].filter((part) => part !== '').join(': '));
  const share = distanceOf(condition)?.share ?? null;
  if (share === null) return clipped(`  ${mark}  ${words}`, width);
  const full = Math.floor(share * BAR);
  const bar = `${colors.green('█'.repeat(full))}${colors.dim('░'.repeat(BAR - full))}`;
  return fitting([clipped(`  ${mark}  ${words}`, width), bar], width, '  ');
}

export function shownRules({ rules }: ShownRun, filter: string): RuleResource[] {
  return [...rules.values()]
    .filter(({ name, due, state }) => has(filter, name, due, state))
    .sort((a, b) => a.rule - b.rule);
}

export function ruleList(run: ShownRun, { width, colors, now, filter }: Look): ShownList {
  const rules = shownRules(run, filter);
  const isOver = run.ensemble?.end != null;
  const numbers = Math.max(...rules.map(({ rule }) => String(rule).length), 1);
  return {
    count: rules.length,
    linesOf: (item, isSelected) => {
      const rule = rules[item];
      if (rule === undefined) return [];
      const { word, paint } = PHASES[rule.state];
      const title = `${String(rule.rule).padStart(numbers)} ${escapeControls(rule.name)}`;
      const fired = rule.firings === 0 ? 'never fired' : `fired ${countedTimes(rule.firings)}`;
      const standing = isOver ? [] : [paint(colors)(word)];
      const head = fitting([shortened(title, width), ...standing, fired], width, '  ');
      const due = rule.due === rule.name ? [] : [colors.dim(`  ${escapeControls(rule.due)}`)];
      const wait = isOver || rule.conditions.length > 0 ? null : waitOf({ ...rule, phase: rule.state }, now);
      return [
        head,
        ...(isSelected ? due : []),
        ...rule.conditions.map((condition) => conditionLine(rule, condition, width, colors)),
        ...(wait === null ? [] : [colors.dim(`  ${escapeControls(wait.line)}`)]),
        ...(isSelected && rule.why !== ''
          ? flow(escapeControls(rule.why).split(' '), ' ', width - 2).map((text) => colors.dim(`  ${text}`))
          : []),
      ].map((line) => clipped(line, width));
    },
    empty: filter === '' ? 'the ensemble has no rules' : 'no rule has this in its name',
  };
}

/** The latest one first. */
function shownFirings({ firings }: ShownRun, filter: string): FiringResource[] {
  return firings.filter(({ name, action, label }) => has(filter, name, action, label)).toReversed();
}

export function firingList(run: ShownRun, { width, colors, filter }: Look): ShownList {
  const firings = shownFirings(run, filter);
  return {
    count: firings.length,
    linesOf: (item) => {
      const firing = firings[item];
      if (firing === undefined) return [];
      const { time, name, action, label, rule, job, value, askedBy } = firing;
      const what = `${action}${label === null ? '' : ` ${label}`}`;
      const by = askedBy === null ? `rule ${rule}, ${name}` : `asked by ${askedBy}`;
      const facts = [
        ...(value === null ? [] : [`value ${show(value)}`]),
        ...(job === null ? [] : [`job ${job}`]),
      ];
      const line = `${timeOf(time)}  ${colors.bold(escapeControls(what))}  ${escapeControls([by, ...facts].join(', '))}`;
      return [clipped(line, width)];
    },
    empty: filter === '' ? 'no rule has fired since this view is open' : 'no firing has this in it',
  };
}

/** The latest one first. */
function shownProblems({ problems }: ShownRun, filter: string): ProblemResource[] {
  return problems.filter(({ message, code }) => has(filter, message, code)).toReversed();
}

export function problemList(run: ShownRun, { width, colors, filter }: Look): ShownList {
  const problems = shownProblems(run, filter);
  return {
    count: problems.length,
    linesOf: (item) => {
      const problem = problems[item];
      if (problem === undefined) return [];
      const { time, code, message } = problem;
      const words = escapeControls(`${message} [${code}]`).split(' ');
      const [first = '', ...others] = flow(words, ' ', Math.max(20, width - 16));
      return [
        `${timeOf(time)}  ${colors.yellow(first)}`,
        ...others.map((text) => `${' '.repeat(16)}${text}`),
      ].map((line) => clipped(line, width));
    },
    empty: filter === '' ? 'no problems' : 'no problem has this in it',
  };
}
