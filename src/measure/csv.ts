/** Columns of tables: CSV, or words with blanks between them. */

import { Readable } from 'node:stream';
import { type Info, parse } from 'csv-parse';
import type { Finding, MeasureEntry, MeasureSource } from '../model/measure.js';
import { quote } from '../text/describe.js';
import { choices, didYouMean } from '../text/suggest.js';
import { type Document, forEachLine, piecesOf, Unreadable } from './document.js';
import { Taken } from './taken.js';

export type CsvEntry = MeasureEntry & { readonly source: MeasureSource & { readonly kind: 'csv' } };

/** The separator of tables with any number of blanks between their words. */
export const BLANKS = ' ';
/** Separators that are recognised by the first line, the likeliest first. */
const SEPARATORS = [',', ';', '\t', BLANKS];
/** Bytes of a record at most. */
const MAX_RECORD = 1 << 20;

interface Search {
  readonly entry: CsvEntry;
  readonly taken: Taken;
}

/** Takes in the rows of a table. The first one has the names of the columns, unless all its cells are numbers. */
class Table {
  readonly #searches: readonly Search[];
  readonly #name: string;
  #header: readonly string[] | null = null;
  #indexes: readonly number[] | null = null;

  constructor(searches: readonly Search[], name: string) {
    this.#searches = searches;
    this.#name = name;
  }

  /** Throws Unreadable for a missing column. */
  row(cells: readonly string[], line: number, text: string): void {
    if (this.#indexes === null) {
      const isHeader = cells.some((cell) => Number.isNaN(Number(cell)) && !/^[+-]?nan$/i.test(cell.trim()));
      const names = isHeader ? cells.map((cell) => cell.trim()) : [];
      this.#header = isHeader ? names : null;
      this.#indexes = this.#searches.map(({ entry }) =>
        this.#indexOf(entry.source.column, names, cells.length),
      );
      if (isHeader) return;
    }
    // A program that was started again has written the names once more.
    if (this.#header?.every((name, i) => cells[i]?.trim() === name) === true) return;
    for (const [i, { taken }] of this.#searches.entries()) {
      const cell = cells[this.#indexes[i] ?? -1]?.trim() ?? '';
      if (cell !== '') taken.add(cell, line, text);
    }
  }

  #indexOf(column: string | number, names: readonly string[], width: number): number {
    if (typeof column === 'number') {
      if (column <= width) return column - 1;
      throw new Unreadable(`${this.#name} has ${width} columns, and no column ${column}`);
    }
    const index = names.indexOf(column);
    if (index >= 0) return index;
    if (names.length === 0) {
      throw new Unreadable(
        `${this.#name} has no names of columns in its first line; write the number of the column`,
      );
    }
    const hint = didYouMean(column, names) || `; it has ${choices(names, 'and')}`;
    throw new Unreadable(`${this.#name} has no column ${quote(column)}${hint}`);
  }
}

/** Returns the findings of all entries, which have the same separator, in one pass. Throws Unreadable. */
export async function scanCsv(document: Document, entries: readonly CsvEntry[]): Promise<Finding[]> {
  const searches = entries.map((entry): Search => ({ entry, taken: new Taken(entry.take) }));
  const table = new Table(searches, document.name);
  const separator = entries[0]?.source.separator ?? separatorOf(document);
  if (separator === BLANKS) readWords(document, table);
  else await readCsv(document, separator, table);
  return searches.map(({ entry, taken }) => {
    const nothing = `column ${quote(String(entry.source.column))} of ${document.name} has no values`;
    return taken.result(entry.name, document.name, nothing);
  });
}

/** The line without the `#` of a comment, which may have the names of the columns. */
const uncommented = (line: string) => line.replace(/^\s*#+\s*/, '');

function separatorOf(document: Document): string {
  let first = '';
  for (const piece of piecesOf(document)) {
    const lines = (first + piece.toString('utf8')).split(/\r\n|\n|\r/);
    first = lines.find((line) => uncommented(line).trim() !== '') ?? '';
    if (lines.length > 1 || first.length > MAX_RECORD) break;
  }
  return SEPARATORS.find((separator) => uncommented(first).trim().includes(separator)) ?? ',';
}

function readWords(document: Document, table: Table): void {
  let isFirst = true;
  forEachLine(document, (line, number) => {
    const isComment = line.trimStart().startsWith('#');
    const text = uncommented(line).trim();
    if (text === '' || (isComment && !isFirst)) return;
    isFirst = false;
    table.row(text.split(/\s+/), number, line);
  });
}

async function readCsv(document: Document, separator: string, table: Table): Promise<void> {
  const parser = parse({
    delimiter: separator,
    bom: true,
    info: true,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: MAX_RECORD,
  });
  const copies = (function* () {
    for (const piece of piecesOf(document)) yield Buffer.from(piece);
  })();
  const rows = Readable.from(copies)
    .on('error', (error) => parser.destroy(error))
    .pipe(parser);
  let isFirst = true;
  try {
    for await (const { record, info } of rows as AsyncIterable<{ record: string[]; info: Info }>) {
      const isComment = record[0]?.trimStart().startsWith('#') === true;
      if (isComment && !isFirst) continue;
      if (isComment) record[0] = uncommented(record[0] ?? '');
      isFirst = false;
      table.row(record, info.lines, record.join(separator));
    }
  } catch (error) {
    if (error instanceof Unreadable) throw error;
    throw new Unreadable(`${document.name} is not a table: ${(error as Error).message}`);
  } finally {
    parser.destroy();
  }
}
