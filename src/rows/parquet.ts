/**
 * Reads Parquet files. The library for them works with promises, and rows are made one by one without waiting, so it runs in
 * a thread (parquet-thread.ts), which reads ahead.
 */

import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { ColumnType } from '../model/ensemble.js';
import { packageFile } from '../text/package-file.js';
import { RowError } from './row-error.js';

export interface ParquetColumn {
  readonly name: string;
  /** Null for a type that can't be a parameter: a list, a group. */
  readonly type: ColumnType | null;
}

/** The answers of the thread, in their order: the file, then portions of its rows, then `end`. */
export type Answer =
  | { readonly file: { readonly columns: readonly ParquetColumn[]; readonly rows: number } }
  /** The cells of some rows, by column. */
  | { readonly cells: readonly (readonly unknown[])[] }
  | { readonly end: true }
  | { readonly failed: string };

// The path is the same from src/rows and from dist/rows.
const program = packageFile('dist/rows/parquet-thread.js');

/** Seconds that a portion may take, also on a slow file system. */
const PATIENCE = 60;

/** Opens a file. Throws RowError. */
export function openParquet(path: string): {
  readonly header: string[];
  readonly types: (ColumnType | null)[];
  readonly count: number;
  readonly rows: Generator<{ line: number; cells: unknown[] }, void, void>;
} {
  const thread = new ParquetThread(path);
  try {
    const answer = thread.take();
    if (!('file' in answer)) throw thread.failure(answer);
    const { columns, rows } = answer.file;
    return {
      header: columns.map(({ name }) => name),
      types: columns.map(({ type }) => type),
      count: rows,
      rows: rowsOf(thread),
    };
  } catch (error) {
    thread.close();
    throw error;
  }
}

function* rowsOf(thread: ParquetThread): Generator<{ line: number; cells: unknown[] }, void, void> {
  let line = 0;
  try {
    for (;;) {
      const answer = thread.take();
      if ('end' in answer) return;
      if (!('cells' in answer)) throw thread.failure(answer);
      const { cells } = answer;
      const count = cells[0]?.length ?? 0;
      for (let i = 0; i < count; i++) yield { line: ++line, cells: cells.map((column) => column[i]) };
    }
  } finally {
    thread.close();
  }
}

class ParquetThread {
  readonly #path: string;
  readonly #channel = new MessageChannel();
  /** The number of answers so far. */
  readonly #answers = new Int32Array(new SharedArrayBuffer(4));
  #taken = 0;

  constructor(path: string) {
    this.#path = path;
    const port = this.#channel.port2;
    const workerData = { port, path, answers: this.#answers };
    const worker = new Worker(program, { workerData, transferList: [port] });
    worker.unref();
    // A missing answer is an error.
    worker.on('error', () => {});
    this.#ask();
  }

  /** Waits for the next answer, and asks for the one after it. */
  take(): Answer {
    Atomics.wait(this.#answers, 0, this.#taken, PATIENCE * 1000);
    const answer = receiveMessageOnPort(this.#channel.port1) as { message: Answer } | undefined;
    if (answer === undefined) return { failed: 'the thread that reads it has ended' };
    this.#taken++;
    this.#ask();
    return answer.message;
  }

  failure(answer: Answer): RowError {
    const reason = 'failed' in answer ? answer.failed : 'its rows end early';
    const place = { path: this.#path, line: null, column: null, name: null };
    return new RowError(place, `can't be read: ${reason}`);
  }

  /** Ends the thread. Idempotent. */
  close(): void {
    this.#channel.port1.close();
  }

  #ask(): void {
    this.#channel.port1.postMessage(null);
  }
}
