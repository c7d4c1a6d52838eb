/** The meaning of an expression for a job: its names are those of the columns of the table of jobs. */

import { EnsembleError } from '../../errors.js';
import { compileWhere as compile } from '../../language/expression/where.js';
import { quote } from '../../text/describe.js';
import type { JobTable } from './table.js';

/**
 * Returns whether a row satisfies the expression; a row for which this is unknown does not. Throws EnsembleError
 * `ERR_RUN` that says what is wrong with the expression, and where.
 */
export function compileWhere(text: string, table: JobTable): (row: number) => boolean {
  const compiled = compile<number>(text, {
    find: (name) => table.find(name),
    hint: (name) => table.hint(name),
    any: 'a parameter',
    one: 'one job',
  });
  if (compiled.ok) return compiled.value;
  const [fault] = compiled.faults;
  const place = fault?.at === null || fault === undefined ? '' : `, character ${fault.at + 1}`;
  throw new EnsembleError('ERR_RUN', `${quote(text)}${place}: ${fault?.message}`);
}
