/** Columns of tables: CSV, or words with blanks between them. */

import { parse } from 'csv-parse/sync';
import { readMeasuredNumber } from '../language/measured-number.js';
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
/** Characters that are searched for the separator. */
const MAX_FIRST = 1 << 20;
/** Characters of a record of several lines at most. */
const MAX_QUOTED = 1 << 16;

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
      const isHeader = cells.some((cell) => cell.trim() !== '' && readMeasuredNumber(cell) === null);
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
export function scanCsv(document: Document, entries: readonly CsvEntry[]): Finding[] {
  const searches = entries.map((entry): Search => ({ entry, taken: new Taken(entry.take) }));
  const table = new Table(searches, document.name);
  const separator = entries[0]?.source.separator ?? separatorOf(document);
  if (separator === BLANKS) readWords(document, table);
  else readCsv(document, separator, table);
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
    if (lines.length > 1 || first.length > MAX_FIRST) break;
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

function readCsv(document: Document, separator: string, table: Table): void {
  const begin = `(?:^|[${separator.replace(/[\\\]^-]/g, '\\$&')}])\\s*"`;
  const quoted = new RegExp(begin);
  const whole = new RegExp(`${begin}(?:[^"]|"")*"`, 'g');
  let isFirst = true;
  /** Lines of a record that goes on, as a quoted cell may. */
  let begun = '';
  const take = (record: string, number: number) => {
    const isComment = record.trimStart().startsWith('#');
    if (record.trim() === '' || (isComment && !isFirst)) return;
    const text = isComment ? uncommented(record) : record;
    isFirst = false;
    table.row(quoted.test(text) ? cellsOf(text, separator, document) : text.split(separator), number, record);
  };
  const lines = forEachLine(document, (line, number) => {
    const record = begun === '' ? line : `${begun}\n${line}`;
    // The quotes of a cell do not end in the record so far.
    const isOpen = quoted.test(record) && quoted.test(record.replace(whole, ''));
    begun = isOpen ? record : '';
    if (!isOpen) take(record, number);
    else if (record.length > MAX_QUOTED) throw openQuotes(record, number, document);
  });
  // Rows would be lost after a quote that is there by mistake.
  if (begun !== '') throw openQuotes(begun, lines, document);
}

/** `record` begins with a cell whose quotes do not end, and ends on the line `last`. */
function openQuotes(record: string, last: number, { name }: Document): Unreadable {
  const line = last - record.split('\n').length + 1;
  return new Unreadable(`the quotes that begin on line ${line} of ${name} do not end`);
}

/** The cells of a record with quotes. */
function cellsOf(record: string, separator: string, { name }: Document): string[] {
  try {
    const options = { delimiter: separator, relax_column_count: true, relax_quotes: true };
    return (parse(record, options) as string[][])[0] ?? [];
  } catch (error) {
    throw new Unreadable(`${name} is not a table: ${(error as Error).message}`);
  }
}
