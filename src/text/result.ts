/** What reading a piece of text gave: the value, or everything that is wrong with the text. */
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
