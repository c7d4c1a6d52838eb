/**
 * Names of metrics: `<statistic>.<group>-<variable>`, `count.<group>.<outcome>`, `best.<group>.<objective>`,
 * `nodehours.<group>`, `corehours.<group>`, `size` and `timeleft`; with a window,
 * `<statistic>(<group>.<variable>, 30m)` and `rate(count.<group>.<outcome>, 10m)`; of a confidence sequence,
 * `lower(mean(<group>.<variable>), 95%)`. Divided by the values of a parameter, `mean(<group>.<variable>, by parameters.T)`
 * and `count(<group>.<outcome>, by parameters.T)`.
 */

import {
  ASKED_STATISTICS,
  BOUND_SIDES,
  type Bounded,
  type BoundSide,
  BY_PARAMETER,
  COUNTS,
  FACTS,
  formatMetricName,
  GAUGES,
  GroupNames,
  HOURS,
  isStatistic,
  type MetricName,
  quantileOf,
  SHARED_COUNTS,
  STATISTICS,
  type Statistic,
  VARIABLES,
  variablesOf,
} from '../model/metric-names.js';
import { quote } from '../text/describe.js';
import { DURATION_PATTERN, durationSeconds } from '../text/duration.js';
import { failed, ok, type Result } from '../text/result.js';
import { didYouMean, thereAre } from '../text/suggest.js';

export { formatMetricName } from '../model/metric-names.js';

/** Names of the statistics in other tools. */
const SYNONYMS: ReadonlyMap<string, string> = new Map([
  ['average', 'mean'],
  ['avg', 'mean'],
  ['var', 'variance'],
  ['stddev', 'std'],
  ['stdev', 'std'],
  ['sd', 'std'],
  ['sigma', 'std'],
  ['total', 'sum'],
  ['latest', 'last'],
  ['minimum', 'min'],
  ['maximum', 'max'],
  ['ema', 'ewma'],
  ['ewm', 'ewma'],
  ['n', 'count'],
]);

/** Longest list of choices in a message. */
const MAX_LIST = 12;

const FORMS =
  'a metric is <statistic>.<group>-<variable>, like mean.sleep-duration, ' +
  'or count.<group>.<outcome>, like count.sleep.success';

const WINDOW_FORMS =
  'over a window there are <statistic>(<group>.<variable>, 30m), like mean(sleep.duration, 30m), ' +
  'and rate(count.<group>.<outcome>, 10m)';

const DIVIDED_FORMS =
  'by a parameter there are <statistic>(<group>.<variable>, by parameters.T), like mean(sleep.duration, by parameters.T), ' +
  'and count(<group>.<outcome>, by parameters.T)';

/** Shortest window in seconds. A window has 60 parts, and shorter parts would be finer than the clock. */
const SHORTEST_WINDOW = 0.001;

const BOUND_FORMS =
  'a confidence sequence is that of mean(<group>.<variable>), of a median or a percentile like p95(<group>.<variable>), ' +
  'or of share(count.<group>.failed), like halfwidth(mean(sleep.duration), 95%)';

/** `lower(mean(sleep.duration), 95%)` */
const BOUND = new RegExp(`^(${BOUND_SIDES.join('|')})\\(([^(]+)\\((.+)\\),\\s*([\\d.]+) ?%\\)$`, 's');

/** `, by parameters.T)`; a colon after `by` is optional, because YAML has another meaning for it. */
const DIVIDED = new RegExp(`,\\s*by:?\\s+${BY_PARAMETER.replace('.', '\\.')}([^\\s,()]+)\\s*\\)`);

