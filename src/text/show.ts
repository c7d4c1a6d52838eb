/** Formats a number for people with four significant digits (`--json` has all of them); `-` for null. */
export function show(value: number | null | undefined): string {
  return value === null || value === undefined ? '-' : String(Number(value.toPrecision(4)));
}
