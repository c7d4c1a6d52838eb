/** The values of a job entry's parameters. */

import { MAX_SOBOL_DIMENSIONS } from '../../language/design/sobol.js';
import { countRows } from '../../language/sweep.js';
import { faultOfParameterName } from '../../language/template-names.js';
import type { Distribution, Sweep, ValueSweep, Values } from '../../model/ensemble.js';
import { MAX_COUNT, MAX_HYPERCUBE_VALUES } from '../../model/limits.js';
import type { Row } from '../../model/written.js';
import { describeValue, quote } from '../../text/describe.js';
import type { Path } from '../../text/path.js';
import type { JobShape } from '../schema/ensemble.js';
import { asWritten, type Scalar } from '../source/as-written.js';
import type { ResolveContext } from './context.js';
import { resolveRange } from './range.js';

type Parameters = Exclude<NonNullable<JobShape['parameters']>, { readonly file: string }>;
type Written = Exclude<Parameters, readonly unknown[]>[string];
type Range = Exclude<Written, Scalar | readonly unknown[]>;

const DISTRIBUTIONS = ['uniform', 'loguniform', 'normal', 'integer', 'choice'] as const;
/** Keys of an entry that only drawn parameters need. */
const DRAW_KEYS = ['samples', 'seed', 'design'] as const;
const RANGE_KEYS = ['from', 'to', 'step', 'count', 'scale'] as const;

/** Whether they are the names of columns only, as an entry with `ask` may have them. */
export function isNames(parameters: JobShape['parameters']): parameters is string[] {
  return Array.isArray(parameters) && parameters.length > 0 && typeof parameters[0] === 'string';
}

/**
 * Makes the sweep of an entry; null without parameters, or after a report of a mistake. `ofFile` is that of an entry whose
 * rows are in a file.
 */
export function resolveSweep(
  context: ResolveContext,
  job: JobShape,
  path: Path,
  ofFile: Sweep | null,
): Sweep | null {
  const { problems } = context;
  const at = [...path, 'parameters'];
  const drawn = DRAW_KEYS.some((key) => job[key] !== undefined);
  const { parameters } = job;
  if (parameters === undefined || parameters === null) {
    if (drawn && !context.shape.isBroken(at)) warnOfIdleKeys(context, job, path);
    return null;
  }
  if (isNames(parameters)) {
    problems.error(at, "names without values; only an entry with 'ask' has these", 'key');
    return null;
  }
  if (isRowFile(parameters)) {
    if (drawn) warnOfIdleKeys(context, job, path);
    return ofFile;
  }
  const names = Array.isArray(parameters) ? rowNames(context, parameters, at) : Object.keys(parameters);
  for (const name of names) {
    const message = faultOfParameterName(name);
    if (message === null) continue;
    problems.error(Array.isArray(parameters) ? at : [...at, name], message, 'key');
  }
  const fixed: [string, Values][] = [];
  const draws: [string, Distribution][] = [];
  if (!Array.isArray(parameters)) {
    for (const [name, written] of Object.entries(parameters)) {
      const values = resolveOne(context, written, [...at, name]);
      if (values === null) return null;
      if (isDistribution(values)) draws.push([name, values]);
      else fixed.push([name, values]);
    }
  }
  if (drawn && draws.length === 0) warnOfIdleKeys(context, job, path);
  if (job.design === 'sobol' && draws.length > MAX_SOBOL_DIMENSIONS) {
    const message = `a Sobol sequence has at most ${MAX_SOBOL_DIMENSIONS} dimensions; ${draws.length} parameters are drawn`;
    problems.error([...path, 'design'], message);
    return null;
  }
  const sweep: ValueSweep = {
    kind: 'values',
    names,
    fixed: Array.isArray(parameters) ? givenRows(context, parameters, at) : { product: fixed },
    draws,
    samples: job.samples ?? 1,
    seed: job.seed ?? 0,
    design: job.design ?? 'random',
  };
  const points = sweep.samples * draws.length;
  if (sweep.design === 'lhs' && points > MAX_HYPERCUBE_VALUES) {
    const message =
      `a Latin hypercube is kept in memory: ${sweep.samples} samples of ${draws.length} parameters are ${points} values; ` +
      `${MAX_HYPERCUBE_VALUES} at most. Take halton or sobol, whose points are made one by one`;
    problems.error([...path, 'design'], message);
    return null;
  }
  const rows = countRows(sweep);
  if (rows > MAX_COUNT) {
    problems.error(at, `these are ${rows} rows; ${MAX_COUNT} at most`, 'key');
    return null;
  }
  return sweep;
}