/** `count(sleep.failed)`, `mean(sleep.duration)`; only with a parameter. */
const PLAIN_CALL = /^([^\s.(]+(?:\.\d+)?)\(([^(),]+)\)$/s;

const CALL = /^([^\s.(]+(?:\.\d+)?)\((.+),\s*([\d.]+ ?[a-z]*)\)$/s;

/**
 * Parses a metric's name. Group names may contain dots and dashes, so the statistic ends at the first dot, and the
 * variable or outcome begins after the last dash or dot.
 *
 *
 * @param groups The job groups, or null to accept any name of a group, and of its variable.
 */
export function parseMetricName(text: string, groups: ReadonlySet<string> | null = null): Result<MetricName> {
  const [division, parameter] = DIVIDED.exec(text) ?? [];
  if (division !== undefined && parameter !== undefined) {
    const rest = text.replace(division, ')');
    const [, call, inner] = PLAIN_CALL.exec(rest) ?? [];
    const plain = call !== undefined && inner !== undefined;
    return divided(plain ? parseCall(call, inner, groups) : parseMetricName(rest, groups), parameter);
  }
  const [, side, inner, of, percent] = BOUND.exec(text) ?? [];
  if (side !== undefined && inner !== undefined && of !== undefined) {
    return parseBound(side as BoundSide, inner, of, Number(percent) / 100, groups);
  }
  const [, name, path, window] = CALL.exec(text) ?? [];
  if (name !== undefined && path !== undefined && window !== undefined) {
    if (/^\d+(\.\d+)?$/.test(window)) return parseWindowedMetric(name, path, Number(window), groups);
    if (DURATION_PATTERN.test(window))
      return parseWindowedMetric(name, path, durationSeconds(window), groups);
  }
  const fact = member(FACTS, text);
  if (fact !== undefined) return ok({ kind: 'fact', group: '', fact });
  const head = headOf(text, groups);
  const rest = text.slice(head.length + 1);
  const hours = member(HOURS, head);
  if (hours !== undefined && rest !== '') {
    if (groups !== null && !groups.has(rest)) return failed(noJobGroup(rest, groups));
    return ok({ kind: 'hours', group: rest, hours });
  }
  if (head === 'best') return bestOf(rest, groups);
  if (head === 'count') {
    const count = parseCount(rest, groups);
    if (count !== null) return count;
  }
  const split = rest.lastIndexOf('-');
  const group = rest.slice(0, Math.max(split, 0));
  const tail = rest.slice(split + 1);
  const knownAsCount = head === 'count' && !(variablesOf(groups, group) ?? VARIABLES).includes(tail);
  if (head === '' || group === '' || tail === '' || knownAsCount) {
    return failed(`${quote(text)} is not the name of a metric: ${FORMS}`);
  }
  return statisticOf(head, group, tail, null, groups);
}

/** The metric for each value of a parameter. */
export function divided(metric: Result<MetricName>, parameter: string): Result<MetricName> {
  if (!metric.ok) return metric;
  const { value } = metric;
  if (value.kind === 'hours' || value.kind === 'fact' || value.kind === 'best') {
    return failed(`${quote(formatMetricName(value))} has no values by a parameter: ${DIVIDED_FORMS}`);
  }
  if (value.kind === 'count' && value.count === 'queued') {
    return failed('queued jobs are not counted by a parameter, because their jobs are not made yet');
  }
  return ok({ ...value, by: parameter });
}

/** A metric without a window, from the parts of a call: `count(lammps.failed)`, `mean(lammps.duration)`. */
export function parseCall(
  name: string,
  path: string,
  groups: ReadonlySet<string> | null = null,
): Result<MetricName> {
  const split = path.lastIndexOf('.');
  const group = path.slice(0, Math.max(split, 0));
  const tail = path.slice(split + 1);
  if (group === '' || tail === '') return failed(`${quote(path)} names no variable: ${DIVIDED_FORMS}`);
  if (name === 'count' && member(COUNTS, tail) !== undefined) {
    return parseCount(path, groups) ?? failed(noJobGroup(group, groups ?? []));
  }
  return statisticOf(name, group, tail, null, groups);
}

/**
 * A metric with a window of `window` seconds, from the parts of a call: `mean(lammps.duration, 30m)` or
 * `rate(count.lammps.finished, 10m)`.
 *
 *
 * @param name The name before the parenthesis.
 * @param path The first argument: `lammps.duration`, or `count.lammps.finished` for a rate.
 */
export function parseWindowedMetric(
  name: string,
  path: string,
  window: number,
  groups: ReadonlySet<string> | null = null,
): Result<MetricName> {
  if (!(window >= SHORTEST_WINDOW) || !Number.isFinite(window)) {
    return failed(`a window of ${window}s is too short; write a longer one, like 10m`);
  }
  if (name === 'rate') return rateOf(path, window, groups);
  const split = path.lastIndexOf('.');
  const group = path.slice(0, Math.max(split, 0));
  const tail = path.slice(split + 1);
  if (!isStatistic(name)) {
    const known = ['rate', ...STATISTICS, ...ASKED_STATISTICS];
    const meant = synonymOf(name);
    const hint = meant === undefined ? didYouMean(name, known) || `; ${WINDOW_FORMS}` : didYouMeanThis(meant);
    return failed(`unknown function ${quote(name)}${hint}`);
  }
  if (name === 'ewma')
    return failed('ewma has no window, because it forgets by itself; write ewma.<group>-<variable>');
  if (group === '' || tail === '') return failed(`${quote(path)} names no variable: ${WINDOW_FORMS}`);
  return statisticOf(name, group, tail, window, groups);
}

/**
 * An end of the interval of a confidence sequence, or half of its width: of `mean(sleep.duration)`, of a median or
 * percentile, or of `share(count.sleep.failed)`.
 *
 *
 * @param name The name before the inner parenthesis: `mean`, `share`.
 * @param path Its argument: `sleep.duration`, or `count.sleep.failed` for a share.
 * @param level Above 0 and below 1: 0.95.
 */
export function parseBound(
  side: BoundSide,
  name: string,
  path: string,
  level: number,
  groups: ReadonlySet<string> | null = null,
): Result<MetricName> {
  if (!(level >= 0.5 && level < 1)) {
    return failed(`the level of a confidence sequence is at least 50% and below 100%, like 95%`);
  }
  const bound = (group: string, of: Bounded) => ok({ kind: 'bound', side, level, group, of } as const);
  if (name === 'share') {
    const count = path.startsWith('count.') ? parseCount(path.slice('count.'.length), groups) : null;
    if (count === null) return failed(`${quote(path)} names no count: ${BOUND_FORMS}`);
    if (!count.ok || count.value.kind !== 'count') return count;
    const share = member(SHARED_COUNTS, count.value.count);
    if (share !== undefined) return bound(count.value.group, { share });
    const hint = `${thereAre(SHARED_COUNTS)}, each among the jobs that succeeded or failed`;
    return failed(`${quote(count.value.count)} has no share${hint}`);
  }
  const split = path.lastIndexOf('.');
  const group = path.slice(0, Math.max(split, 0));
  if (group === '') return failed(`${quote(path)} names no variable: ${BOUND_FORMS}`);
  const metric = statisticOf(name, group, path.slice(split + 1), null, groups);
  if (!metric.ok || metric.value.kind !== 'statistic') return metric;
  const { statistic, variable } = metric.value;
  const q = quantileOf(statistic);
  if (statistic !== 'mean' && (q === null || q === 0 || q === 1)) {
    return failed(`${quote(name)} has no confidence sequence: ${BOUND_FORMS}`);
  }
  return bound(group, { statistic: statistic as 'mean' | 'median' | `p${number}`, variable });
}

function rateOf(path: string, window: number, groups: ReadonlySet<string> | null): Result<MetricName> {
  const count = path.startsWith('count.') ? parseCount(path.slice('count.'.length), groups) : null;
  if (count === null) return failed(`${quote(path)} names no count: ${WINDOW_FORMS}`);
  if (!count.ok || count.value.kind !== 'count') return count;
  const { group, count: outcome } = count.value;
  if (GAUGES.includes(outcome)) {
    const growing = COUNTS.filter((name) => !GAUGES.includes(name));
    return failed(`${outcome} rises and falls, so it has no rate${thereAre(growing)}`);
  }
  return ok({ kind: 'rate', group, count: outcome, window });
}

/** `<group>.<objective>` of a search. */
function bestOf(path: string, groups: ReadonlySet<string> | null): Result<MetricName> {
  const split = path.lastIndexOf('.');
  const group = path.slice(0, Math.max(split, 0));
  const variable = path.slice(split + 1);
  if (group === '' || variable === '') {
    return failed(`${quote(`best.${path}`)} is not the name of a metric: write best.<group>.<objective>`);
  }
  if (groups !== null && !groups.has(group)) return failed(noJobGroup(group, groups));
  if (groups instanceof GroupNames) {
    const objective = groups.objectives.get(group);
    if (objective === undefined) {
      return failed(
        `group ${quote(group)} has no search (ask), so it has no best row; write min or max of a variable`,
      );
    }
    if (objective !== null && objective !== variable) {
      return failed(
        `the search of ${quote(group)} optimizes ${quote(objective)}; write best.${group}.${objective}`,
      );
    }
  }
  return ok({ kind: 'best', group, variable });
}

/** The part before the first dot, or before the second one for a percentile: `p99.9`. */
function headOf(text: string, groups: ReadonlySet<string> | null): string {
  const decimal = /^(p\d+)\.(\d+)\.(.*)$/s.exec(text);
  if (decimal !== null) {
    const [, whole = '', fraction = '', rest = ''] = decimal;
    const group = (part: string) => part.slice(0, Math.max(part.lastIndexOf('-'), 0));
    // A group's own name may begin with a number and a dot.
    const own = groups?.has(group(`${fraction}.${rest}`)) === true && !groups.has(group(rest));
    return own ? whole : `${whole}.${fraction}`;
  }
  return text.slice(0, Math.max(text.indexOf('.'), 0));
}

/** `<group>.<outcome>`, or null for another form. */
function parseCount(text: string, groups: ReadonlySet<string> | null): Result<MetricName> | null {
  const split = text.lastIndexOf('.');
  const group = text.slice(0, Math.max(split, 0));
  const tail = text.slice(split + 1);
  const count = member(COUNTS, tail);
  if (group === '' || tail === '') return null;
  // A group's name may contain dots, so this may also be the number of observations of a variable.
  const dash = text.lastIndexOf('-');
  const variables = variablesOf(groups, text.slice(0, Math.max(dash, 0))) ?? VARIABLES;
  if (count === undefined && variables.includes(text.slice(dash + 1))) return null;
  const messages: string[] = [];
  if (groups !== null && !groups.has(group)) messages.push(noJobGroup(group, groups));
  if (count === undefined) messages.push(unknown('outcome', tail, COUNTS));
  return count === undefined || messages.length > 0
    ? failed(...messages)
    : ok({ kind: 'count', group, count });
}

function statisticOf(
  statistic: string,
  group: string,
  variable: string,
  window: number | null,
  groups: ReadonlySet<string> | null,
): Result<MetricName> {
  const messages: string[] = [];
  const variables = variablesOf(groups, group);
  if (!isStatistic(statistic)) messages.push(unknownStatistic(statistic));
  if (groups !== null && !groups.has(group)) messages.push(noJobGroup(group, groups));
  if (variables !== null && !variables.includes(variable)) {
    messages.push(unknown('variable', variable, variables));
  }
  return messages.length > 0
    ? failed(...messages)
    : ok({
        kind: 'statistic',
        statistic: statistic as Statistic,
        group,
        variable,
        window,
      });
}

/** The one message for an unknown job group. */
export function noJobGroup(name: string, known: Iterable<string>): string {
  return unknown('job group', name, [...known]);
}

function unknownStatistic(name: string): string {
  const meant = synonymOf(name);
  if (meant !== undefined) return `unknown statistic ${quote(name)}${didYouMeanThis(meant)}`;
  const known = ['count', ...STATISTICS, ...ASKED_STATISTICS.filter((other) => other !== 'count')];
  const hint = didYouMean(name, known) || `; there are ${known.join(', ')} and percentiles like p95 or p99.9`;
  return `unknown statistic ${quote(name)}${hint}`;
}

/** The name here of a statistic of other tools. */
function synonymOf(name: string): string | undefined {
  const lower = name.toLowerCase();
  const percent = /^(?:q|p|perc?|percentile)_?(\d{1,2}(?:\.\d+)?|100(?:\.0+)?)$/.exec(lower)?.[1];
  return percent === undefined ? SYNONYMS.get(lower) : `p${percent}`;
}

function didYouMeanThis(name: string): string {
  return `; did you mean '${name}'?`;
}

function unknown(what: string, name: string, known: readonly string[]): string {
  return `unknown ${what} ${quote(name)}${didYouMean(name, known) || listOf(known)}`;
}

function listOf(known: readonly string[]): string {
  if (known.length === 0) return '; the file has none';
  if (known.length > MAX_LIST) return '';
  return thereAre(known);
}

function member<T extends string>(known: readonly T[], name: string): T | undefined {
  return known.find((candidate) => candidate === name);
}
