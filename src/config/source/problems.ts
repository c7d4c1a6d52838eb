/** Collects all faults of one configuration, so that they are reported together. */

import { ConfigError, type Diagnostic } from '../../errors.js';
import { formatPath, type Path } from '../../text/path.js';
import { formatDiagnostics } from './format.js';

/** The part of a mapping's entry that a problem concerns. */
export type Part = 'key' | 'value';

export interface Place {
  /** Counted from 1; null without a text. */
  readonly line: number | null;
  readonly column: number | null;
  /** Places are ordered lexicographically by these numbers. */
  readonly order: readonly number[];
  /** For a place in another file that the configuration uses: the file, the path in it, and a note. */
  readonly from?: { readonly file: string; readonly path: Path; readonly note: string };
}

/** The text or object of a configuration. */
export interface ConfigSource {
  /** Returns the place of a value or its key. */
  place(path: Path, part: Part): Place;
  /** Returns an unquoted scalar as it was written (`1.10`), or null where that is unknown. */
  writtenAs(path: Path): string | null;
  /** Returns the place of a character (counted from 0) of the string `text`, or null where that is unknown. */
  placeInText(path: Path, text: string, character: number): Place | null;
  /** Returns the first line of a string's text. For a block this is the line after its `|`. */
  lineOfText(path: Path): number | null;
}

/** Maximum problems listed in the message of an error; its `diagnostics` always hold all. */
const MAX_LIST = 20;

export class Problems {
  readonly #source: ConfigSource;
  readonly #file: string | null;
  readonly #found = new Map<string, { diagnostic: Diagnostic; order: readonly number[] }>();

  constructor(source: ConfigSource, file: string | null) {
    this.#source = source;
    this.#file = file;
  }

  /** Adds a problem that keeps the ensemble from running. */
  error(path: Path, message: string, part: Part = 'value'): void {
    this.add('error', path, message, this.#source.place(path, part));
  }

  /** Adds a problem that does not keep the ensemble from running. */
  warning(path: Path, message: string, part: Part = 'value'): void {
    this.add('warning', path, message, this.#source.place(path, part));
  }

  /** Adds a problem at a known place. */
  add(severity: Diagnostic['severity'], path: Path, message: string, place: Place): void {
    const { line, column, order, from } = place;
    const diagnostic = {
      severity,
      path: formatPath(from?.path ?? path),
      message: `${message}${from?.note ?? ''}`,
      file: from?.file ?? this.#file,
      line,
      column,
    };
    // An alias gives one place several paths. Its mistake is reported once.
    const where = line === null ? diagnostic.path : `${line}:${column}`;
    const key = [diagnostic.file, where, diagnostic.message].join('\n');
    if (!this.#found.has(key)) this.#found.set(key, { diagnostic, order });
  }

  /** Adds the problems of another collection. */
  include(others: Problems): void {
    for (const [key, found] of others.#found) if (!this.#found.has(key)) this.#found.set(key, found);
  }

  get hasErrors(): boolean {
    return [...this.#found.values()].some(({ diagnostic }) => diagnostic.severity === 'error');
  }

  /** Returns all problems in the order of their places. */
  list(): Diagnostic[] {
    return [...this.#found.values()]
      .sort((a, b) => compareOrders(a.order, b.order))
      .map(({ diagnostic }) => diagnostic);
  }

  /** Creates an error that lists all problems. */
  toError(): ConfigError {
    const all = this.list();
    const errors = all.filter(({ severity }) => severity === 'error');
    const shown = formatDiagnostics(errors.slice(0, MAX_LIST));
    const more = errors.length > MAX_LIST ? `\n... and ${errors.length - MAX_LIST} more` : '';
    const count = errors.length === 1 ? 'an error' : `${errors.length} errors`;
    return new ConfigError(`${this.#file ?? 'the configuration'} has ${count}:\n${shown}${more}`, all);
  }
}

function compareOrders(a: readonly number[], b: readonly number[]): number {
  for (const [index, step] of a.entries()) {
    const difference = step - (b[index] ?? Number.NEGATIVE_INFINITY);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
