/** Files of rows: their columns, and their rows one by one. */

import { compileWhere, type WhereColumns } from '../language/expression/where.js';
import type { ColumnType, RowFile, RowFormat } from '../model/ensemble.js';
import { type Given, plain, type Row } from '../model/written.js';
import { quote } from '../text/describe.js';
import type { Result } from '../text/result.js';
import { choices, didYouMean } from '../text/suggest.js';
import { CellError, typeOf, valueOfCell, valueOfText } from './cells.js';
import { chunksOf } from './chunks.js';
import { CsvError, csvRows } from './csv.js';
import { jsonRows } from './json-lines.js';
import { openParquet } from './parquet.js';
import { RowError } from './row-error.js';

/** Rows that determine the types of columns. */
const HEAD = 1000;

/** The formats by the endings of names. */
export const FORMATS: Readonly<Record<string, RowFormat>> = {
  '.csv': 'csv',
  '.tsv': 'tsv',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.parquet': 'parquet',
};

/** A row before its cells have types. */
interface RawRow {
  readonly line: number;
  readonly cells: readonly unknown[];
}

/** A file that is read from its beginning. */
interface Source {
  /** Names of the columns, in the order of the file. */
  readonly header: readonly string[];
  /** The types of the columns, null for one that can't be a parameter; null for a file without types. */
  readonly types: readonly (ColumnType | null)[] | null;
  /** Null where they would have to be read. */
  readonly count: number | null;
  readonly rows: Generator<RawRow, void, void>;
  readonly valueOf: (type: ColumnType, cell: never) => Given;
}

/** Takes in a mistake; the rows go on after it where it returns. */
type OnFault = (fault: RowError) => void;

const refuse: OnFault = (fault) => {
  throw fault;
};

/** The columns of a file, and what is known of it without reading it in full. */
export interface Head {
  /** Null for the type of a column without values so far, or of one that can't be a parameter. */
  readonly columns: readonly { readonly name: string; readonly type: ColumnType | null }[];
  readonly rows: number | null;
  /** The first rows have no values at all. */
  readonly empty: boolean;
}

/** Reads the columns of a file and the first rows. Throws RowError. */
export function readHead(path: string, format: RowFormat): Head {
  const { header, types, count, rows } = open(path, format, refuse);
  const first: RawRow[] = [];
  for (const row of rows) if (first.push(row) >= HEAD) break;
  const columns = header.map((name, i) => ({
    name,
    type: types === null ? typeOf(first.map(({ cells }) => cells[i])) : (types[i] ?? null),
  }));
  return { columns, rows: count, empty: first.length === 0 };
}

/** Compiles a condition on rows. Never throws. */
export function compileRowWhere(text: string, columns: RowFile['columns']): Result<(row: Row) => boolean> {
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  const table: WhereColumns<Row> = {
    find: (name) => {
      const type = types.get(name);
      if (type === undefined) return null;
      return {
        // An integer that a number would round is a text.
        kind: type === 'number' ? 'any' : 'text',
        number: (row) => Number(plain(row[name] ?? Number.NaN)),
        text: (row) => String(plain(row[name] ?? '')),
      };
    },
    hint: (name) =>
      didYouMean(name, [...types.keys()]) || `; the columns are ${choices([...types.keys()], 'and')}`,
    any: 'a number',
    one: 'one row',
  };
  return compileWhere(text, table);
}

/**
 * Yields the rows of a file that its parameters take. Throws RowError for a mistake, unless `onFault` takes it; the row is
 * left out then.
 */
export function* rowsOfFile(file: RowFile, onFault: OnFault = refuse): Generator<Row, void, void> {
  const { path, format, first, last, where } = file;
  const source = open(path, format, onFault);
  const columns = file.columns.map(({ name, type }) => {
    const index = source.header.indexOf(name);
    if (index >= 0) return { name, type, index };
    const place = { path, line: null, column: null, name: null };
    throw new RowError(place, `the column ${quote(name)} is missing now; the file has changed`);
  });
  const compiled = where === null ? null : compileRowWhere(where, file.columns);
  const holds = compiled?.ok ? compiled.value : () => true;
  const rowOf = ({ line, cells }: RawRow): Row | null => {
    const values: Record<string, Given> = {};
    for (const { name, type, index } of columns) {
      try {
        values[name] = source.valueOf(type, cells[index] as never);
      } catch (error) {
        if (!(error instanceof CellError)) throw error;
        onFault(new RowError({ path, line, column: index + 1, name }, error.message));
        return null;
      }
    }
    return values;
  };
  let number = 0;
  for (const raw of source.rows) {
    number++;
    if (number < first) continue;
    if (last !== null && number > last) return;
    const row = rowOf(raw);
    if (row !== null && holds(row)) yield row;
  }
}

function open(path: string, format: RowFormat, onFault: OnFault): Source {
  switch (format) {
    case 'csv':
      return openCsv(path, null, onFault);
    case 'tsv':
      return openCsv(path, '\t', onFault);
    case 'jsonl':
      return openJson(path, onFault);
    case 'parquet':
      return { ...openParquet(path), valueOf: valueOfCell };
  }
}

function openCsv(path: string, separator: string | null, onFault: OnFault): Source {
  const rows = csvRows(chunksOf(path), separator);
  const at = (line: number | null, column: number | null = null, name: string | null = null) => ({
    path,
    ...{ line, column, name },
  });
  const next = () => {
    try {
      const { value, done } = rows.next();
      return done === true ? null : (value ?? null);
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
      onFault(new RowError(at(error.line), error.message));
      return null;
    }
  };
  const first = next();
  if (first === null) throw new RowError(at(null), 'the file is empty; its first line must name the columns');
  const header = first.cells.map((cell) => cell.trim());
  for (const [index, name] of header.entries()) {
    const before = header.indexOf(name);
    if (before === index || name === '') continue;
    const reason = `column ${before + 1} has the same name`;
    throw new RowError(at(first.line, index + 1, name), reason);
  }
  function* others(): Generator<RawRow, void, void> {
    try {
      for (let row = next(); row !== null; row = next()) {
        const { line, cells } = row;
        if (cells.length === header.length) yield row;
        else {
          const reason = `the row has ${cells.length} cells, and the first line ${header.length}`;
          onFault(new RowError(at(line), reason));
        }
      }
    } finally {
      rows.return();
    }
  }
  return { header, types: null, count: null, rows: others(), valueOf: valueOfText };
}

function openJson(path: string, onFault: OnFault): Source {
  const at = (line: number | null, name: string | null = null) => ({ path, line, column: null, name });
  const rows = jsonRows(chunksOf(path), ({ line, message }) => onFault(new RowError(at(line), message)));
  const first = rows.next().value;
  const header = [...(first?.values.keys() ?? [])];
  function* all(): Generator<RawRow, void, void> {
    try {
      for (let row = first; row; row = rows.next().value as typeof first) {
        const { line, values } = row;
        const more = [...values.keys()].find((name) => !header.includes(name));
        if (more === undefined) yield { line, cells: header.map((name) => values.get(name)) };
        else onFault(new RowError(at(line, more), 'the first line has no such value'));
      }
    } finally {
      rows.return();
    }
  }
  return { header, types: null, count: first ? null : 0, rows: all(), valueOf: valueOfCell };
}
