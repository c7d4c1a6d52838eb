/** JSONPath (RFC 9535), by json-p3. */

import { createRequire } from 'node:module';

/** A number in a document, and its place there: `$['runs'][0]['loss']`. */
export interface JsonNode {
  readonly value: unknown;
  readonly location: string;
}

/** Returns what a path finds in a document. */
export type JsonPath = (document: unknown) => JsonNode[];

/** Compiles a path. Throws Error for a text that is not a path. */
export function compilePath(path: string): JsonPath {
  // Loaded here, because few files name a path.
  const { compile } = createRequire(import.meta.url)('json-p3') as typeof import('json-p3');
  const query = compile(path);
  return (document) => {
    const nodes = query.query(document as Parameters<typeof query.query>[0]).nodes;
    return nodes.map((node) => ({ value: node.value, location: node.path }));
  };
}
