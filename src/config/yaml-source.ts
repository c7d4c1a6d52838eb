/** A YAML document that remembers where everything stands. */

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
} from 'yaml';
import { largeInteger } from './as-written.js';
import { quote } from './describe.js';
import type { Path } from './path.js';
import type { ConfigSource, Part, Place } from './problems.js';
import { offsetInSource } from './yaml-text.js';

/** Something that the YAML itself, not what it says, has wrong. */
export interface YamlFinding {
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly offset: number;
}

/**
 * Far more aliases than a file written by hand has, far fewer than a file that is made to explode. Aliases
 * share one object in memory, so this bounds time, not space.
 */
const MOST_ALIASES = 10_000;

/** Errors after which the rest of the document still means what it says. */
const HARMLESS = new Set(['DUPLICATE_KEY', 'MULTIPLE_DOCS']);

export class YamlSource implements ConfigSource {
  readonly findings: readonly YamlFinding[];
  /** The document as plain values; undefined when its syntax is too broken to tell. */
  readonly value: unknown;

  readonly #text: string;
  readonly #document: Document.Parsed;
  readonly #lines = new LineCounter();
  /** What each alias stands for. Asking the library would walk the document again for each. */
  readonly #targets = new Map<Alias, Node>();

  constructor(text: string) {
    this.#text = text;
    this.#document = parseDocument(text, {
      lineCounter: this.#lines,
      // YAML 1.2, also where a %YAML directive says otherwise: timestamps and `yes` are text.
      schema: 'core',
      resolveKnownTags: false,
      merge: true,
      stringKeys: true,
      prettyErrors: false,
      logLevel: 'error',
    });
    const { errors, warnings, contents } = this.#document;
    const findings: YamlFinding[] = [
      ...describeErrors(errors, text),
      ...warnings.map(({ message, pos }) => ({ severity: 'warning' as const, message, offset: pos[0] })),
    ];
    if (errors.every(({ code }) => HARMLESS.has(code))) {
      if (contents === null) findings.push(error('the file is empty; an ensemble needs jobs and rules', 0));
      else this.value = this.#toValue(findings);
    }
    this.findings = findings;
  }

  place(path: Path, part: Part): Place {
    const { key, node } = this.#find(path);
    const wanted = part === 'key' || isEmpty(node) ? (key ?? node) : node;
    return this.placeOf(wanted?.range?.[0] ?? 0);
  }

  /** The line and column of a position in the text. */
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

  #toValue(findings: YamlFinding[]): unknown {
    try {
      const before = findings.length;
      this.#followAliases(findings);
      return findings.length > before ? undefined : this.#document.toJS({ maxAliasCount: MOST_ALIASES });
    } catch (cause) {
      // Aliases that explode, documents nested deeper than the stack, merge keys of things that can't merge.
      const reason = cause instanceof Error ? cause.message : String(cause);
      findings.push(error(`not usable as YAML: ${reason.slice(0, 200)}`, 0));
      return undefined;
    }
  }

  /** Finds what each alias stands for: the nearest anchor of its name before it. */
  #followAliases(findings: YamlFinding[]): void {
    const anchors = new Map<string, Node>();
    visit(this.#document, {
      Node: (_, node) => {
        if (!isAlias(node)) {
          if (node.anchor !== undefined) anchors.set(node.anchor, node);
          if (isScalar(node) && typeof node.value === 'number') {
            node.value = largeInteger(node.value, node.source ?? '') ?? node.value;
          }
          return;
        }
        const target = anchors.get(node.source);
        if (target) this.#targets.set(node, target);
        else findings.push(error(`no anchor '&${node.source}' stands before this alias`, startOf(node)));
      },
      Pair: (_, pair) => {
        if (isMergeKey(pair) && isScalar(pair.value)) {
          findings.push(error("'<<' can merge mappings only", startOf(pair.value)));
        }
      },
    });
  }

  /** The key and the value at a path, or the nearest things above it that exist. */
  #find(path: Path): { key: Node | null; node: Node | null } {
    let key: Node | null = null;
    let node: Node | null = this.#document.contents;
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

  /** The entry of a mapping, also when a merge key brought it in. */
  #pairOf(map: Node | null, name: string, depth: number): Pair | null {
    // Merged mappings may merge others in turn, but never that many.
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

function isMergeKey(pair: unknown): pair is Pair {
  if (!isPair(pair) || !isScalar(pair.key)) return false;
  return pair.key.type === Scalar.PLAIN && pair.key.source === '<<';
}

/** `key:` with nothing after it; its position would be that of the space behind the colon. */
function isEmpty(node: Node | null): boolean {
  return node === null || (isScalar(node) && node.value === null && !node.source);
}

function startOf(node: Node): number {
  return node.range?.[0] ?? 0;
}

function error(message: string, offset: number): YamlFinding {
  return { severity: 'error', message, offset };
}

function describeErrors(errors: readonly YAMLError[], text: string): YamlFinding[] {
  // One place that is nested too deeply is reported once for each level around it.
  const exhausted = errors.filter(({ code }) => code === 'RESOURCE_EXHAUSTION').at(-1);
  if (exhausted) return [error('the document is nested too deeply', exhausted.pos[0])];
  return errors.map(({ code, message, pos }) =>
    error(describeError(code, message, keyAt(text, pos[0])), pos[0]),
  );
}

function describeError(code: string, message: string, key: string): string {
  if (code === 'DUPLICATE_KEY') return `key ${quote(key)} is given twice in one mapping`;
  if (code === 'MULTIPLE_DOCS') return 'a second document begins here; an ensemble is one document';
  return `not valid YAML: ${message}`;
}

function keyAt(text: string, offset: number): string {
  return (/^"[^"\n]*"|^'[^'\n]*'|^[^:\n]*/.exec(text.slice(offset, offset + 200))?.[0] ?? '').trim();
}
