/**
 * Rows of style multi: `------------ Step 100 ----- CPU = 0.5 (sec) -----`, and lines of `Name = value` without an
 * end mark. The first row is complete when another one begins. After that its columns are known.
 */

import { readValue, VALUE_TEXT } from './number.js';

const HEAD = /^-{4,}\s*Step\s+(\d+)\s+-+\s+CPU\s*=\s*(\S+)\s+\(sec(?:onds|s)?\)\s*-+\s*$/;
/** The last columns of style multi by default: the pressure, or the volume of a changing box. */
const LAST = ['Press', 'Volume'];
const OWN_COLUMNS = 14;
/** A name may contain any text, even `a = b`. */
const PAIR = new RegExp(`\\s*(\\S.*?)\\s+=\\s+(${VALUE_TEXT})(?=\\s|$)`, 'giy');
/** Maximum characters of a line, which has three values. */
const MAX_LINE = 4096;

interface MultiRow {
  readonly names: string[];
  readonly values: number[];
}

export type TakeRow = (names: readonly string[], values: readonly number[]) => void;

export class MultiRows {
  readonly #take: TakeRow;
  #row: MultiRow | null = null;
  /** The columns of the run's rows; null before the first row is complete. */
  #names: readonly string[] | null = null;

  constructor(take: TakeRow) {
    this.#take = take;
  }

  /** Reads a line. Returns false for lines of other styles. */
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

  /** Ends the run. Its last row is complete. */
  end(): void {
    this.#endRow();
    this.#names = null;
  }

  /**
   * Handles a LAMMPS that ended within a run, or that has not printed more yet. The first row counts only if it is
   * certainly complete.
   */
  cut(): void {
    const names = this.#row?.names ?? [];
    const isOwn = names.length >= OWN_COLUMNS && LAST.includes(names.at(-1) ?? '');
    if (this.#names === null && isOwn) this.#endRow();
    this.#row = null;
    this.#names = null;
  }

  #values(row: MultiRow, line: string): boolean {
    if (line.length > MAX_LINE) return false;
    const pairs = [...line.matchAll(PAIR)];
    const length = pairs.reduce((sum, [whole]) => sum + whole.length, 0);
    if (pairs.length === 0 || line.slice(length).trim() !== '') return false;
    for (const [, name = '', value = ''] of pairs) {
      // Step, for example, is in the head too.
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
    // A row that was cut off has fewer columns.
    const isWhole = row.names.length === this.#names.length;
    if (isWhole && row.names.every((name, i) => name === this.#names?.[i])) this.#take(row.names, row.values);
  }
}
