/** A number as people read it: four significant digits are enough (`--json` has them all), `-` for none. */
export function show(value: number | null | undefined): string {
  return value === null || value === undefined ? '-' : String(Number(value.toPrecision(4)));
}
