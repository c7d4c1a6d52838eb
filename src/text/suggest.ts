/** Suggestions for misspelt names. */

import { distance } from 'fastest-levenshtein';
import { quote } from './describe.js';

/** Nobody means a name this long by a misspelling, and comparing it would take long. */
const LONGEST_NAME = 200;

/** The candidate that is nearest to `name`, or null when none is near enough to be what was meant. */
export function nearest(name: string, candidates: Iterable<string>): string | null {
  if (name.length > LONGEST_NAME) return null;
  const wanted = name.toLowerCase();
  let best: string | null = null;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    if (candidate.length > LONGEST_NAME) continue;
    const edits = editsBetween(wanted, candidate.toLowerCase());
    // Four of ten letters wrong is still a misspelling; more is another word.
    const limit = Math.min(4, Math.floor(0.4 * Math.max(name.length, candidate.length)));
    if (edits <= limit && edits < bestDistance) {
      best = candidate;
      bestDistance = edits;
    }
  }
  return best;
}

/** `; did you mean 'sleep'?`, to be put after a message, or nothing when no candidate is near. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const suggestion = nearest(name, candidates);
  return suggestion === null ? '' : `; did you mean '${suggestion}'?`;
}

/** A list of names in words: `a, b or c`. */
export function choices(names: readonly string[], conjunction: 'or' | 'and' = 'or'): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} ${conjunction} ${last}`;
}

/**
 * What there is to choose from, to be put after a message: `; there are a, b and c`, and, as one name alone may read as
 * another word, `; there is 'a'`.
 */
export function thereAre(names: readonly string[]): string {
  const [only = ''] = names;
  return names.length === 1 ? `; there is ${quote(only)}` : `; there are ${choices(names, 'and')}`;
}

/** The same for the keys of a mapping: ` (the keys here are a and b)`. */
export function keysHere(keys: readonly string[]): string {
  const [only = ''] = keys;
  return keys.length === 1
    ? ` (the key here is ${quote(only)})`
    : ` (the keys here are ${choices(keys, 'and')})`;
}

/** Edit distance, but two letters in the wrong order are one slip of the fingers and count as one. */
function editsBetween(a: string, b: string): number {
  const edits = distance(a, b);
  if (edits !== 2 || a.length !== b.length) return edits;
  const at = [...a].findIndex((letter, index) => letter !== b[index]);
  return a[at] === b[at + 1] && a[at + 1] === b[at] && a.slice(at + 2) === b.slice(at + 2) ? 1 : edits;
}