/** Whether the rows of an entry are in a file. */
export function isRowFile(
  parameters: JobShape['parameters'],
): parameters is Extract<NonNullable<JobShape['parameters']>, { readonly file: string }> {
  return (
    typeof parameters === 'object' &&
    parameters !== null &&
    !Array.isArray(parameters) &&
    typeof parameters.file === 'string'
  );
}

const isDistribution = (values: Values | Distribution): values is Distribution =>
  (DISTRIBUTIONS as readonly string[]).includes(values.kind);

/** Explicit rows, with the texts of their numbers. */
function givenRows(
  { source }: ResolveContext,
  rows: readonly Readonly<Record<string, Scalar>>[],
  path: Path,
): Row[] {
  return rows.map((row, index) =>
    Object.fromEntries(
      Object.entries(row ?? {}).map(([name, value]) => [
        name,
        asWritten(source, value, [...path, index, name]),
      ]),
    ),
  );
}

function warnOfIdleKeys({ problems }: ResolveContext, job: JobShape, path: Path): void {
  for (const key of DRAW_KEYS) {
    if (job[key] !== undefined) problems.warning([...path, key], 'ignored: no parameter is drawn', 'key');
  }
}

/** The names of explicit rows, which must be the same in all rows. */
function rowNames(
  { problems }: ResolveContext,
  rows: readonly (Readonly<Record<string, Scalar>> | undefined)[],
  path: Path,
): string[] {
  const names = Object.keys(rows.find((row) => row !== undefined) ?? {});
  for (const [index, row] of rows.entries()) {
    if (row === undefined) continue;
    const missing = names.filter((name) => !Object.hasOwn(row, name));
    const more = Object.keys(row).filter((name) => !names.includes(name));
    for (const name of missing) {
      problems.error([...path, index], `this row has no ${quote(name)}; every row must have the same names`);
    }
    for (const name of more) {
      const message = `the first row has no ${quote(name)}; every row must have the same names`;
      problems.error([...path, index, name], message, 'key');
    }
  }
  return names;
}

/** The values of one parameter, or its distribution; null after a report of a mistake. */
function resolveOne(
  context: ResolveContext,
  written: Written | undefined,
  path: Path,
): Values | Distribution | null {
  if (written === undefined) return null;
  if (Array.isArray(written)) {
    if (written.includes(undefined as never)) return null;
    const values = written.map((value, index) => asWritten(context.source, value, [...path, index]));
    return { kind: 'list', values };
  }
  if (typeof written !== 'object') {
    return { kind: 'list', values: [asWritten(context.source, written, path)] };
  }
  const range = written as Range;
  const { problems } = context;
  const given = (keys: readonly (keyof Range)[]) => keys.filter((key) => range[key] !== undefined);
  const kinds = given(DISTRIBUTIONS);
  const others = given(RANGE_KEYS);
  if (DISTRIBUTIONS.some((kind) => context.shape.isBroken([...path, kind]))) return null;
  if (kinds.length === 0) return resolveRange(context, range, path);
  if (kinds.length > 1 || others.length > 0) {
    const all = [...kinds, ...others].join(' and ');
    problems.error(path, `has ${all}; write only one distribution, or a range`, 'key');
    return null;
  }
  return resolveDistribution(context, range, path);
}

function resolveDistribution(
  { problems, source }: ResolveContext,
  { uniform, loguniform, normal, integer, choice }: Range,
  path: Path,
): Distribution | null {
  const refuse = (key: string, message: string) => {
    problems.error([...path, key], message);
    return null;
  };
  if (choice !== undefined) {
    const values = choice.map((value, index) => asWritten(source, value, [...path, 'choice', index]));
    return { kind: 'choice', values };
  }
  if (normal !== undefined) {
    const [mean = 0, deviation = 0] = normal;
    if (deviation < 0)
      return refuse('normal', `the standard deviation is ${deviation}; it must be 0 or more`);
    return { kind: 'normal', mean, deviation };
  }
  for (const [kind, bounds] of [
    ['uniform', uniform],
    ['loguniform', loguniform],
    ['integer', integer],
  ] as const) {
    if (bounds === undefined) continue;
    // One of them is invalid, which was reported.
    if (bounds.length < 2 || bounds.includes(undefined as never)) return null;
    const [from = 0, to = 0] = bounds;
    if (from > to) return refuse(kind, `${from} is more than ${to}; write the smaller one first`);
    if (kind === 'loguniform' && from <= 0) return refuse(kind, 'both must be above 0');
    if (kind === 'integer' && !(Number.isSafeInteger(from) && Number.isSafeInteger(to))) {
      return refuse(
        kind,
        `must be whole numbers; found ${describeValue(Number.isSafeInteger(from) ? to : from)}`,
      );
    }
    return { kind, from, to };
  }
  return null;
}
