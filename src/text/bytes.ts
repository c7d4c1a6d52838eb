/** Numbers of bytes in texts. */

/** Formats bytes for people with three significant digits: `512 B`, `1.2 kB`, `34.5 MB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  for (const unit of ['B', 'kB', 'MB', 'GB']) {
    if (value < 999.5) return `${Number(value.toPrecision(3))} ${unit}`;
    value /= 1000;
  }
  return `${Number(value.toPrecision(3))} TB`;
}

const SIZE = /^(\d+(?:\.\d+)?) ?(?:([kmgt]?)b?|([kmgt])ib)$/i;
const exponentOf = (prefix: string) => 'kmgt'.indexOf(prefix.toLowerCase()) + 1;

/** Reads a size as `500MB`, `10 GB`, `2GiB` or a number of bytes; null for another text. */
export function parseBytes(text: string): number | null {
  const match = SIZE.exec(text);
  if (match === null) return null;
  const [, number = '', decimal = '', binary] = match;
  if (binary !== undefined) return Math.round(Number(number) * 1024 ** exponentOf(binary));
  return Math.round(Number(number) * 1000 ** (decimal === '' ? 0 : exponentOf(decimal)));
}
