/** Splits a stream of text into lines of any length and any bytes. */

import { StringDecoder } from 'node:string_decoder';

/**
 * Splits bytes into lines, which end with `\n`, `\r\n` or `\r`. Bytes that are not UTF-8 become U+FFFD. A line
 * longer than `longest` characters is delivered in pieces, which bounds memory.
 */
export class TextLines {
  readonly #line: (line: string) => void;
  readonly #longest: number;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  constructor(line: (line: string) => void, longest = 1 << 20) {
    this.#line = line;
    this.#longest = longest;
  }

  push(bytes: Buffer): void {
    this.#take(this.#decoder.write(bytes), false);
  }

  /** Delivers the text after the last line end. */
  end(): void {
    this.#take(this.#decoder.end(), true);
  }

  #take(text: string, isLast: boolean): void {
    // A \r at the end may be the first half of a \r\n.
    const ends = isLast ? /\r\n|\n|\r/g : /\r\n|\n|\r(?!$)/g;
    // Only the new text is searched, so a long line in small pieces takes linear time.
    const from = Math.max(0, this.#rest.length - 1);
    const all = this.#rest + text;
    let begin = 0;
    ends.lastIndex = from;
    for (let end = ends.exec(all); end !== null; end = ends.exec(all)) {
      this.#tell(all.slice(begin, end.index));
      begin = ends.lastIndex;
    }
    this.#rest = all.slice(begin);
    if (isLast ? this.#rest !== '' : this.#rest.length > this.#longest) {
      this.#tell(this.#rest);
      this.#rest = '';
    }
  }

  #tell(line: string): void {
    for (let at = 0; at === 0 || at < line.length; at += this.#longest) {
      this.#line(line.slice(at, at + this.#longest));
    }
  }
}
