/** JSON of values in jobspecs: numbers of any size keep their value, and Flux can read them. */

/**
 * Returns the JSON of a value. Bigints are written out. Numbers beyond the safe integers have an exponent: Flux's
 * JSON library refuses `100000000000000000000` and accepts `1e+20`.
 */
export function jsonText(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    return value.toExponential();
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if ('toJSON' in value && typeof value.toJSON === 'function') return jsonText(value.toJSON());
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`;
  const members = Object.entries(value).flatMap(([name, inner]) =>
    inner === undefined ? [] : [`${JSON.stringify(name)}:${jsonText(inner)}`],
  );
  return `{${members.join(',')}}`;
}
