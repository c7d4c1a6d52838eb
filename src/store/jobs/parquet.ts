/** Tables of jobs as Parquet files. */

import type { JobColumn } from './column.js';
import { type ColumnType, typeOf } from './types.js';

/** Rows that are converted at a time. */
const PORTION = 50_000;

const CONVERT: Readonly<Record<Exclude<ColumnType, 'STRING'>, (value: number) => unknown>> = {
  TIMESTAMP: (seconds) => new Date(seconds * 1000),
  INT64: BigInt,
  DOUBLE: (value) => value,
};

function valuesOf(column: JobColumn, type: ColumnType, rows: Uint32Array): unknown[] {
  if (type === 'STRING') return Array.from(rows, (row) => column.text(row));
  const convert = CONVERT[type];
  return Array.from(rows, (row) => {
    const value = column.number(row);
    return Number.isNaN(value) ? null : convert(value);
  });
}

/** Writes a Parquet file. Throws the system's errors. */
export async function writeParquet(
  path: string,
  rows: Uint32Array,
  columns: readonly JobColumn[],
): Promise<void> {
  // Loaded here, because few commands need it.
  const { fileWriter, ParquetWriter, schemaFromColumnData } = await import('hyparquet-writer');
  const types = columns.map((column) => typeOf(column, rows));
  const portion = (some: Uint32Array) =>
    columns.map((column, i) => {
      const type = types[i] as ColumnType;
      return { name: column.name, type, data: valuesOf(column, type, some) };
    });
  const writer = fileWriter(path);
  const schema = schemaFromColumnData({ columnData: portion(new Uint32Array()) });
  const file = new ParquetWriter({ writer, schema, createdBy: 'flux-ensemble' });
  for (let from = 0; from < rows.length; from += PORTION) {
    await file.write({ columnData: portion(rows.subarray(from, from + PORTION)), rowGroupSize: PORTION });
  }
  await file.finish();
}
