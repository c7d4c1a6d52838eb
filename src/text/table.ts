/** Plain text tables. Time and memory are linear in the number of cells. */

import { shortened, widthOf } from './width.js';

export interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
  /**
   * Priority for leaving the column out of a narrow table: the highest goes first. A column without it always
   * stays.
   */
  readonly spare?: number;
  /** The content of an empty cell. An optional column with only such cells is left out first. */
  readonly nothing?: string;
}

export interface Table {
  /** The first column names the row. */
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
}

export interface TableLayout {
  /** Columns of the terminal; infinite without a terminal. */
  readonly width: number;
  /** In a narrow terminal: leave out columns with `spare`, or continue the table below with the remaining columns. */
  readonly narrow: 'drop' | 'wrap';
  /** Formats a title. */
  readonly bold: (text: string) => string;
}

const GAP = '  ';
/** Minimum width of the names of rows. */
const LEAST_NAME = 12;

/** A column as drawn: the index of its cells, and its width. */
interface Drawn {
  readonly column: Column;
  readonly index: number;
  width: number;
}

/**
 * Yields the lines of a table, titles first, or nothing without rows. Numbers are never cut, even in a narrow
 * terminal.
 */
export function* tableLines({ columns, rows }: Table, layout: TableLayout): Generator<string> {
  if (rows.length === 0) return;
  const [name, ...others] = columns.map((column, index): Drawn => {
    let width = widthOf(column.title);
    for (const row of rows) width = Math.max(width, widthOf(row[index] ?? ''));
    return { column, index, width };
  });
  if (name === undefined) return;
  const room = layout.width - Math.max(0, ...others.map(({ width }) => width + GAP.length));
  name.width = Math.min(name.width, Math.max(room, LEAST_NAME));
  const isEmpty = ({ index, column }: Drawn) => rows.every((row) => row[index] === column.nothing);
  for (const [number, block] of blocksOf(name, others, isEmpty, layout).entries()) {
    if (number > 0) yield '';
    yield lineOf(block, ({ column }) => column.title, layout.bold);
    for (const row of rows) {
      yield lineOf(block, ({ index }) => row[index] ?? '');
    }
  }
}

/** Splits the columns into blocks that fit side by side. */
function blocksOf(
  name: Drawn,
  others: readonly Drawn[],
  isEmpty: (drawn: Drawn) => boolean,
  { width, narrow }: TableLayout,
): Drawn[][] {
  const roomFor = (drawn: readonly Drawn[]) =>
    drawn.reduce((room, each) => room - each.width - GAP.length, width);
  const fits = (drawn: readonly Drawn[]) => roomFor(drawn) >= name.width;
  let shown = [...others];
  const leaveOut = (candidates: readonly Drawn[]) => {
    for (const drawn of [...candidates].sort((a, b) => (b.column.spare ?? 0) - (a.column.spare ?? 0))) {
      if (fits(shown)) return;
      shown = shown.filter((other) => other !== drawn);
    }
  };
  const spare = shown.filter(({ column }) => column.spare !== undefined);
  leaveOut(spare.filter(isEmpty));
  if (narrow === 'drop') {
    leaveOut(spare);
    if (!fits(shown)) name.width = Math.min(name.width, Math.max(roomFor(shown), LEAST_NAME));
  }
  const blocks: Drawn[][] = [];
  let block: Drawn[] = [];
  for (const drawn of shown) {
    if (block.length > 0 && !fits([...block, drawn])) {
      blocks.push([name, ...block]);
      block = [];
    }
    block.push(drawn);
  }
  return [...blocks, [name, ...block]];
}

function lineOf(
  block: readonly Drawn[],
  textOf: (drawn: Drawn) => string,
  paint = (text: string) => text,
): string {
  const cells = block.map((drawn, place) => {
    const text = place === 0 ? shortened(textOf(drawn), drawn.width) : textOf(drawn);
    const padding = ' '.repeat(Math.max(0, drawn.width - widthOf(text)));
    if (drawn.column.align === 'right') return `${padding}${paint(text)}`;
    // The last cell of a line needs no padding.
    return place === block.length - 1 ? paint(text) : `${paint(text)}${padding}`;
  });
  return cells.join(GAP);
}
