/** Gathers everything that is wrong with one configuration, so that it can be told at once. */

import { ConfigError, type Diagnostic } from '../../errors.js';
import { formatPath, type Path } from '../../text/path.js';
import { formatDiagnostics } from './format.js';

/** The part of a mapping's entry that a problem is about. */
export type Part = 'key' | 'value';

export interface Place {
  /** Counted from 1; null when there is no text. */
  readonly line: number | null;
  readonly column: number | null;
  /** Places compare like words, number by number; an earlier place is smaller. */
  readonly order: readonly number[];
  /** For something of another file that the configuration uses: the file, the path in it, and what to say besides. */
  readonly from?: { readonly file: string; readonly path: Path; readonly note: string };
}

/** What a configuration was read from. */
export interface ConfigSource {
  /** Where a value, or its key, stands. */
  place(path: Path, part: Part): Place;
  /** An unquoted scalar as it was written (`1.10`), or null when that is not known. */
  writtenAs(path: Path): string | null;
  /** Where a character (counted from 0) of the string `text` stands, or null when that can't be told. */
  placeInText(path: Path, text: string, character: number): Place | null;
  /** The line on which the text of a string begins, which for a block is the one after its `|`. */
  lineOfText(path: Path): number | null;
}

/** At most as many problems are spelt out in the message of an error; its `diagnostics` always hold all. */
const LONGEST_LIST = 20;

export class Problems {
  readonly #source: ConfigSource;
  readonly #file: string | null;
  readonly #found = new Map<string, { diagnostic: Diagnostic; order: readonly number[] }>();

  constructor(source: ConfigSource, file: string | null) {
    this.#source = source;
    this.#file = file;
  }

  /** Something that keeps the ensemble from running. */
  error(path: Path, message: string, part: Part = 'value'): void {
    this.add('error', path, message, this.#source.place(path, part));
  }

  /** Something that is odd, but has a meaning. */
  warning(path: Path, message: string, part: Part = 'value'): void {
    this.add('warning', path, message, this.#source.place(path, part));
  }

  /** Adds a problem at a place that is known already. */
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
    // An alias makes several paths of one place, and one mistake there is still one mistake.
    const where = line === null ? diagnostic.path : `${line}:${column}`;
    const key = [diagnostic.file, where, diagnostic.message].join('\n');
    if (!this.#found.has(key)) this.#found.set(key, { diagnostic, order });
  }

  /** Takes in what was found elsewhere. */
  include(others: Problems): void {
    for (const [key, found] of others.#found) if (!this.#found.has(key)) this.#found.set(key, found);
  }

  get hasErrors(): boolean {
    return [...this.#found.values()].some(({ diagnostic }) => diagnostic.severity === 'error');
  }

  /** All problems, in the order in which they stand in the file. */
  list(): Diagnostic[] {
    return [...this.#found.values()]
      .sort((a, b) => compareOrders(a.order, b.order))
      .map(({ diagnostic }) => diagnostic);
  }

  /** The error that tells them all. */
  toError(): ConfigError {
    const all = this.list();
    const errors = all.filter(({ severity }) => severity === 'error');
    const shown = formatDiagnostics(errors.slice(0, LONGEST_LIST));
    const more = errors.length > LONGEST_LIST ? `\n... and ${errors.length - LONGEST_LIST} more` : '';
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
