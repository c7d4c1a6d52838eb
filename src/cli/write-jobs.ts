/** Writes tables of jobs to files, in the form that the name of the file says. */

import { createWriteStream } from 'node:fs';
import { extname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EnsembleError } from '../errors.js';
import { allColumns, csvLines, jsonLines, plainColumns } from '../store/jobs/export.js';
import { writeParquet } from '../store/jobs/parquet.js';
import type { JobTable } from '../store/jobs/table.js';

const FORMS = ['.csv', '.json', '.jsonl', '.ndjson', '.parquet'] as const;

/** Returns the form of a file of results. Throws EnsembleError `ERR_FILE` for another name. */
export function formOf(path: string): (typeof FORMS)[number] {
  const form = FORMS.find((each) => each === extname(path).toLowerCase());
  if (form !== undefined) return form;
  throw new EnsembleError('ERR_FILE', `the name of ${path} must end with ${FORMS.join(', ')}`);
}

function* withNewlines(lines: Iterable<string>): Generator<string> {
  let gathered = '';
  for (const line of lines) {
    gathered += `${line}\n`;
    if (gathered.length < 65_536) continue;
    yield gathered;
    gathered = '';
  }
  yield gathered;
}

/** Yields the items of a JSON list. */
function* asList(objects: Iterable<string>): Generator<string> {
  let before: string | null = null;
  for (const object of objects) {
    yield before === null ? '[' : `${before},`;
    before = object;
  }
  yield before === null ? '[]' : `${before}]`;
}

/** Writes all columns of some jobs. Throws EnsembleError `ERR_FILE`. */
export async function writeJobs(path: string, table: JobTable, rows: Uint32Array): Promise<void> {
  const form = formOf(path);
  try {
    if (form === '.parquet') return await writeParquet(path, rows, allColumns(table));
    const objects = () => jsonLines(table, rows, plainColumns(table), true);
    const lines =
      form === '.csv' ? csvLines(rows, allColumns(table)) : form === '.json' ? asList(objects()) : objects();
    await pipeline(Readable.from(withNewlines(lines)), createWriteStream(path));
  } catch (cause) {
    throw new EnsembleError('ERR_FILE', `can't write ${path}: ${(cause as Error).message}`, { cause });
  }
}
