/** A YAML document with the places of its values. */

import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  Scalar,
  visit,
  type YAMLError,
  type YAMLWarning,
} from 'yaml';
import { largeInteger } from '../../model/written.js';
import { quote } from '../../text/describe.js';
import type { Path } from '../../text/path.js';
import type { ConfigSource, Part, Place } from './problems.js';
import { faultIn, type TreeFault } from './tree.js';
import { hintAt, inQuotes } from './yaml-hints.js';
import { offsetInSource } from './yaml-text.js';

/** A fault of the YAML syntax. */
export interface YamlFinding {
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly offset: number;
}

/** Maximum lines and values of a text. Parsing more would take gigabytes. */
const MAX_PIECES = 1_000_000;

/** Errors after which the rest of the document is still valid. */
const HARMLESS = new Set(['DUPLICATE_KEY', 'MULTIPLE_DOCS']);

export class YamlSource implements ConfigSource {
  readonly findings: readonly YamlFinding[];
  /** The document as plain values; undefined when its syntax is too broken. */
  readonly value: unknown;

  readonly #text: string;
  /** Null for a document that can't be parsed at all. */
  readonly #document: Document.Parsed | null;
  readonly #lines = new LineCounter();
  /** The target of each alias. The library would walk the document again for each query. */
  readonly #targets = new Map<Alias, Node>();

  constructor(text: string) {
    this.#text = text;
    const end = endOfPieces(text);
    if (end !== null) {
      this.#lines.addNewLine(0);
      for (const { index } of text.slice(0, end).matchAll(/\n/g)) this.#lines.addNewLine(index + 1);
      this.#document = null;
      this.findings = [error(`the file is too large; it may have ${MAX_PIECES} lines and values`, end)];
      return;
    }
    this.#document = parse(text, this.#lines);
    if (this.#document === null) {
      this.findings = [error(TOO_DEEP, deepestLine(text))];
      return;
    }
    const { errors, warnings, contents } = this.#document;
    const findings: YamlFinding[] = [
      ...describeErrors(errors, text),
      ...warnings.map((warning) => describeWarning(warning, text)),
    ];
    if (errors.every(({ code }) => HARMLESS.has(code)) && !warnings.some((warning) => isTag(warning, text))) {
      if (contents === null) findings.push(error('the file is empty; an ensemble needs jobs and rules', 0));
      else this.value = this.#toValue(this.#document, findings);
    }
    this.findings = findings;
  }

  place(path: Path, part: Part): Place {
    const { key, node } = this.#find(path);
    const wanted = part === 'key' || isEmpty(node) ? (key ?? node) : node;
    return this.placeOf(wanted?.range?.[0] ?? 0);
  }

