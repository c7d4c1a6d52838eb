/** The columns of jobs that plots can compare. */

import { MEASURED_PREFIX } from '../measured.js';
import { PARAMETER_PREFIX } from '../parameters.js';
import type { JobTable } from '../table.js';

/** Different values that are counted. */
export const MOST_DISTINCT = 100;

export interface Variable {
  /** The name of the column: `parameters.T`, `measured.energy`, `duration`, `pending`. */
  readonly name: string;
  /** `text` where some values are texts. */
  readonly kind: 'number' | 'text';
  /** Jobs whose value is known. */
  readonly jobs: number;
  /** Different values, at most `MOST_DISTINCT`. */
  readonly distinct: number;
  /** The range of its numbers; null without one. */
  readonly min: number | null;
  readonly max: number | null;
}

/** The parameters, measured values and times of these rows; columns without a known value are left out. */
export function variablesOf(table: JobTable, rows: Uint32Array): Variable[] {
  const names = table.names.filter(
    (name) => name.startsWith(PARAMETER_PREFIX) || name.startsWith(MEASURED_PREFIX),
  );
  return [...names, 'duration', 'pending'].flatMap((name) => {
    const variable = variableOf(table, rows, name);
    return variable.jobs === 0 ? [] : [variable];
  });
}

function variableOf(table: JobTable, rows: Uint32Array, name: string): Variable {
  const column = table.column(name);
  const distinct = new Set<number | string>();
  let [jobs, min, max, hasTexts] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, false];
  for (const row of rows) {
    const number = column.number(row);
    const isNumber = Number.isFinite(number);
    const value = isNumber ? number : column.text(row);
    if (value === null) continue;
    jobs++;
    hasTexts ||= !isNumber;
    if (distinct.size < MOST_DISTINCT) distinct.add(value);
    if (!isNumber) continue;
    if (number < min) min = number;
    if (number > max) max = number;
  }
  const isKnown = min <= max;
  return {
    ...{ name, kind: hasTexts ? 'text' : 'number', jobs, distinct: distinct.size },
    ...{ min: isKnown ? min : null, max: isKnown ? max : null },
  };
}
