/**
 * Rows of style multi: `------------ Step 100 ----- CPU = 0.5 (sec) -----`, and lines of `Name = value`, which nothing
 * ends. The first row is whole when another one begins; from then on it is known what a row has.
 */

import { readValue, VALUE_TEXT } from './number.js';

const HEAD = /^-{4,}\s*Step\s+(\d+)\s+-+\s+CPU\s*=\s*(\S+)\s+\(sec(?:onds|s)?\)\s*-+\s*$/;
/** What style multi, unless it is modified, prints last: the pressure, or after it the volume of a box that changes. */
const LAST = ['Press', 'Volume'];
const OWN_COLUMNS = 14;
/** A name may hold anything, `a = b` too. */
const PAIR = new RegExp(`\\s*(\\S.*?)\\s+=\\s+(${VALUE_TEXT})(?=\\s|$)`, 'giy');
/** Three values are on a line. */
const LONGEST = 4096;

interface MultiRow {
  readonly names: string[];
  readonly values: number[];
}

export type TakeRow = (names: readonly string[], values: readonly number[]) => void;

export class MultiRows {
  readonly #take: TakeRow;
  #row: MultiRow | null = null;
  /** The columns of the run's rows; null before the first one is whole. */
  #names: readonly string[] | null = null;

  constructor(take: TakeRow) {
    this.#take = take;
  }

  /** Takes in a line. Returns whether it is one of this style. */
  line(line: string): boolean {
    const head = line.startsWith('----') ? HEAD.exec(line) : null;
    if (head !== null) {
      this.#endRow();
      this.#row = {
        names: ['Step', 'CPU'],
        values: [Number(head[1]), readValue(head[2] ?? '') ?? Number.NaN],
      };
      return true;
    }
    return this.#row !== null && this.#values(this.#row, line);
  }

  /** The run is over, and its last row is whole. */
  end(): void {
    this.#endRow();
    this.#names = null;
  }

  /** LAMMPS has ended before the run, or has not printed more so far: a first row counts if it is surely whole. */
  cut(): void {
    const names = this.#row?.names ?? [];
    const isOwn = names.length >= OWN_COLUMNS && LAST.includes(names.at(-1) ?? '');
    if (this.#names === null && isOwn) this.#endRow();
    this.#row = null;
    this.#names = null;
  }

  #values(row: MultiRow, line: string): boolean {
    if (line.length > LONGEST) return false;
    const pairs = [...line.matchAll(PAIR)];
    const length = pairs.reduce((sum, [whole]) => sum + whole.length, 0);
    if (pairs.length === 0 || line.slice(length).trim() !== '') return false;
    for (const [, name = '', value = ''] of pairs) {
      // Step, say, is in the head too.
      if (row.names.includes(name)) continue;
      row.names.push(name);
      row.values.push(readValue(value) ?? Number.NaN);
    }
    if (this.#names !== null && row.names.length >= this.#names.length) this.#endRow();
    return true;
  }

  #endRow(): void {
    const row = this.#row;
    this.#row = null;
    if (row === null) return;
    this.#names ??= row.names;
    // One that was cut off lacks columns.
    const isWhole = row.names.length === this.#names.length;
    if (isWhole && row.names.every((name, i) => name === this.#names?.[i])) this.#take(row.names, row.values);
  }
}