  /** Returns the line and column of a position in the text. */
  placeOf(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1), order: [offset] };
  }

  writtenAs(path: Path): string | null {
    const node = this.#resolve(this.#find(path).node);
    return isScalar(node) && node.type === Scalar.PLAIN ? (node.source ?? null) : null;
  }

  placeInText(path: Path, text: string, character: number): Place | null {
    const node = this.#resolve(this.#find(path).node);
    if (!isScalar(node) || !node.range || node.value !== text) return null;
    const [start, end] = node.range;
    const offset = offsetInSource(this.#text.slice(start, end), text, character);
    return offset === null ? null : this.placeOf(start + offset);
  }

  lineOfText(path: Path): number | null {
    const node = this.#resolve(this.#find(path).node);
    if (!isScalar(node) || !node.range) return null;
    const { line } = this.#lines.linePos(node.range[0]);
    const isBlock = node.type === Scalar.BLOCK_LITERAL || node.type === Scalar.BLOCK_FOLDED;
    return isBlock ? line + 1 : line;
  }

  #toValue(document: Document.Parsed, findings: YamlFinding[]): unknown {
    const before = findings.length;
    try {
      this.#followAliases(document, findings);
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      findings.push(error(TOO_DEEP, deepestLine(this.#text)));
    }
    if (findings.length > before) return undefined;
    const fault = document.contents && faultIn<Node>(document.contents, (node) => this.#partsOf(node));
    if (fault) {
      findings.push(error(faultText(fault), fault.parent === null ? 0 : startOf(fault.parent)));
      return undefined;
    }
    try {
      // Aliases were counted before.
      return document.toJS({ maxAliasCount: -1 });
    } catch (cause) {
      // Invalid merge keys.
      const reason = cause instanceof Error ? cause.message : String(cause);
      findings.push(error(`not usable as YAML: ${reason.slice(0, 200)}`, 0));
      return undefined;
    }
  }

  /** Yields the children of a node, or the target of an alias. */
  *#partsOf(node: Node): Generator<readonly [number, Node]> {
    const target = isAlias(node) ? this.#targets.get(node) : undefined;
    if (target !== undefined) yield [0, target];
    const items = isMap(node) || isSeq(node) ? node.items : [];
    for (const [index, item] of items.entries()) {
      const part: unknown = isPair(item) ? item.value : item;
      if (isNode(part)) yield [index, part];
    }
  }

  /** Finds the target of each alias: the nearest preceding anchor of its name. */
  #followAliases(document: Document.Parsed, findings: YamlFinding[]): void {
    const anchors = new Map<string, Node>();
    visit(document, {
      Node: (_, node) => {
        if (!isAlias(node)) {
          if (node.anchor !== undefined) anchors.set(node.anchor, node);
          const header = emptyBlock(node, this.#text);
          if (header !== null) findings.push(error(noBlock(header), startOf(node)));
          if (isScalar(node) && typeof node.value === 'number') {
            node.value = largeInteger(node.value, node.source ?? '') ?? node.value;
          }
          return;
        }
        const target = anchors.get(node.source);
        if (target) this.#targets.set(node, target);
        else findings.push(error(noAnchor(node.source), startOf(node)));
      },
      Pair: (_, pair) => {
        if (isMergeKey(pair) && isScalar(pair.value)) {
          findings.push(error("'<<' can merge mappings only", startOf(pair.value)));
        }
      },
    });
  }

  /** Returns the key and the value at a path, or of the nearest existing parent. */
  #find(path: Path): { key: Node | null; node: Node | null } {
    let key: Node | null = null;
    let node: Node | null = this.#document?.contents ?? null;
    for (const step of path) {
      const parent = this.#resolve(node);
      if (isSeq(parent) && typeof step === 'number') {
        const item: unknown = parent.items[step];
        if (!isNode(item)) break;
        key = null;
        node = item;
      } else {
        const pair = this.#pairOf(parent, String(step), 0);
        if (pair === null) break;
        key = isNode(pair.key) ? pair.key : null;
        node = isNode(pair.value) ? pair.value : null;
      }
    }
    return { key, node };
  }

  /** Returns the entry of a mapping, including merged ones. */
  #pairOf(map: Node | null, name: string, depth: number): Pair | null {
    // Merged mappings may merge others, but never this many.
    if (!isMap(map) || depth > 100) return null;
    const own = map.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === name);
    if (own) return own;
    for (const merge of map.items.filter(isMergeKey)) {
      const source = isNode(merge.value) ? this.#resolve(merge.value) : null;
      const parents: readonly unknown[] = isSeq(source) ? source.items : [source];
      for (const parent of parents) {
        const found = isNode(parent) ? this.#pairOf(this.#resolve(parent), name, depth + 1) : null;
        if (found) return found;
      }
    }
    return null;
  }

  #resolve(node: Node | null): Node | null {
    return isAlias(node) ? (this.#targets.get(node) ?? null) : node;
  }
}

const TOO_DEEP = 'the document is nested too deeply';

/** Returns null for a document that is nested too deeply to parse. */
function parse(text: string, lineCounter: LineCounter): Document.Parsed | null {
  try {
    return parseDocument(text, {
      lineCounter,
      // YAML 1.2, even where a %YAML directive requests another version: timestamps and `yes` are text.
      schema: 'core',
      resolveKnownTags: false,
      merge: true,
      stringKeys: true,
      prettyErrors: false,
      logLevel: 'error',
    });
  } catch (cause) {
    if (cause instanceof RangeError) return null;
    throw cause;
  }
}

