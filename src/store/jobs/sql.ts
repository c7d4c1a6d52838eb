/**
 * SQL over a table of jobs, by DuckDB. The database asks for the columns that a statement needs, so the table is not
 * copied.
 */

import { tmpdir } from 'node:os';
import { EnsembleError } from '../../errors.js';
import type { JobColumn } from './column.js';
import { type DuckDb, type DuckResult, type DuckValue, loadDuckDb } from './duckdb.js';
import type { JobTable } from './table.js';
import { type ColumnType, typeOf } from './types.js';

/** Rows of one portion of DuckDB. */
const PORTION = 2048;

/** A number, text, boolean or null; a list or an object for nested types. */
export type SqlValue = unknown;

export interface SqlResult {
  readonly names: readonly string[];
  /** Whether each column has numbers. */
  readonly numeric: readonly boolean[];
  /** Yields rows in portions. Throws EnsembleError `ERR_RUN`. */
  readonly portions: AsyncIterable<readonly (readonly SqlValue[])[]>;
}

interface Scan {
  readonly columns: readonly number[];
  from: number;
}

/** A column with its name in SQL, where `A` and `a` are one name. */
interface NamedColumn {
  readonly column: JobColumn;
  readonly name: string;
  readonly type: ColumnType;
}

function namedColumns(table: JobTable): NamedColumn[] {
  const rows = Uint32Array.from({ length: table.length }, (_, row) => row);
  const taken = new Set<string>();
  return table.names.map((original) => {
    let name = original;
    for (let i = 1; taken.has(name.toLowerCase()); i++) name = `${original}_${i}`;
    taken.add(name.toLowerCase());
    const column = table.column(original);
    return { column, name, type: typeOf(column, rows) };
  });
}

/** Returns the function that reads a value of a column. */
function readerOf(
  { column, type }: NamedColumn,
  { DuckDBTimestampValue }: DuckDb,
): (row: number) => DuckValue {
  if (type === 'STRING') return (row) => column.text(row);
  const convert: (value: number) => DuckValue =
    type === 'DOUBLE'
      ? (value) => value
      : type === 'INT64'
        ? BigInt
        : (seconds) => new DuckDBTimestampValue(BigInt(Math.round(seconds * 1e6)));
  return (row) => {
    const value = column.number(row);
    return Number.isNaN(value) ? null : convert(value);
  };
}

/** A function of SQL that yields the rows of the table. */
function tableFunction(table: JobTable, duckdb: DuckDb): object {
  const columns = namedColumns(table);
  const readers = columns.map((column) => readerOf(column, duckdb));
  const types = {
    STRING: duckdb.VARCHAR,
    TIMESTAMP: duckdb.TIMESTAMP,
    INT64: duckdb.BIGINT,
    DOUBLE: duckdb.DOUBLE,
  };
  return duckdb.DuckDBTableFunction.create({
    name: 'jobs_of_run',
    supportsProjectionPushdown: true,
    bindFunction: (info) => {
      for (const { name, type } of columns) info.addResultColumn(name, types[type]);
      info.setCardinality(table.length, true);
    },
    initFunction: (info) => {
      const scan: Scan = { columns: info.getColumnIndexes(), from: 0 };
      info.setInitData(scan);
      info.setMaxThreads(1);
    },
    mainFunction: (info, chunk) => {
      const scan = info.getInitData() as Scan;
      const count = Math.min(PORTION, table.length - scan.from);
      chunk.rowCount = count;
      for (const [place, index] of scan.columns.entries()) {
        // A statement that needs no column, as count(*), gets an index that no column has.
        const read = readers[index] ?? (() => null);
        chunk.setColumnValues(
          place,
          Array.from({ length: count }, (_, i) => read(scan.from + i)),
        );
      }
      scan.from += count;
    },
  });
}

const INTEGER_TEXT = /^(?:U?BIGINT|U?HUGEINT)$/;
const NUMERIC = /^(?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|FLOAT|DOUBLE|DECIMAL.*)$/;

/** Integers that a number holds exactly are numbers, larger ones texts. */
function numberOf(text: string): SqlValue {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : text;
}

/** Returns how values of a column become those of a result. */
function converterOf(type: string): (value: unknown) => SqlValue {
  if (INTEGER_TEXT.test(type)) return (value) => (typeof value === 'string' ? numberOf(value) : value);
  if (type.startsWith('DECIMAL')) return (value) => (typeof value === 'string' ? Number(value) : value);
  return (value) => value;
}

/** Words for names that SQL reads otherwise than meant. */
function hintFor(message: string, sql: string): string {
  if (/Referenced table "(?:parameters|rule)" not found/.test(message)) {
    return '\nA name with a dot stands in double quotes: "parameters.T"';
  }
  // A keyword of SQL.
  const namesGroup = /(?<!["\w])group(?!["\w]|\s+by\b)/i.test(sql);
  return namesGroup && message.includes('syntax error')
    ? '\nThe name of the column of groups stands in double quotes: "group"'
    : '';
}

function refused(cause: unknown, sql: string): EnsembleError {
  const message = (cause as Error).message.replace('Failed to extract statements: ', '').trim();
  return new EnsembleError('ERR_RUN', `${message}${hintFor(message, sql)}`, { cause });
}

function resultOf(result: DuckResult, sql: string, { JsonDuckDBValueConverter }: DuckDb): SqlResult {
  const types = Array.from({ length: result.columnCount }, (_, i) => String(result.columnType(i)));
  const converters = types.map(converterOf);
  return {
    names: result.deduplicatedColumnNames(),
    numeric: types.map((type) => NUMERIC.test(type)),
    portions: (async function* () {
      try {
        for await (const rows of result.yieldConvertedRows(JsonDuckDBValueConverter)) {
          yield rows.map((row) => row.map((value, i) => converters[i]?.(value) ?? null));
        }
      } catch (cause) {
        throw refused(cause, sql);
      }
    })(),
  };
}

/**
 * Runs statements over the table `jobs`, and gives the result of the last one to `use`. Throws EnsembleError:
 * `ERR_ADDON` without DuckDB, `ERR_RUN` for an invalid statement.
 */
export async function withSql(
  table: JobTable,
  sql: string,
  use: (result: SqlResult) => Promise<void>,
): Promise<void> {
  const duckdb = await loadDuckDb();
  if (/^[\s;]*$/.test(sql)) throw new EnsembleError('ERR_RUN', 'the SQL statement is empty');
  const instance = await duckdb.DuckDBInstance.create(':memory:', { temp_directory: tmpdir() });
  const connection = await instance.connect();
  try {
    connection.registerTableFunction(tableFunction(table, duckdb));
    await connection.run('CREATE VIEW jobs AS FROM jobs_of_run()');
    let result: DuckResult;
    try {
      result = await connection.stream(sql);
    } catch (cause) {
      throw refused(cause, sql);
    }
    await use(resultOf(result, sql, duckdb));
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
