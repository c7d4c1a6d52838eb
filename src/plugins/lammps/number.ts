/** Numbers as C prints them, including NaN and infinity. */

const NUMBER_TEXT = '[+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?';
/** `nan`, `-nan`, `nan(ind)`, `inf`; `.nan` in YAML; `1.#QNAN` of older C libraries. */
const NO_NUMBER_TEXT = '[+-]?(?:\\.?nan(?:\\([^)\\s]*\\))?|\\.?inf(?:inity)?|1\\.#(?:ind|inf|[qs]nan)\\d*)';

/** Matches a value of a row, in a regular expression that ignores case. */
export const VALUE_TEXT = `(?:${NUMBER_TEXT}|${NO_NUMBER_TEXT})`;

const NUMBER = new RegExp(`^${NUMBER_TEXT}$`);
const NO_NUMBER = new RegExp(`^${NO_NUMBER_TEXT}$`, 'i');

/** Returns the number of a word; NaN for NaN and infinity; null for another word. */
export function readValue(word: string): number | null {
  if (NUMBER.test(word)) return Number(word);
  return NO_NUMBER.test(word) ? Number.NaN : null;
}

/** Returns the numbers of all words of a row; null when one of them is not a number. */
export function readValues(words: readonly string[]): number[] | null {
  const values: number[] = [];
  for (const word of words) {
    const value = readValue(word);
    if (value === null) return null;
    values.push(value);
  }
  return values;
}
