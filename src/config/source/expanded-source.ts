/** Places in a configuration whose rules come from several files. */

import { type Path, pathKey } from '../../text/path.js';
import type { ConfigSource, Part, Place } from './problems.js';

/** Another file that the configuration uses. */
export class UsedSource implements ConfigSource {
  readonly #source: ConfigSource;
  readonly #file: string;
  /** Place of the `use:` in the configuration. */
  readonly #use: Place;
  readonly #usedBy: string | null;
  /** Texts of inserted numbers by path. */
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

  /** Notes that the tag at a path was replaced by a number with this text. */
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

  /** Returns the same place with a note of the place of its use. */
  #from(place: Place, path: Path): Place {
    const { line, column } = this.#use;
    const by = [this.#usedBy, line, column].filter((part) => part !== null).join(':');
    const note = by === '' ? '' : ` (used at ${by})`;
    return { ...place, order: [...this.#use.order, ...place.order], from: { file: this.#file, path, note } };
  }
}

/** Rules that keys of the configuration stand for: each has the place of its key. */
export class PlacedSource implements ConfigSource {
  readonly #source: ConfigSource;
  readonly #places: readonly Path[];

  constructor(source: ConfigSource, places: readonly Path[]) {
    this.#source = source;
    this.#places = places;
  }

  place([, index]: Path): Place {
    return this.#source.place(this.#places[Number(index)] ?? [], 'value');
  }

  writtenAs(): string | null {
    return null;
  }

  placeInText(): Place | null {
    return null;
  }

  lineOfText(): number | null {
    return null;
  }
}

/** A configuration with appended rules of other files. */
export class ExpandedSource implements ConfigSource {
  readonly #own: ConfigSource;
  readonly #used: { readonly first: number; readonly source: ConfigSource }[] = [];
  readonly #aliases: { readonly from: Path; readonly to: Path }[] = [];

  constructor(own: ConfigSource) {
    this.#own = own;
  }

  /** Marks the rules from this one on, up to the next call, as rules of another file. */
  add(first: number, source: ConfigSource): void {
    this.#used.push({ first, source });
  }

  /** Values at a path, and in it, are those of another path. */
  alias(from: Path, to: Path): void {
    this.#aliases.push({ from, to });
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
    const alias = this.#aliases.find(({ from }) => from.every((key, i) => path[i] === key));
    if (alias !== undefined) return this.#find([...alias.to, ...path.slice(alias.from.length)]);
    const [key, index, ...rest] = path;
    if (key !== 'rules' || typeof index !== 'number') return [this.#own, path];
    const used = this.#used.findLast(({ first }) => index >= first);
    return used === undefined ? [this.#own, path] : [used.source, ['rules', index - used.first, ...rest]];
  }
}
