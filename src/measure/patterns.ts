/** Regular expressions of `measure:`, matched within the lines of a document. */

import type { Finding, MeasureEntry, MeasureSource } from '../model/measure.js';
import { counted } from '../text/counted.js';
import { type Document, forEachLine } from './document.js';
import { Taken } from './taken.js';

export type PatternEntry = MeasureEntry & { readonly source: MeasureSource & { readonly kind: 'pattern' } };

/** The groups of an expression: the number of all, and the names of those that have one. Throws SyntaxError. */
export function groupsOf(pattern: string): { readonly count: number; readonly names: readonly string[] } {
  // The empty alternative always matches, so that the result has all groups.
  const match = new RegExp(`${pattern}|`).exec('');
  return { count: (match?.length ?? 1) - 1, names: Object.keys(match?.groups ?? {}) };
}

interface Search {
  readonly entry: PatternEntry;
  readonly pattern: RegExp;
  /** By the name of the value. */
  readonly taken: readonly (readonly [string, Taken])[];
  readonly isNamed: boolean;
}

/** Returns the findings of all entries, in one pass over the document. Throws Unreadable. */
export function scanPatterns(document: Document, entries: readonly PatternEntry[]): Finding[] {
  const searches = entries.map((entry): Search => {
    const { pattern } = entry.source;
    return {
      entry,
      pattern: new RegExp(pattern, 'g'),
      taken: entry.values.map((name) => [name, new Taken(entry.take)]),
      isNamed: groupsOf(pattern).names.length > 0,
    };
  });
  const lines = forEachLine(document, (line, number) => {
    for (const search of searches) addMatches(search, line, number);
  });
  return searches.flatMap(({ entry, taken }) => {
    const nothing = `/${entry.source.pattern}/ matches none of the ${counted(lines, 'line')} of ${document.name}`;
    return taken.map(([name, values]) => values.result(name, document.name, nothing));
  });
}

function addMatches({ pattern, taken, isNamed }: Search, line: string, number: number): void {
  pattern.lastIndex = 0;
  for (let match = pattern.exec(line); match !== null; match = pattern.exec(line)) {
    for (const [name, values] of taken) {
      const text = isNamed ? match.groups?.[name] : (match[1] ?? match[0]);
      // A group of another alternative.
      if (text !== undefined) values.add(text, number, line);
    }
    // An empty match would be found again.
    if (match[0] === '') pattern.lastIndex++;
  }
}
