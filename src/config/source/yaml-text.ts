/** Where the characters of a scalar's value stand in the YAML that it was read from. */

/**
 * The place in `source`, a scalar as it was written, of a character of its value. Both are walked along side by side:
 * what the value lacks are quotes, indentation, a block's header and the first halves of escapes. Null when they
 * don't match so, as with escapes by number.
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

/** Where the source has the value's next character. */
function matching(source: string, from: number, wanted: string, quote: string | null): number | null {
  let at = from;
  // A line that was folded ends in a blank of the value.
  if (wanted === ' ' && /[\r\n]/.test(source[at] ?? '')) return at;
  while (at < source.length && source[at] !== wanted && /\s/.test(source[at] as string)) at++;
  if (quote === '"' && source[at] === '\\') at++;
  else if (quote === "'" && wanted === "'" && source[at + 1] === "'") at++;
  return source[at] === wanted ? at : null;
}
