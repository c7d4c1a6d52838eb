/** How a job tells its ensemble values: it appends lines to a file, or posts a memo (RFC 21) under Flux. */

/** The variable that names the file of a job. */
export const TELL_VARIABLE = 'ENSEMBLE_TELL';

/** Names of the values that jobs of a group may tell while they run. */
export interface GroupTells {
  /** Names of numbers: variables of the group. */
  readonly numbers: readonly string[];
  readonly texts: readonly string[];
}

/** Whether jobs may tell anything. */
export function tellAnything({ numbers, texts }: GroupTells): boolean {
  return numbers.length + texts.length > 0;
}

/** A told value: a finite number or a text. */
export type ToldValue = number | string;

/** Bytes of a line; longer lines are ignored. */
export const MAX_TELL = 4096;

/**
 * Reads `name=value`. A value that is a finite number in the form of JSON is one; another value is a text. Null for a text of
 * another form.
 */
export function readTell(text: string): readonly [name: string, value: ToldValue] | null {
  const equals = text.indexOf('=');
  if (equals < 1) return null;
  const [name, value] = [text.slice(0, equals).trim(), text.slice(equals + 1).trim()];
  if (name === '') return null;
  return [name, /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(value) ? Number(value) : value];
}

/**
 * Reads a line of the file of a job: `name=value`, or a JSON object of names and values. Returns the object as JSON. A line of
 * another form, or one that is too long, becomes a name without a value, which the engine reports and ignores.
 */
export function readTellLine(line: string): string {
  const text = line.trim();
  const invalid = () => JSON.stringify({ [text.slice(0, 80)]: null });
  if (Buffer.byteLength(text) > MAX_TELL) return invalid();
  if (text.startsWith('{')) {
    try {
      return JSON.stringify(JSON.parse(text));
    } catch {
      return invalid();
    }
  }
  const told = readTell(text);
  if (told === null || (typeof told[1] === 'number' && !Number.isFinite(told[1]))) return invalid();
  return JSON.stringify({ [told[0]]: told[1] });
}
