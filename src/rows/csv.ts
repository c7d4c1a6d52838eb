/**
 * CSV as RFC 4180 has it: cells may stand in double quotes, with separators, line ends and doubled quotes in them. Lines may
 * also end with a line feed alone. Empty lines are skipped.
 */

/** Characters of one row, at most: a quote that is never closed must not read the whole file. */
export const MAX_ROW = 2 ** 20;

export interface CsvRow {
  /** The line of the file on which it begins, counted from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

/** An invalid row. */
export class CsvError extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

/**
 * Yields the rows of a text that comes in pieces. `separator` is one character; null chooses the comma, or the semicolon
 * where the first row has no comma. Throws CsvError.
 */
export function* csvRows(chunks: Iterable<string>, separator: string | null): Generator<CsvRow, void, void> {
  let mark = separator;
  let text = '';
  let at = 0;
  let line = 1;
  /** The next quote in the text, or its length without one: a search for each line would take long. */
  let quote = -1;
  const take = function* (isLast: boolean): Generator<CsvRow, void, void> {
    while (at < text.length) {
      if (quote < at) quote = indexOr(text, '"', at);
      const feed = text.indexOf('\n', at);
      if (feed < 0 && !isLast) break;
      const end = feed < 0 ? text.length : feed;
      mark ??= separatorOf(text.slice(at, end));
      if (quote > end) {
        const row = text.slice(at, text.charCodeAt(end - 1) === 13 && end > at ? end - 1 : end);
        if (row.length > MAX_ROW) throw tooLong(line);
        const here = line++;
        at = end + 1;
        if (row !== '') yield { line: here, cells: row.split(mark) };
        continue;
      }
      const found = quotedRow(text, at, mark, line, isLast);
      if (found === null) break;
      const here = line;
      line += found.feeds;
      at = found.next;
      yield { line: here, cells: found.cells };
    }
  };
  for (const chunk of chunks) {
    text = at < text.length ? text.slice(at) + chunk : chunk;
    at = 0;
    quote = -1;
    yield* take(false);
    if (text.length - at > MAX_ROW) throw tooLong(line);
  }
  yield* take(true);
}

function tooLong(line: number): CsvError {
  return new CsvError(line, `the row is longer than ${MAX_ROW} characters; is a quote missing?`);
}

function indexOr(text: string, what: string, from: number): number {
  const found = text.indexOf(what, from);
  return found < 0 ? text.length : found;
}

const separatorOf = (header: string) => (!header.includes(',') && header.includes(';') ? ';' : ',');

/** Reads a row with quotes in it; null where its end is in a later piece of the text. */
function quotedRow(
  text: string,
  from: number,
  separator: string,
  line: number,
  isLast: boolean,
): { readonly cells: string[]; readonly next: number; readonly feeds: number } | null {
  const cells: string[] = [];
  let feeds = 0;
  let at = from;
  for (;;) {
    let cell = '';
    if (text[at] === '"') {
      at++;
      for (;;) {
        const close = text.indexOf('"', at);
        if (close < 0) {
          if (!isLast) return null;
          throw new CsvError(line, 'a quote is not closed');
        }
        cell += text.slice(at, close);
        at = close + 1;
        if (text[at] !== '"') break;
        cell += '"';
        at++;
      }
      feeds += cell.split('\n').length - 1;
      // Whether a quote or a line feed follows is known only with the next character.
      if (at >= text.length && !isLast) return null;
      if (text[at] === '\r' && (text[at + 1] === '\n' || at + 1 >= text.length)) {
        if (at + 1 >= text.length && !isLast) return null;
        at++;
      }
      const next = text[at];
      if (next !== undefined && next !== separator && next !== '\n') {
        throw new CsvError(line, 'text follows a closed quote; a quote in a quoted cell must be doubled');
      }
    } else {
      const feed = indexOr(text, '\n', at);
      if (feed === text.length && !isLast) return null;
      const stop = Math.min(indexOr(text, separator, at), feed);
      cell = text.slice(at, stop === feed && text[feed - 1] === '\r' && feed > at ? feed - 1 : stop);
      at = stop;
    }
    cells.push(cell);
    if (text[at] === separator) {
      at++;
      continue;
    }
    return { cells, next: at + 1, feeds: feeds + 1 };
  }
}
