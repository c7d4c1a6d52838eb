/** Compares a run that was killed and resumed with an undisturbed run of the same file. */

import type { Outcome, Row, Summary } from './outcome.js';

export interface Allowed {
  /** Jobs run again because the run lost them: their rows are `lost`. Never under Flux. */
  readonly losses: boolean;
  /** Jobs by key that the log no longer has, because its end was cut off. */
  readonly cutOff?: ReadonlyMap<string, number>;
  /** The log has ended before the run: its table of jobs has gaps, and jobs may run again without a trace. */
  readonly noLog?: boolean;
  /** Rows of jobs that had ended in the log at a kill. */
  readonly known?: readonly Row[];
}

export interface Verdict {
  /** Each difference in words; empty for equal runs. */
  readonly faults: readonly string[];
  /** Keys of the undisturbed run that were not appended. */
  readonly lost: number;
  /** Appended keys that no loss explains. */
  readonly twice: number;
  /** Jobs that ran again because the run lost them. */
  readonly again: number;
}

/** The key that a job appends. */
export const keyOf = ({ group, parameters }: Pick<Row, 'group' | 'parameters'>) => `${group}-${parameters.i}`;

type Bag = Map<string, number>;

export function bagOf(items: Iterable<string>): Bag {
  const bag: Bag = new Map();
  for (const item of items) bag.set(item, (bag.get(item) ?? 0) + 1);
  return bag;
}

function* bagDifferences(what: string, found: Bag, expected: Bag): Generator<string> {
  for (const name of new Set([...expected.keys(), ...found.keys()])) {
    const counts = [found.get(name) ?? 0, expected.get(name) ?? 0];
    if (counts[0] !== counts[1]) yield `${what} ${name}: ${counts[0]}, expected ${counts[1]}`;
  }
}

const isLost = ({ result }: Row) => result === 'lost';

/** The place of a job among all submissions of its run. */
export const originOf = ({ rule, firing, part, index, attempt }: Row) =>
  `rule ${rule}, firing ${firing}, part ${part}, index ${index}, attempt ${attempt}`;

/** Jobs that were not lost, without what depends on timing. A rule that was added has no name. */
function contentsOf({ rows }: Outcome): Bag {
  return bagOf(
    rows
      .filter((row) => !isLost(row))
      .map((row) => {
        const { entry, attempt, 'rule.name': rule, result, exit, exception } = row;
        return `${keyOf(row)} (${JSON.stringify({ entry, attempt, rule, result, exit, exception })})`;
      }),
  );
}

const GAUGES: readonly string[] = ['pending', 'running'];

const isClose = (a: number | null, b: number | null) =>
  a === b || (a !== null && b !== null && Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b)));

function* probeDifferences(summary: Summary, expected: Summary): Generator<string> {
  for (const [group, { probes }] of Object.entries(expected.groups)) {
    for (const [variable, values] of Object.entries(probes ?? {})) {
      const found = summary.groups[group]?.probes?.[variable];
      for (const name of ['count', 'mean', 'variance', 'min', 'max'] as const) {
        if (!isClose(found?.[name] ?? null, values[name])) {
          yield `${name} of ${group}-${variable}: ${found?.[name]}, expected ${values[name]}`;
        }
      }
    }
  }
}

function* summaryDifferences(summary: Summary, expected: Summary): Generator<string> {
  const single = ({ end, state, firings, failedJobs, decodeErrors, error }: Summary) => ({
    end,
    state,
    firings,
    failedJobs,
    decodeErrors,
    error,
  });
  const [found, right] = [single(summary), single(expected)];
  for (const key of Object.keys(right) as (keyof typeof right)[]) {
    const [a, b] = [JSON.stringify(found[key]), JSON.stringify(right[key])];
    if (a !== b) yield `${key}: ${a}, expected ${b}`;
  }
  for (const [group, { count, duration }] of Object.entries(expected.groups)) {
    const other = summary.groups[group];
    for (const [name, value] of Object.entries(count)) {
      // At the end, the last job may not be cleaned up.
      if (GAUGES.includes(name)) continue;
      if (other?.count[name] !== value) {
        yield `count.${group}.${name}: ${other?.count[name]}, expected ${value}`;
      }
    }
    if (other?.duration.count !== duration.count) {
      yield `durations of ${group}: ${other?.duration.count}, expected ${duration.count}`;
    }
  }
  yield* bagDifferences('firings of', firingsOf(summary), firingsOf(expected));
  yield* probeDifferences(summary, expected);
}

