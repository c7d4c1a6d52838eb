/** Where things stand when some of a configuration's rules came from other files. */

import { type Path, pathKey } from '../../text/path.js';
import type { ConfigSource, Part, Place } from './problems.js';

/** Another file that the configuration uses. */
export class UsedSource implements ConfigSource {
  readonly #source: ConfigSource;
  readonly #file: string;
  /** Where the configuration uses it. */
  readonly #use: Place;
  readonly #usedBy: string | null;
  /** By path, the text of a number that has been filled in. */
  readonly #filledIn = new Map<string, string>();

  constructor(source: ConfigSource, file: string, use: Place, usedBy: string | null) {
    this.#source = source;
    this.#file = file;
    this.#use = use;
    this.#usedBy = usedBy;
  }

  place(path: Path, part: Part): Place {
    return this.#from(this.#source.place(path, part), path);
  }

  /** A number stands in place of the tag at a path; `text` is how it is written where it comes from. */
  fillIn(path: Path, text: string): void {
    this.#filledIn.set(pathKey(path), text);
  }

  writtenAs(path: Path): string | null {
    return this.#filledIn.get(pathKey(path)) ?? this.#source.writtenAs(path);
  }

  placeInText(path: Path, text: string, character: number): Place | null {
    const place = this.#source.placeInText(path, text, character);
    return place === null ? null : this.#from(place, path);
  }

  lineOfText(path: Path): number | null {
    return this.#source.lineOfText(path);
  }

  /** The same place, told of with the place of its use. */
  #from(place: Place, path: Path): Place {
    const { line, column } = this.#use;
    const by = [this.#usedBy, line, column].filter((part) => part !== null).join(':');
    const note = by === '' ? '' : ` (used at ${by})`;
    return { ...place, order: [...this.#use.order, ...place.order], from: { file: this.#file, path, note } };
  }
}

/** A configuration with rules of other files behind its own. */
export class ExpandedSource implements ConfigSource {
  readonly #own: ConfigSource;
  readonly #used: { readonly first: number; readonly source: ConfigSource }[] = [];

  constructor(own: ConfigSource) {
    this.#own = own;
  }

  /** From this rule on, up to the next ones that are added, they are those of another file. */
  add(first: number, source: ConfigSource): void {
    this.#used.push({ first, source });
  }

  place(path: Path, part: Part): Place {
    const [source, inner] = this.#find(path);
    return source.place(inner, part);
  }

  writtenAs(path: Path): string | null {
    const [source, inner] = this.#find(path);
    return source.writtenAs(inner);
  }

  placeInText(path: Path, text: string, character: number): Place | null {
    const [source, inner] = this.#find(path);
    return source.placeInText(inner, text, character);
  }

  lineOfText(path: Path): number | null {
    const [source, inner] = this.#find(path);
    return source.lineOfText(inner);
  }

  #find(path: Path): [ConfigSource, Path] {
    const [key, index, ...rest] = path;
    if (key !== 'rules' || typeof index !== 'number') return [this.#own, path];
    const used = this.#used.findLast(({ first }) => index >= first);
    return used === undefined ? [this.#own, path] : [used.source, ['rules', index - used.first, ...rest]];
  }
}
