/** Names of metrics: `<statistic>.<group>-<variable>` and `count.<group>.<outcome>`. */

import { quote } from '../config/describe.js';
import { choices, didYouMean } from '../config/suggest.js';
import type { MetricName, Statistic } from '../config/types.js';
import { COUNTS, STATISTICS, VARIABLES } from '../metrics/names.js';
import { type Parsed, parsed, refused } from './parsed.js';

/** What others call our statistics. */
const SYNONYMS: ReadonlyMap<string, Statistic> = new Map([
  ['median', 'q50'],
  ['p25', 'q25'],
  ['p50', 'q50'],
  ['p75', 'q75'],
  ['average', 'mean'],
  ['avg', 'mean'],
  ['var', 'variance'],
]);

/** A longer list of what there is helps nobody to find what is meant. */
const LONGEST_LIST = 12;

const FORMS =
  'a metric is <statistic>.<group>-<variable>, like mean.sleep-duration, ' +
  'or count.<group>.<outcome>, like count.sleep.success';

/**
 * Takes a metric's name apart. Group names may hold dots and dashes themselves, so the statistic ends at the
 * first dot, and the variable or outcome begins after the last dash or dot.
 *
 * @param groups The job groups there are, or null to take any name for a group.
 */
export function parseMetricName(text: string, groups: ReadonlySet<string> | null = null): Parsed<MetricName> {
  const firstDot = text.indexOf('.');
  const head = text.slice(0, Math.max(firstDot, 0));
  const separator = head === 'count' ? '.' : '-';
  const split = text.lastIndexOf(separator);
  const group = text.slice(firstDot + 1, Math.max(split, firstDot + 1));
  const tail = text.slice(split + 1);
  if (head === '' || group === '' || tail === '') {
    return refused(`${quote(text)} is not the name of a metric: ${FORMS}`);
  }

  const messages: string[] = [];
  const count = member(COUNTS, tail);
  const statistic = member(STATISTICS, head);
  const variable = member(VARIABLES, tail);
  if (head !== 'count' && !statistic) messages.push(unknownStatistic(head));
  if (groups !== null && !groups.has(group)) messages.push(noJobGroup(group, groups));
  if (head === 'count' && !count) messages.push(unknown('outcome', tail, COUNTS));
  if (head !== 'count' && !variable) messages.push(unknown('variable', tail, VARIABLES));

  if (messages.length > 0) return refused(...messages);
  if (statistic && variable) return parsed({ kind: 'statistic', statistic, group, variable });
  if (count) return parsed({ kind: 'count', group, count });
  return refused(`${quote(text)} is not the name of a metric: ${FORMS}`);
}

/** Writes a metric's name so that {@link parseMetricName} reads the same one back. */
export function formatMetricName(metric: MetricName): string {
  return metric.kind === 'count'
    ? `count.${metric.group}.${metric.count}`
    : `${metric.statistic}.${metric.group}-${metric.variable}`;
}

/** The one message for a name that is not one of the file's job groups. */
export function noJobGroup(name: string, known: Iterable<string>): string {
  return unknown('job group', name, [...known]);
}

function unknownStatistic(name: string): string {
  const meant = SYNONYMS.get(name.toLowerCase());
  return meant === undefined
    ? unknown('statistic', name, ['count', ...STATISTICS])
    : `no statistic ${quote(name)}; did you mean '${meant}'?`;
}

function unknown(what: string, name: string, known: readonly string[]): string {
  return `no ${what} ${quote(name)}${didYouMean(name, known) || listOf(known)}`;
}

function listOf(known: readonly string[]): string {
  if (known.length === 0) return '; there are none';
  if (known.length > LONGEST_LIST) return '';
  return `; there ${known.length === 1 ? 'is' : 'are'} ${choices(known, 'and')}`;
}

function member<T extends string>(known: readonly T[], name: string): T | undefined {
  return known.find((candidate) => candidate === name);
}
