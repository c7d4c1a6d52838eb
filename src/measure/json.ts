/** Values of JSON documents, by JSONPath (RFC 9535). */

import type { Finding, MeasureEntry, MeasureSource } from '../model/measure.js';
import { type Document, forEachLine, textOf, Unreadable } from './document.js';
import { compilePath, type JsonPath } from './json-path.js';
import { Taken } from './taken.js';

export type JsonEntry = MeasureEntry & { readonly source: MeasureSource & { readonly kind: 'json' } };

/** Bytes of a JSON document at most. One value a line may be of any size together. */
const MAX_BYTES = 64 << 20;

/** Files with one value a line. */
const LINES = /\.(?:jsonl|ndjson)$/i;

const TEXT_OR_NO_NUMBER = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g;

/** Parses JSON, also with the NaN and Infinity that Python writes: they become texts. Throws SyntaxError. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const written = text.replace(TEXT_OR_NO_NUMBER, (found) =>
      found.startsWith('"') ? found : `"${found}"`,
    );
    if (written === text) throw error;
    return JSON.parse(written);
  }
}

interface Search {
  readonly entry: JsonEntry;
  readonly path: JsonPath;
  readonly taken: Taken;
}

/** Returns the findings of all entries. Throws Unreadable. */
export function scanJson(document: Document, entries: readonly JsonEntry[]): Finding[] {
  const searches = entries.map(
    (entry): Search => ({ entry, path: compilePath(entry.source.path), taken: new Taken(entry.take) }),
  );
  const add = (value: unknown, line: number | null) => {
    for (const { path, taken } of searches) {
      for (const { value: found, location } of path(value)) taken.add(found, line, location);
    }
  };
  if (LINES.test(document.name)) {
    forEachLine(document, (line, number) => {
      if (line.trim() !== '') add(read(document, line, number), number);
    });
  } else {
    add(read(document, textOf(document, MAX_BYTES), null), null);
  }
  return searches.map(({ entry, taken }) => {
    const nothing = `${document.name} has no ${entry.source.path}`;
    return taken.result(entry.name, document.name, nothing);
  });
}

function read(document: Document, text: string, line: number | null): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    const where = line === null ? document.name : `line ${line} of ${document.name}`;
    throw new Unreadable(`${where} is not JSON: ${(error as Error).message}`);
  }
}
