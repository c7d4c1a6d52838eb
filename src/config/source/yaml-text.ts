/** Maps positions in a scalar's value to positions in its YAML text. */

/**
 * Returns the position in `source`, a scalar as written, of a character of its value. Both are walked in parallel.
 * The source also contains quotes, indentation, a block's header and the first halves of escapes. Null when they do
 * not match, for example with numeric escapes.
 */
export function offsetInSource(source: string, value: string, character: number): number | null {
  const quote = source[0] === '"' || source[0] === "'" ? source[0] : null;
  let from = quote === null ? 0 : 1;
  if (/^[|>]/.test(source)) from = source.indexOf('\n') + 1;
  for (let at = 0; at < character; at++) {
    const next = matching(source, from, value[at] as string, quote);
    if (next === null) return null;
    from = next + 1;
  }
  if (character >= value.length) return from;
  return matching(source, from, value[character] as string, quote);
}

/** Returns the position of the value's next character in the source. */
function matching(source: string, from: number, wanted: string, quote: string | null): number | null {
  let at = from;
  // A folded line end is a blank of the value.
  if (wanted === ' ' && /[\r\n]/.test(source[at] ?? '')) return at;
  while (at < source.length && source[at] !== wanted && /\s/.test(source[at] as string)) at++;
  if (quote === '"' && source[at] === '\\') at++;
  else if (quote === "'" && wanted === "'" && source[at + 1] === "'") at++;
  return source[at] === wanted ? at : null;
}
