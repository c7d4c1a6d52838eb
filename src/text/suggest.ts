/** Suggestions for misspelled names. */

import { distance } from 'fastest-levenshtein';
import { quote } from './describe.js';

/** Longer names are not compared: they are not misspellings, and the comparison takes quadratic time. */
const MAX_NAME = 200;

/** Returns the candidate nearest to `name`, or null when none is near enough. */
export function nearest(name: string, candidates: Iterable<string>): string | null {
  if (name.length > MAX_NAME) return null;
  const wanted = name.toLowerCase();
  let best: string | null = null;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    if (candidate.length > MAX_NAME) continue;
    const edits = editsBetween(wanted, candidate.toLowerCase());
    // Up to four of ten letters may differ in a misspelling; with more it is another word.
    const limit = Math.min(4, Math.floor(0.4 * Math.max(name.length, candidate.length)));
    if (edits <= limit && edits < bestDistance) {
      best = candidate;
      bestDistance = edits;
    }
  }
  return best;
}

/** Returns `; did you mean 'sleep'?` to append to a message, or an empty string when no candidate is near. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const suggestion = nearest(name, candidates);
  return suggestion === null ? '' : `; did you mean '${suggestion}'?`;
}

/** Joins names in words: `a, b or c`. */
export function choices(names: readonly string[], conjunction: 'or' | 'and' = 'or'): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} ${conjunction} ${last}`;
}

/**
 * Lists the valid names, to append to a message: `; there are a, b and c`. A single name is quoted (`; there is
 * 'a'`), because it may read as another word.
 */
export function thereAre(names: readonly string[]): string {
  const [only = ''] = names;
  return names.length === 1 ? `; there is ${quote(only)}` : `; there are ${choices(names, 'and')}`;
}

/** Lists the keys of a mapping in the same way: ` (the keys here are a and b)`. */
export function keysHere(keys: readonly string[]): string {
  const [only = ''] = keys;
  return keys.length === 1
    ? ` (the key here is ${quote(only)})`
    : ` (the keys here are ${choices(keys, 'and')})`;
}

/** The edit distance, in which two swapped neighbours count as one edit: they are one typing error. */
function editsBetween(a: string, b: string): number {
  const edits = distance(a, b);
  if (edits !== 2 || a.length !== b.length) return edits;
  const at = [...a].findIndex((letter, index) => letter !== b[index]);
  return a[at] === b[at + 1] && a[at + 1] === b[at] && a.slice(at + 2) === b.slice(at + 2) ? 1 : edits;
}
