/** The result of reading a text: its value, or everything that is wrong with the text. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly messages: readonly string[] };

/** The result for a valid text. */
export function parsed<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

/** The result for an invalid text, with the reasons. */
export function refused<T>(...messages: readonly string[]): Parsed<T> {
  return { ok: false, messages };
}
