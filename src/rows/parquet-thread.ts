/** Reads a Parquet file, portion by portion, for a thread that waits for the answers (parquet.ts). */

import { type FileHandle, open } from 'node:fs/promises';
import { type MessagePort, workerData } from 'node:worker_threads';
import * as zlib from 'node:zlib';
import {
  type Compressors,
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
  type SchemaTree,
} from 'hyparquet';
import type { ColumnType } from '../model/ensemble.js';
import type { Answer } from './parquet.js';

const { port, path, answers } = workerData as { port: MessagePort; path: string; answers: Int32Array };

/** Rows of one answer. */
const PORTION = 20_000;

/** Functions of newer versions of Node. */
const { zstdDecompressSync } = zlib as { zstdDecompressSync?: (input: Uint8Array) => Uint8Array };

const compressors: Compressors = {
  GZIP: (input) => zlib.gunzipSync(input),
  BROTLI: (input) => zlib.brotliDecompressSync(input),
  ...(zstdDecompressSync === undefined ? {} : { ZSTD: (input: Uint8Array) => zstdDecompressSync(input) }),
};

function typeOf({ element, children }: SchemaTree): ColumnType | null {
  if (children.length > 0 || element.repetition_type === 'REPEATED') return null;
  switch (element.type) {
    case 'BOOLEAN':
      return 'boolean';
    case 'INT96':
      return 'text';
    case 'INT32':
    case 'INT64': {
      const kind = element.logical_type?.type ?? element.converted_type ?? '';
      return /^(?:DATE|TIME)/.test(kind) ? 'text' : 'number';
    }
    case 'FLOAT':
    case 'DOUBLE':
      return 'number';
    default:
      return element.converted_type === 'DECIMAL' ? 'number' : 'text';
  }
}

/** A cell as a parameter: dates in ISO 8601, integers that a number would round as texts. */
function cellOf(value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  return value;
}

async function* answersOf(file: FileHandle): AsyncGenerator<Answer, void, void> {
  const { size } = await file.stat();
  const buffer = {
    byteLength: size,
    slice: async (start: number, end = size) => {
      const bytes = new Uint8Array(end - start);
      await file.read(bytes, 0, bytes.length, start);
      return bytes.buffer;
    },
  };
  const metadata = await parquetMetadataAsync(buffer);
  const columns = parquetSchema(metadata).children.map((column) => ({
    name: column.element.name,
    type: typeOf(column),
  }));
  const rows = Number(metadata.num_rows);
  yield { file: { columns, rows } };
  const read = columns.filter(({ type }) => type !== null).map(({ name }) => name);
  let begin = 0;
  for (const group of metadata.row_groups) {
    const end = begin + Number(group.num_rows);
    for (let rowStart = begin; rowStart < end; rowStart += PORTION) {
      const rowEnd = Math.min(end, rowStart + PORTION);
      let cells: unknown[][] = [];
      await parquetRead({
        ...{ file: buffer, metadata, columns: read, rowStart, rowEnd, compressors },
        rowFormat: 'array',
        onComplete: (found) => {
          const taken = new Map(read.map((name, i) => [name, found.map((row) => cellOf(row[i]))]));
          // Every column has a place, also one that is left out.
          cells = columns.map(({ name }) => taken.get(name) ?? Array(rowEnd - rowStart).fill(null));
        },
      });
      yield { cells };
    }
    begin = end;
  }
  yield { end: true };
}

function tell(answer: Answer): void {
  port.postMessage(answer);
  Atomics.add(answers, 0, 1);
  Atomics.notify(answers, 0);
}

const file = open(path);
const next = file.then(answersOf);

// The reader asks for one answer ahead.
port.on('message', () => {
  next
    .then((all) => all.next())
    .then(
      ({ value }) => tell(value ?? { failed: 'its rows have ended' }),
      (error: Error) => tell({ failed: error.message }),
    );
});

// The thread ends then.
port.on('close', () => {
  file.then(
    (opened) => opened.close(),
    () => {},
  );
});
