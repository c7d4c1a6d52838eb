/** The cells of a file of rows, by the types of their columns. */

import type { ColumnType } from '../model/ensemble.js';
import { type Given, given, plain, Written } from '../model/written.js';
import { describeValue, quote } from '../text/describe.js';
import { numberOf } from './json-lines.js';

/** A cell that does not fit its column. */
export class CellError extends Error {}

const NUMBER = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/;
const BOOLEAN = /^(?:true|false)$/i;

const A: Readonly<Record<ColumnType, string>> = {
  number: 'a number',
  boolean: 'true or false',
  text: 'a text',
};

/** The type of a column by its first cells; null for none that is not empty. */
export function typeOf(cells: readonly unknown[]): ColumnType | null {
  const known = cells.filter((cell) => cell !== '' && cell !== undefined && cell !== null);
  if (known.length === 0) return null;
  if (known.every((cell) => isOf('number', cell))) return 'number';
  return known.every((cell) => isOf('boolean', cell)) ? 'boolean' : 'text';
}

function isOf(type: 'number' | 'boolean', cell: unknown): boolean {
  if (typeof cell === 'string') return (type === 'number' ? NUMBER : BOOLEAN).test(cell.trim());
  return typeof (cell instanceof Written ? cell.value : cell) === type;
}

/** The value of a cell of a text file. Throws CellError. */
export function valueOfText(type: ColumnType, text: string): Given {
  if (type === 'text') {
    if (text.includes('\0')) throw new CellError('must not contain a NUL character');
    return text;
  }
  const cell = text.trim();
  if (cell === '') throw new CellError(`the value is missing; the column has ${plural(type)}`);
  if (type === 'boolean') {
    if (BOOLEAN.test(cell)) return given(cell.toLowerCase() === 'true', cell);
  } else if (NUMBER.test(cell)) {
    const value = numberOf(cell);
    if (Number.isFinite(Number(plain(value)))) return value;
    throw new CellError(`${cell} is larger than any number`);
  }
  throw new CellError(`${quote(cell)} is not ${A[type]}, as the column has them${hint(type)}`);
}

/** The value of a cell of a file with types of its own. Throws CellError. */
export function valueOfCell(type: ColumnType, cell: unknown): Given {
  if (cell === undefined || cell === null) {
    throw new CellError(`the value is missing; the column has ${plural(type)}`);
  }
  if (cell instanceof Written || typeof cell === 'number' || typeof cell === 'boolean') {
    if (type === 'text') return String(cell);
    const value = plain(cell);
    if (typeof value === type && (type !== 'number' || Number.isFinite(value))) return cell;
  } else if (typeof cell === 'string') {
    // A number may be its text, where a number would round it.
    if (type === 'text' || (type === 'number' && NUMBER.test(cell))) return valueOfText(type, cell);
  }
  throw new CellError(`must be ${A[type]}, as the column has them; found ${describeValue(cell)}`);
}

const plural = (type: ColumnType) => (type === 'boolean' ? 'true and false' : `${type}s`);
const hint = (type: ColumnType) => (type === 'text' ? '' : '; to read it as texts, add it to `types`');
