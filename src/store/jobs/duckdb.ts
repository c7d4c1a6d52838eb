/** The parts of the optional package @duckdb/node-api that are used. It is loaded only when SQL is asked for. */

import { EnsembleError } from '../../errors.js';
import { howToInstall, loadOptional } from '../../optional-package.js';

const PACKAGE = '@duckdb/node-api';

type Type = object;
/** A value of a column: a text, number, bigint or an object of the package; null for an unknown one. */
export type DuckValue = string | number | bigint | object | null;

export interface DuckChunk {
  rowCount: number;
  setColumnValues(column: number, values: readonly DuckValue[]): void;
}

export interface DuckResult {
  readonly columnCount: number;
  deduplicatedColumnNames(): string[];
  columnType(column: number): Type;
  /** Yields rows in portions. */
  yieldConvertedRows(converter: unknown): AsyncIterable<unknown[][]>;
}

interface Connection {
  registerTableFunction(definition: object): void;
  run(sql: string): Promise<unknown>;
  stream(sql: string): Promise<DuckResult>;
  closeSync(): void;
}

interface Instance {
  connect(): Promise<Connection>;
  closeSync(): void;
}

interface InitInfo {
  getColumnIndexes(): number[];
  setInitData(data: object): void;
  setMaxThreads(threads: number): void;
}

interface ScanInfo {
  getInitData(): object | undefined;
  setError(message: string): void;
}

export interface DuckDb {
  readonly DuckDBInstance: {
    create(path: string, options: Readonly<Record<string, string>>): Promise<Instance>;
  };
  readonly DuckDBTableFunction: {
    create(definition: {
      readonly name: string;
      readonly supportsProjectionPushdown: boolean;
      bindFunction(info: {
        addResultColumn(name: string, type: Type): void;
        setCardinality(rows: number, exact: boolean): void;
      }): void;
      initFunction(info: InitInfo): void;
      mainFunction(info: ScanInfo, chunk: DuckChunk): void;
    }): object;
  };
  readonly DuckDBTimestampValue: new (microseconds: bigint) => object;
  readonly JsonDuckDBValueConverter: unknown;
  readonly VARCHAR: Type;
  readonly DOUBLE: Type;
  readonly BIGINT: Type;
  readonly TIMESTAMP: Type;
}

/** Loads the package. Throws EnsembleError `ERR_ADDON` with what to install. */
export async function loadDuckDb(): Promise<DuckDb> {
  const loaded = await loadOptional<Partial<DuckDb>>(PACKAGE, 'SQL');
  if (loaded.DuckDBTableFunction !== undefined) return loaded as DuckDb;
  const remedy = howToInstall(`${PACKAGE}@latest`);
  throw new EnsembleError(
    'ERR_ADDON',
    `SQL needs a newer version of the optional package ${PACKAGE}; ${remedy}`,
  );
}
