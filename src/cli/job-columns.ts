/** The columns of tables of jobs. */

import { PARAMETER_PREFIX } from '../store/jobs/parameters.js';
import { escapeControls } from '../text/describe.js';
import type { Column } from '../text/table.js';

/** A column of jobs as a table shows it. */
export interface TitledColumn {
  readonly name: string;
  readonly title: string;
  /** A narrow table leaves out the columns with the highest number first, and none with null. */
  readonly spare: number | null;
}

/** The most important facts. */
const USUAL: readonly (readonly [name: string, spare: number | null])[] = [
  ['id', null],
  ['group', null],
  ['result', null],
  ['exit', 1],
  ['duration', 2],
  ['pending', 5],
  ['submit', 6],
  ['attempt', 7],
  ['exception', 8],
  ['note', 9],
  ['source', 10],
];
const PARAMETERS_AT = 3;
const PARAMETER_SPARE = 3;

/** The columns of the most important facts, and of these parameters: `parameters.T`. */
export function usualColumns(parameters: readonly string[]): TitledColumn[] {
  const columns = USUAL.map(([name, spare]): TitledColumn => ({ name, title: name, spare }));
  const ofParameters = parameters.map((name, i) => ({
    name,
    title: name.slice(PARAMETER_PREFIX.length),
    // The last ones are left out first.
    spare: PARAMETER_SPARE + i / parameters.length,
  }));
  columns.splice(PARAMETERS_AT, 0, ...ofParameters);
  return columns;
}

/** The head of a column, and the cell that says nothing. */
export function headOf({ name, title, spare }: TitledColumn, isLeft: boolean): Column {
  const nothing = name === 'attempt' ? '0' : '-';
  return {
    title: escapeControls(title),
    align: isLeft ? 'left' : 'right',
    ...(spare === null ? {} : { spare, nothing }),
  };
}
