/** Results of functions that can fail in a way that the caller handles: a value, or everything that is wrong. */

/** One thing that is wrong with a text or a value. */
export interface Fault {
  readonly message: string;
  /** The place in the text, in characters counted from 0; null for the text or the value as a whole. */
  readonly at: number | null;
}

export type Result<T> =
  | { readonly ok: true; readonly value: T }
  /** At least one fault. */
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** A success. */
export function ok<T>(value: T): Result<T> {
  return { ok: true, value };
}

/** A failure of the text or the value as a whole, for these reasons. */
export function failed<T>(...messages: readonly string[]): Result<T> {
  return { ok: false, faults: messages.map((message) => ({ message, at: null })) };
}

/** The messages of a failure, in one line. */
export function describeFaults({ faults }: { readonly faults: readonly Fault[] }): string {
  return faults.map(({ message }) => message).join('; ');
}

/** A value that was read from a text, or everything that is wrong with the text. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly messages: readonly string[] };

/** The text could be read. */
export function parsed<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

/** The text could not be read, for these reasons. */
export function refused<T>(...messages: readonly string[]): Parsed<T> {
  return { ok: false, messages };
}
