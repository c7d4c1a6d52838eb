/** Numbers as C prints them, and what it prints in place of one. */

const NUMBER_TEXT = '[+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?';
/** `nan`, `-nan`, `nan(ind)`, `inf`; `.nan` in YAML; `1.#QNAN` of older C libraries. */
const NO_NUMBER_TEXT = '[+-]?(?:\\.?nan(?:\\([^)\\s]*\\))?|\\.?inf(?:inity)?|1\\.#(?:ind|inf|[qs]nan)\\d*)';

/** A value of a row within a regular expression that ignores case. */
export const VALUE_TEXT = `(?:${NUMBER_TEXT}|${NO_NUMBER_TEXT})`;

const NUMBER = new RegExp(`^${NUMBER_TEXT}$`);
const NO_NUMBER = new RegExp(`^${NO_NUMBER_TEXT}$`, 'i');

/** The number that a word stands for, NaN where no number or an infinite one is printed; null for another word. */
export function readValue(word: string): number | null {
  if (NUMBER.test(word)) return Number(word);
  return NO_NUMBER.test(word) ? Number.NaN : null;
}

/** The same for all words of a row; null when one of them is something else. */
export function readValues(words: readonly string[]): number[] | null {
  const values: number[] = [];
  for (const word of words) {
    const value = readValue(word);
    if (value === null) return null;
    values.push(value);
  }
  return values;
}
