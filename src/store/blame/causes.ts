/** The possible causes in a table of jobs, in families. Each family divides its jobs by one property. */

import { expandHostlist } from '../../language/hostlist.js';
import { escapeControls } from '../../text/describe.js';
import type { JobColumn } from '../jobs/column.js';
import type { JobTable } from '../jobs/table.js';
import { firstPlace } from './statistics.js';

/** Jobs have it in common. Numbers of times are seconds since the epoch. */
export interface Cause {
  /** A column of the table. */
  readonly column: string;
  /** The value of the column; null for a range. */
  readonly value: string | number | null;
  /** The range: at least `from`, and less than `below`; null for an open end. */
  readonly from: number | null;
  readonly below: number | null;
  /** The group of an entry; null for other causes. */
  readonly group: string | null;
  /** An expression that holds for exactly the jobs with the cause; null where the language has none. */
  readonly where: string | null;
}

export interface Family {
  /** The level of each job; -1 without the property, and `count` for a level of few jobs. */
  readonly levels: Int32Array;
  /** In a family of single levels: further levels of a job, such as other hosts. Absent without any. */
  readonly more?: (job: number) => readonly number[];
  readonly count: number;
  /** The causes: each level, all ranges of levels from the first or to the last one, or all other ranges. */
  readonly sets: 'levels' | 'ends' | 'inner';
  /** The cause of the levels from `first` to `last`. */
  cause(first: number, last: number): Cause;
}

/** Jobs that a cause has at least. */
export const MIN_JOBS = 5;

/** Ranges of more values than this begin and end at quantiles. */
const MAX_LEVELS = 64;

/** A level that is missing so far, in an array of levels. */
const RARE = -2;

/**
 * The families of these rows of a table; `levels` are by the index in `rows`. An earlier family is the better
 * explanation: the file of the run names parameters, groups and entries, and a user can change them.
 */
export function familiesOf(table: JobTable, rows: Uint32Array): Family[] {
  const parameters = table.parameterNames;
  const columns = parameters.map((name) => table.column(name));
  const ranges = columns.map((column) => rangeFamilies(column, rows));
  return [
    ...columns.flatMap((column) => valueFamily(column, rows)),
    ...ranges.flatMap((families) => families.slice(0, 1)),
    ...valueFamily(table.column('group'), rows),
    ...entryFamily(table, rows),
    ...hostFamily(table, rows),
    ...ranges.flatMap((families) => families.slice(1)),
  ];
}

/** The families of a time. */
export function timeFamilies(table: JobTable, name: 'start' | 'finish', rows: Uint32Array): Family[] {
  return rangeFamilies(table.column(name), rows);
}

function valueFamily(column: JobColumn, rows: Uint32Array): Family[] {
  const numbers = Float64Array.from(rows, (row) => column.number(row));
  const sorted = ascending(numbers);
  // Values of few jobs are not kept, because a million jobs may have a million ones.
  const frequent = sorted.filter(
    (number, i) => number !== sorted[i - 1] && number === sorted[i + MIN_JOBS - 1],
  );
  const texts = new Map<string, number>();
  const levels = new Int32Array(rows.length).fill(-1);
  rows.forEach((row, i) => {
    const number = numbers[i] as number;
    if (!Number.isNaN(number)) {
      const place = placeOf(number, frequent);
      levels[i] = frequent[place] === number ? place : RARE;
      return;
    }
    const text = column.text(row);
    if (text === null) return;
    const place = texts.get(text) ?? texts.size;
    texts.set(text, place);
    levels[i] = frequent.length + place;
  });
  const values = [...frequent, ...texts.keys()];
  levels.forEach((level, i) => {
    if (level === RARE) levels[i] = values.length;
  });
  return [
    {
      levels,
      count: values.length,
      sets: 'levels',
      cause: (level) => {
        const value = values[level] as string | number;
        return { ...NOTHING, column: column.name, value, where: equal(column.name, value) };
      },
    },
  ];
}

/** Hosts of a hostlist at most. A longer one counts as a host. */
const MAX_HOSTS = 65_536;
/** Hostlists that an expression names at most. */
const MAX_LISTS = 8;

/** Hosts. A job of several nodes has each of its hosts. */
function hostFamily(table: JobTable, rows: Uint32Array): Family[] {
  const { hosts, texts } = table.jobs;
  const places = new Map<string, number>();
  const placeOfHost = (host: string) => {
    const place = places.get(host) ?? places.size;
    places.set(host, place);
    return place;
  };
  /** By the index of the hostlist: levels of its hosts. */
  const lists = new Map<number, readonly number[]>();
  const levels = Int32Array.from(rows, (row) => {
    const text = hosts[row] as number;
    if (!lists.has(text)) {
      const list = texts[text] ?? '';
      const names = list === '' ? [] : (expandHostlist(list, MAX_HOSTS) ?? [list]);
      lists.set(text, names.map(placeOfHost));
    }
    return lists.get(text)?.[0] ?? -1;
  });
  const names = [...places.keys()];
  const others = new Map([...lists].map(([text, list]) => [text, list.slice(1)]));
  const isPlain = [...others.values()].every((list) => list.length === 0);
  const where = (level: number) => {
    const having = [...lists].filter(([, list]) => list.includes(level)).map(([text]) => texts[text] ?? '');
    if (having.length > MAX_LISTS) return null;
    return anyOf(having.map((list) => equal('hosts', list)));
  };
  return [
    {
      levels,
      ...(isPlain ? {} : { more: (job) => others.get(hosts[rows[job] as number] as number) ?? [] }),
      count: names.length,
      sets: 'levels',
      cause: (level) => ({ ...NOTHING, column: 'hosts', value: names[level] as string, where: where(level) }),
    },
  ];
}

