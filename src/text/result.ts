/** Results of functions that can fail in a way that the caller handles: a value, or everything that is wrong. */

/** One thing that is wrong with a text or a value. */
export interface Fault {
  readonly message: string;
  /** The place in the text, in characters counted from 0; null for the text or the value as a whole. */
  readonly at: number | null;
}

/** A value, or at least one fault. */
export type Result<T, F extends { readonly message: string } = Fault> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly faults: readonly F[] };

/** A success. */
export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

/** A failure of the text or the value as a whole, for these reasons. */
export function failed(...messages: readonly string[]): {
  readonly ok: false;
  readonly faults: readonly Fault[];
} {
  return { ok: false, faults: messages.map((message) => ({ message, at: null })) };
}

/** The messages of a result; empty for a success. */
export function messagesOf<T>(result: Result<T, { readonly message: string }>): string[] {
  return result.ok ? [] : result.faults.map(({ message }) => message);
}

/** The messages of a failure on one line. */
export function describeFaults({
  faults,
}: {
  readonly faults: readonly { readonly message: string }[];
}): string {
  return faults.map(({ message }) => message).join('; ');
}

/** Ends a parser from any depth. Only `attempt` catches it. */
export class FaultError extends Error {
  readonly at: number | null;

  constructor(at: number | null, message: string) {
    super(message);
    this.at = at;
  }
}

/** The result of a parser that throws FaultError. Rethrows other errors. */
export function attempt<T>(parse: () => T): Result<T> {
  try {
    return ok(parse());
  } catch (error) {
    if (!(error instanceof FaultError)) throw error;
    return { ok: false, faults: [{ at: error.at, message: error.message }] };
  }
}