/** Returns the position of the last allowed piece of a text; null for a text without too many. */
function endOfPieces(text: string): number | null {
  let pieces = 0;
  for (const { index } of text.matchAll(/[\n,[{]/g)) {
    if (++pieces > MAX_PIECES) return index;
  }
  return null;
}

/** Returns the position of the most indented line. */
function deepestLine(text: string): number {
  let deepest = 0;
  let place = 0;
  for (const { 0: indent, index } of text.matchAll(/^[ \t-]+/gm)) {
    if (indent.length <= deepest) continue;
    deepest = indent.length;
    place = index;
  }
  return place + deepest;
}

function faultText({ kind, parent, message }: TreeFault<Node>): string {
  if (!isAlias(parent)) return kind === 'depth' ? TOO_DEEP : `the document ${message}`;
  const alias = `the alias ${quote(`*${parent.source}`)}`;
  if (kind === 'cycle') return `${alias} stands inside the value that it repeats`;
  return `${alias} ${message}`;
}

function isMergeKey(pair: unknown): pair is Pair {
  if (!isPair(pair) || !isScalar(pair.key)) return false;
  return pair.key.type === Scalar.PLAIN && pair.key.source === '<<';
}

/** A value that is empty after `key:`; its position would be that of the following space. */
function isEmpty(node: Node | null): boolean {
  return node === null || (isScalar(node) && node.value === null && !node.source);
}

function noAnchor(name: string): string {
  return `no anchor ${quote(`&${name}`)} precedes this alias; a text that begins with * needs quotes`;
}

/** Returns the header of an empty block that sets its indentation, like `>5`. Null for other nodes. */
function emptyBlock(node: Node, text: string): string | null {
  if (!isScalar(node) || node.value !== '') return null;
  if (node.type !== Scalar.BLOCK_FOLDED && node.type !== Scalar.BLOCK_LITERAL) return null;
  return /^[>|][-+]?\d[-+]?/.exec(text.slice(startOf(node), startOf(node) + 4))?.[0] ?? null;
}

function noBlock(header: string): string {
  return `${quote(header)} begins an empty block of text; for a value, write ${inQuotes(header)}`;
}

function startOf(node: Node): number {
  return node.range?.[0] ?? 0;
}

function error(message: string, offset: number): YamlFinding {
  return { severity: 'error', message, offset };
}

function describeErrors(errors: readonly YAMLError[], text: string): YamlFinding[] {
  // A place that is nested too deeply is reported once for each level around it.
  const exhausted = errors.filter(({ code }) => code === 'RESOURCE_EXHAUSTION').at(-1);
  if (exhausted) return [error(TOO_DEEP, exhausted.pos[0])];
  const hinted = new Set<number>();
  return errors.flatMap(({ code, message, pos: [offset] }) => {
    const known = MESSAGES.get(code)?.(keyAt(text, offset)) ?? null;
    if (known !== null) return [error(known, offset)];
    const hint = hintAt(text, offset);
    if (hint === null) return [error(`not valid YAML: ${message}`, offset)];
    // Further faults of the same value have the same cause.
    if (hinted.has(hint.offset)) return [];
    hinted.add(hint.offset);
    return [error(`not valid YAML: ${hint.message}`, hint.offset)];
  });
}

/** Returns messages of errors by code; `key` is the text at the error. */
const MESSAGES: ReadonlyMap<string, (key: string) => string> = new Map([
  ['DUPLICATE_KEY', (key: string) => `key ${quote(key)} appears twice in one mapping`],
  ['MULTIPLE_DOCS', () => 'a second document begins here; an ensemble must be one document'],
  [
    'BAD_DQ_ESCAPE',
    (key: string) =>
      `not valid YAML: ${quote(key.slice(0, 2))} is not an escape of double quotes; put the text in single quotes, or double the \\`,
  ],
  ['TAB_AS_INDENT', () => 'not valid YAML: a line must be indented with blanks, not with tabs'],
]);

/** Returns whether a warning concerns an unknown tag. It can't be ignored: `!= 3` would mean 3. */
function isTag({ code, pos: [offset] }: YAMLWarning, text: string): boolean {
  return code === 'TAG_RESOLVE_FAILED' && /^!(?![!<])/.test(text.slice(offset, offset + 2));
}

function describeWarning(warning: YAMLWarning, text: string): YamlFinding {
  const { message, pos } = warning;
  const [offset] = pos;
  if (!isTag(warning, text)) return { severity: 'warning', message, offset };
  const hint = hintAt(text, offset);
  return error(`not valid YAML: ${hint?.message ?? message}`, hint?.offset ?? offset);
}

function keyAt(text: string, offset: number): string {
  return (/^"[^"\n]*"|^'[^'\n]*'|^[^:\n]*/.exec(text.slice(offset, offset + 200))?.[0] ?? '').trim();
}
