/** The last texts that jobs told as columns: `told.phase`. Numbers that they told are measured values. */

import type { NativeJobColumns } from '../../engine/addon.js';
import { type JobColumn, textColumn } from './column.js';

/** Names of the columns of told texts begin with it. */
export const TOLD_PREFIX = 'told.';

export class ToldColumns {
  readonly #columns: ReadonlyMap<string, JobColumn>;

  /** `textsOf` returns the names of the texts that a group's jobs tell, in the order of the file. */
  constructor(
    { toldRow, toldName, toldText, texts, groups, group }: NativeJobColumns,
    textsOf: (group: string) => readonly string[],
  ) {
    const values = new Map<string, Map<number, string>>();
    toldRow.forEach((row, i) => {
      const number = toldName[i] ?? 0;
      // The configuration of the run may be damaged. The texts then go by their numbers.
      const name = `${TOLD_PREFIX}${textsOf(groups[group[row] ?? 0] ?? '')[number] ?? number}`;
      const column = values.get(name) ?? new Map<number, string>();
      values.set(name, column.set(row, texts[toldText[i] ?? 0] ?? ''));
    });
    this.#columns = new Map(
      [...values].map(([name, column]) => [name, textColumn(name, (row) => column.get(row) ?? null)]),
    );
  }

  /** The columns' names, in the order of the first job that has each. */
  get names(): string[] {
    return [...this.#columns.keys()];
  }

  /** Returns the column with this name; null for another name, and for a text that no job told. */
  column(name: string): JobColumn | null {
    return this.#columns.get(name) ?? null;
  }
}