/** Firings by what makes a rule due. The number of a rule that was added depends on timing. */
function firingsOf({ rules }: Summary): Bag {
  const bag: Bag = new Map();
  for (const { due, firings } of rules) bag.set(due, (bag.get(due) ?? 0) + firings);
  return bag;
}

/** Facts that do not change after the end of a job. Probes may measure it later. */
const factsOf = (row: Row) => {
  const { jobid, group, entry, submit, start, finish, result, status, exception } = row;
  return `${originOf(row)}, ${[jobid, group, entry, submit, start, finish, result, status, exception].join(' ')}`;
};

function* rowDifferences({ rows }: Outcome, known: readonly Row[]): Generator<string> {
  for (const [origin, count] of bagOf(rows.filter((row) => !isLost(row)).map(originOf))) {
    if (count > 1) yield `${count} jobs of ${origin}`;
  }
  const finals = new Set(rows.map(factsOf));
  for (const row of known) {
    const facts = factsOf(row);
    if (!finals.has(facts)) yield `the row of an ended job has changed or vanished: ${facts}`;
  }
}

/** `repeated`: calls may be repeated with one attempt, as the log no longer has them. */
function* callDifferences({ calls }: Outcome, expected: Outcome, repeated: boolean): Generator<string> {
  for (const [name, attempts] of calls) {
    if (!expected.calls.has(name)) yield `an unexpected call: ${name}`;
    if (!repeated && new Set(attempts).size < attempts.length)
      yield `calls of ${name} with one attempt: ${attempts}`;
  }
  for (const name of expected.calls.keys()) if (!calls.has(name)) yield `a call is missing: ${name}`;
}

/** Compares a run with an undisturbed one. */
export function check(outcome: Outcome, expected: Outcome, allowed: Allowed): Verdict {
  const losses = outcome.rows.filter(isLost);
  const { noLog = false } = allowed;
  const { summary } = outcome;
  const right = expected.summary;
  if (right === null) throw new Error('an undisturbed run has a summary');
  const faults = [
    ...(summary === null ? [] : summaryDifferences(summary, right)),
    ...(summary === null || outcome.status === expected.status
      ? []
      : [`exit status ${outcome.status}, expected ${expected.status}`]),
    ...(noLog ? [] : bagDifferences('rows of', contentsOf(outcome), contentsOf(expected))),
    ...rowDifferences(outcome, allowed.known ?? []),
    ...callDifferences(outcome, expected, noLog || allowed.cutOff !== undefined),
  ];
  if (!allowed.losses && losses.length > 0) faults.push(`${losses.length} jobs are lost`);
  const lossesOf = bagOf(allowed.losses ? losses.map(keyOf) : []);
  let lost = 0;
  let twice = 0;
  for (const key of new Set([...outcome.keys.keys(), ...expected.keys.keys()])) {
    const count = outcome.keys.get(key) ?? 0;
    const least = expected.keys.get(key) ?? 0;
    const most = least + (lossesOf.get(key) ?? 0) + (allowed.cutOff?.get(key) ?? 0);
    lost += Math.max(0, least - count);
    if (count < least) faults.push(`the key ${key} was appended ${count} times, expected ${least}`);
    if (noLog) continue;
    twice += Math.max(0, count - most);
    if (count > most) faults.push(`the key ${key} was appended ${count} times, expected ${most} at most`);
  }
  return { faults, lost, twice, again: losses.length };
}
