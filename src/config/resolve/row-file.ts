/** `parameters: {file: samples.csv}`: the file of an entry's rows, and its columns. */

import { dirname, extname, resolve } from 'node:path';
import { PARAMETER_NAME } from '../../language/shapes.js';
import { RESERVED_NAMES } from '../../language/template-names.js';
import type { ColumnType, FileSweep } from '../../model/ensemble.js';
import { compileRowWhere, FORMATS, type Head, readHead } from '../../rows/file.js';
import { RowError } from '../../rows/row-error.js';
import { quote } from '../../text/describe.js';
import type { Path } from '../../text/path.js';
import { choices, didYouMean } from '../../text/suggest.js';
import { type JobShape, ROW_RANGE } from '../schema/ensemble.js';
import type { Problems } from '../source/problems.js';
import type { ResolveContext } from './context.js';
import { isRowFile } from './parameters.js';

/** Reports a mistake in a file of rows at its place there. `path` is that of the file's name in the configuration. */
export function reportRowError(
  problems: Problems,
  source: ResolveContext['source'],
  path: Path,
  { place, reason }: RowError,
): void {
  const { line, column, name } = place;
  if (line === null) {
    problems.error(path, `${quote(place.path)}: ${reason}`);
    return;
  }
  const { order } = source.place(path, 'value');
  const from = { file: place.path, path: name === null ? [] : [name], note: '' };
  problems.add('error', path, reason, {
    line,
    column: column ?? 1,
    order: [...order, line, column ?? 0],
    from,
  });
}

/** Reads the file of an entry's rows as far as its columns need it; null without a file, or after a report. */
export function resolveRowFile(context: ResolveContext, job: JobShape, path: Path): FileSweep | null {
  const { parameters } = job;
  if (!isRowFile(parameters)) return null;
  const { problems, source } = context;
  const at = [...path, 'parameters'];
  const { file: written, rows, where, types = {} } = parameters;
  const format = FORMATS[extname(written).toLowerCase()];
  if (format === undefined) {
    const hint = /\.(?:gz|zst|bz2|xz)$/i.test(written) ? '; unpack it first' : '';
    const endings = choices(Object.keys(FORMATS), 'or');
    problems.error([...at, 'file'], `the name of a file of rows must end in ${endings}${hint}`);
    return null;
  }
  const file = resolve(context.file === null ? '' : dirname(context.file), written);
  let head: Head;
  try {
    head = readHead(file, format);
  } catch (error) {
    if (!(error instanceof RowError)) throw error;
    reportRowError(problems, source, [...at, 'file'], error);
    return null;
  }
  const columns = columnsOf(context, head, types, at);
  if (head.empty) problems.warning([...at, 'file'], `${quote(file)} has no rows, so there are no jobs`);
  const range = rangeOf(context, rows, at);
  if (columns === null || range === null) return null;
  if (where !== undefined) {
    const compiled = compileRowWhere(where, columns);
    if (!compiled.ok) {
      for (const { at: character, message } of compiled.faults) {
        const place = character === null ? null : source.placeInText([...at, 'where'], where, character);
        problems.add('error', [...at, 'where'], message, place ?? source.place([...at, 'where'], 'value'));
      }
      return null;
    }
  }
  return {
    kind: 'file',
    names: columns.map(({ name }) => name),
    file: { path: file, format, columns, ...range, where: where ?? null, rows: head.rows },
  };
}

/** The columns that become parameters. */
function columnsOf(
  { problems }: ResolveContext,
  head: Head,
  types: Readonly<Record<string, ColumnType>>,
  at: Path,
): FileSweep['file']['columns'] | null {
  const names = head.columns.map(({ name }) => name);
  const unknown = Object.keys(types).filter((name) => !names.includes(name));
  for (const name of unknown) {
    const hint = didYouMean(name, names) || `; the columns are ${choices(names, 'and')}`;
    problems.error([...at, 'types', name], `the file has no column ${quote(name)}${hint}`, 'key');
  }
  const columns: { name: string; type: ColumnType }[] = [];
  const others: string[] = [];
  for (const [index, { name, type }] of head.columns.entries()) {
    const isUsable = PARAMETER_NAME.test(name) && !RESERVED_NAMES.has(name);
    if (isUsable && (type !== null || !isTyped(head)))
      columns.push({ name, type: types[name] ?? type ?? 'text' });
    else others.push(name === '' ? `number ${index + 1}` : quote(name));
  }
  if (others.length > 0) {
    const what = others.length === 1 ? `column ${others[0]}` : `columns ${choices(others, 'and')}`;
    const why =
      'names are letters, digits, _ and -, and begin with a letter; values are numbers, booleans or texts';
    problems.warning([...at, 'file'], `${what} can't be a parameter: ${why}`);
  }
  if (columns.length === 0 && !head.empty) {
    problems.error([...at, 'file'], 'the file has no column that can be a parameter');
    return null;
  }
  return unknown.length > 0 ? null : columns;
}

/** Only files with types of their own have their number of rows. */
const isTyped = ({ rows, empty }: Head) => rows !== null && !empty;

function rangeOf(
  { problems }: ResolveContext,
  rows: string | undefined,
  at: Path,
): { readonly first: number; readonly last: number | null } | null {
  const [, from, to] = ROW_RANGE.exec(rows ?? '1..') ?? [];
  const first = from === undefined ? 1 : Number(from);
  const last = to === undefined ? null : Number(to);
  const refuse = (message: string) => {
    problems.error([...at, 'rows'], message);
    return null;
  };
  if (first < 1) return refuse('rows are counted from 1');
  if (last !== null && last < first)
    return refuse(`${first} is more than ${last}; write the smaller one first`);
  return { first, last };
}
