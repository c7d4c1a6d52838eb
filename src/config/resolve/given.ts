/** Values that a file may omit. */

/** Whether a file has a value. */
export function isGiven<T>(value: T | null | undefined): value is T {
  return value !== undefined && value !== null;
}
