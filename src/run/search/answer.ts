/** Checks the answers of optimizers. */

import { PARAMETER_NAME } from '../../language/shapes.js';
import { RESERVED_NAMES } from '../../language/template-names.js';
import type { ParameterValue } from '../../model/parameters.js';
import type { AskOptions } from '../../model/search.js';
import { counted } from '../../text/counted.js';
import { describeValue, quote } from '../../text/describe.js';
import { failed, ok, type Result } from '../../text/result.js';
import { didYouMean } from '../../text/suggest.js';

/** Values of a row, in the order of the names. */
export type RowCells = readonly ParameterValue[];

export interface Answer {
  readonly names: readonly string[];
  /** Null when the optimizer has no more rows. */
  readonly rows: readonly RowCells[] | null;
}

/**
 * Reads the answer to a request for rows: a list of mappings, or null. `names` are those of the rows before; null for
 * the first row, which brings them.
 */
export function readAnswer(
  answer: unknown,
  ask: AskOptions,
  names: readonly string[] | null,
): Result<Answer> {
  const { constants } = ask;
  const known = names ?? ask.names?.filter((name) => !Object.hasOwn(constants, name)) ?? null;
  if (answer === null || answer === undefined) return ok({ names: known ?? [], rows: null });
  if (!Array.isArray(answer)) {
    return failed(
      `answered ${describeValue(answer)}; it must be a list of rows, like [{"x": 1}], or null for no more`,
    );
  }
  const expected = known ?? namesOfFirst(answer[0], ask);
  if (!Array.isArray(expected)) return failed(expected as string);
  const rows: RowCells[] = [];
  for (const [index, row] of answer.entries()) {
    const cells = readRow(row, expected, constants);
    if (typeof cells === 'string')
      return failed(`answered ${counted(answer.length, 'row')}: row ${index} ${cells}`);
    rows.push(cells);
  }
  return ok({ names: expected, rows });
}

/** The names of the first row, or the reason why they are invalid. */
function namesOfFirst(row: unknown, { needed, constants }: AskOptions): readonly string[] | string {
  if (row === undefined) return [];
  if (typeof row !== 'object' || row === null)
    return 'answered rows that are not mappings of names to values';
  const names = Object.keys(row).filter((name) => !Object.hasOwn(constants, name));
  const wrong = names.find((name) => RESERVED_NAMES.has(name) || !PARAMETER_NAME.test(name));
  if (wrong !== undefined) return `answered rows with the name ${quote(wrong)}, which a parameter can't have`;
  const missing = needed.find((name) => !names.includes(name) && !Object.hasOwn(constants, name));
  if (missing === undefined) return names;
  return `answered rows without ${quote(missing)}, which a tag of the jobs names; they have ${names.join(', ')}`;
}

/** The values of a row, or the reason why it is invalid. */
function readRow(row: unknown, names: readonly string[], constants: object): RowCells | string {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) {
    return `is ${describeValue(row)}; it must be a mapping of names to values`;
  }
  const other = Object.keys(row).find((name) => !names.includes(name) && !Object.hasOwn(constants, name));
  if (other !== undefined) {
    return `has the unknown name ${quote(other)}${didYouMean(other, names) || `; the names are ${names.join(', ')}`}`;
  }
  const cells: ParameterValue[] = [];
  for (const name of names) {
    const cell = cellOf(Reflect.get(row, name));
    if (cell === null) {
      const found: unknown = Reflect.get(row, name);
      if (found === undefined) return `has no ${quote(name)}`;
      return `has ${describeValue(found)} for ${quote(name)}; it must be a finite number, a text or a boolean`;
    }
    cells.push(cell);
  }
  return cells;
}

/** A value; null for one that a job can't have. An integer that a number would round is a text. */
function cellOf(value: unknown): ParameterValue | null {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? value : null;
    case 'bigint':
      return String(value);
    case 'string':
      return value.includes('\0') ? null : value;
    case 'boolean':
      return value;
    default:
      return null;
  }
}