/** Entries of the groups that have several ones. */
function entryFamily(table: JobTable, rows: Uint32Array): Family[] {
  const { group, groups, entry } = table.jobs;
  const pairs: (readonly [group: string, entry: number])[] = [];
  const byGroup = groups.map(() => new Map<number, number>());
  const levels = new Int32Array(rows.length).fill(-1);
  rows.forEach((row, i) => {
    const [ofGroup, name] = [byGroup[group[row] ?? 0], groups[group[row] ?? 0]];
    const index = entry[row] ?? -1;
    if (ofGroup === undefined || name === undefined || index < 0) return;
    let place = ofGroup.get(index);
    if (place === undefined) {
      place = pairs.push([name, index]) - 1;
      ofGroup.set(index, place);
    }
    levels[i] = place;
  });
  rows.forEach((row, i) => {
    if ((byGroup[group[row] ?? 0]?.size ?? 0) < 2) levels[i] = -1;
  });
  if (byGroup.every(({ size }) => size < 2)) return [];
  return [
    {
      levels,
      count: pairs.length,
      sets: 'levels',
      cause: (level) => {
        const [name, index] = pairs[level] as readonly [string, number];
        const where = joined(equal('group', name), `entry == ${index}`);
        return { ...NOTHING, column: 'entry', value: index, group: name, where };
      },
    },
  ];
}

/** The family of ranges with an open end, and that of all other ranges. */
function rangeFamilies(column: JobColumn, rows: Uint32Array): Family[] {
  const numbers = Float64Array.from(rows, (row) => column.number(row));
  const starts = startsOf(ascending(numbers));
  // The ranges of two values are these values.
  if (starts.length < 3) return [];
  const levels = Int32Array.from(numbers, (number) => placeOf(number, starts));
  const { name } = column;
  const cause = (first: number, last: number): Cause => {
    const from = first === 0 ? null : (starts[first] as number);
    const below = starts[last + 1] ?? null;
    const lower = from === null ? [] : [`${nameOf(name)} >= ${from}`];
    const upper = below === null ? [] : [`${nameOf(name)} < ${below}`];
    return { ...NOTHING, column: name, from, below, where: joined(...lower, ...upper) };
  };
  return (['ends', 'inner'] as const).map((sets) => ({ levels, count: starts.length, sets, cause }));
}

const NOTHING = { value: null, from: null, below: null, group: null } as const;

/** The known numbers, sorted. */
function ascending(numbers: Float64Array): Float64Array {
  return numbers.filter((number) => !Number.isNaN(number)).sort();
}

/** The lowest numbers of the levels, ascending: all values, or quantiles of many. */
function startsOf(sorted: Float64Array): Float64Array {
  const all = sorted.filter((number, i) => i === 0 || number !== sorted[i - 1]);
  if (all.length <= MAX_LEVELS) return all;
  const quantiles = Float64Array.from(
    { length: MAX_LEVELS },
    (_, i) => sorted[Math.floor((i * sorted.length) / MAX_LEVELS)] as number,
  );
  return quantiles.filter((number, i) => i === 0 || number !== quantiles[i - 1]);
}

/** The index of the last start that is not above the number; -1 for NaN. */
function placeOf(number: number, starts: Float64Array): number {
  if (Number.isNaN(number)) return -1;
  return Math.max(0, firstPlace(starts, (start) => start > number) - 1);
}

/** The name of a column in an expression. */
function nameOf(column: string): string {
  return /^[\p{L}_][\p{L}\p{N}\p{M}_.]*$/u.test(column) ? column : `\`${column.replaceAll('`', '``')}\``;
}

function equal(column: string, value: string | number): string | null {
  if (typeof value === 'number') return joined(`${nameOf(column)} == ${value}`);
  const quote = ['"', "'"].find((each) => !value.includes(each));
  return quote === undefined ? null : joined(`${nameOf(column)} == ${quote}${value}${quote}`);
}

/** The expression that all parts hold; null if one is missing, and for a text that a terminal can't show as it is. */
function joined(...parts: (string | null)[]): string | null {
  const text = parts.join(' and ');
  return parts.includes(null) || escapeControls(text) !== text ? null : text;
}

/** The expression that one of the parts holds; null if one is missing. */
function anyOf(parts: readonly (string | null)[]): string | null {
  if (parts.includes(null)) return null;
  return parts.length === 1 ? (parts[0] ?? null) : `(${parts.join(' or ')})`;
}
