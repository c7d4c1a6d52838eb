/** The last texts that jobs told as columns: `told.phase`. Numbers that they told are measured values. */

import type { NativeJobColumns } from '../../engine/addon.js';
import { type JobColumn, textColumn } from './column.js';
import { type NamesOf, SparseColumns } from './sparse-columns.js';

/** Names of the columns of told texts begin with it. */
const TOLD_PREFIX = 'told.';

export class ToldColumns extends SparseColumns {
  /** `textsOf` returns the names of the texts that a group's jobs tell, in the order of the file. */
  constructor(jobs: NativeJobColumns, textsOf: NamesOf) {
    super(TOLD_PREFIX, jobs, textsOf);
  }

  protected read(nameOf: (row: number, text: number) => string): [string, JobColumn][] {
    const { toldRow, toldName, toldText, texts } = this.jobs;
    const values = new Map<string, Map<number, string>>();
    toldRow.forEach((row, i) => {
      const name = nameOf(row, toldName[i] ?? 0);
      const column = values.get(name) ?? new Map<number, string>();
      values.set(name, column.set(row, texts[toldText[i] ?? 0] ?? ''));
    });
    return [...values].map(([name, column]) => [name, textColumn(name, (row) => column.get(row) ?? null)]);
  }
}
