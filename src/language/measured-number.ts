/** Numbers as programs of any language print them. */

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eEdDqQ][+-]?\d+|[+-]\d{3})?$/;
const INFINITE = /^([+-]?)(?:inf|infinity|\.inf)$/i;
/** `NaN`, `-nan`, `nan(ind)`, `.nan` in YAML, `1.#QNAN` of older C libraries. */
const NO_NUMBER = /^[+-]?(?:\.?nan(?:\([^)\s]*\))?|1\.#(?:ind|[qs]nan)\d*)$/i;

/**
 * Returns the number of a text: also with the exponents of Fortran, `1.5D+03` and `1.5-103`; NaN and infinities as
 * such. Null for a text that is not a number.
 */
export function readMeasuredNumber(text: string): number | null {
  const word = text.trim();
  if (NUMBER.test(word)) {
    // Fortran leaves out the letter of an exponent of three digits.
    return Number(word.replace(/[dDqQ]/, 'e').replace(/(?<=[\d.])(?=[+-]\d{3}$)/, 'e'));
  }
  const infinite = INFINITE.exec(word);
  if (infinite !== null) return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return NO_NUMBER.test(word) ? Number.NaN : null;
}
