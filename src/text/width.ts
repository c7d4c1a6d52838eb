/** The width of text on a terminal. */

import { createRequire } from 'node:module';
import { packageFile } from './package-file.js';

type StringWidth = typeof import('string-width').default;

/** Text of characters that take one column each: ASCII, Latin, and the ellipsis, lines and blocks of tables. */
const PLAIN = /^[\x20-\x7e\xa1-\xac\xae-\u02ff\u2026\u2500-\u259f]*$/;

let stringWidth: StringWidth | undefined;

/**
 * Returns the columns that the text takes. Colours take none, and a wide character takes two. The library for other
 * text is loaded when it is needed, because its tables take as long to build as the rest of a command.
 */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  stringWidth ??= createRequire(import.meta.url)(packageFile('dist/text/string-width.cjs')) as StringWidth;
  return stringWidth(text);
}

let segmenter: Intl.Segmenter | undefined;

/** Returns the characters of a text, as its reader sees them. */
function charactersOf(text: string): string[] {
  segmenter ??= new Intl.Segmenter();
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/** Returns the longest beginning that fits into `width` columns. */
function head(characters: readonly string[], width: number): string {
  let text = '';
  let left = width;
  for (const character of characters) {
    left -= widthOf(character);
    if (left < 0) break;
    text += character;
  }
  return text;
}

/**
 * Shortens text without colours in its middle to `width` columns. Names mostly differ in their beginning or their
 * end.
 */
export function shortened(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  const characters = charactersOf(text);
  const room = Math.max(width - 1, 0);
  const begin = head(characters, Math.ceil(room / 2));
  const end = head(characters.reverse(), room - widthOf(begin));
  return `${begin}…${charactersOf(end).reverse().join('')}`;
}

/** Arranges whole parts on lines of at most `width` columns. Lines after the first are indented. */
export function flow(parts: readonly string[], separator: string, width: number, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (const part of parts) {
    const longer = line === '' ? part : `${line}${separator}${part}`;
    if (line !== '' && widthOf(longer) > width) {
      lines.push(line.trimEnd());
      line = `${indent}${part}`;
    } else {
      line = longer;
    }
  }
  return line === '' ? lines : [...lines, line];
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: that is how a colour begins
const COLOR = /(\x1b\[[\d;]*m)/;

/** Cuts a line at its end to `width` columns, with an ellipsis. Colours in it take none, and stay. */
export function clipped(line: string, width: number): string {
  if (widthOf(line) <= width) return line;
  let left = Math.max(0, width - 1);
  let isCut = false;
  return line
    .split(COLOR)
    .map((part, index) => {
      if (index % 2 === 1 || isCut) return index % 2 === 1 ? part : '';
      const text = head(charactersOf(part), left);
      left -= widthOf(text);
      isCut = text !== part;
      return isCut ? `${text}…` : text;
    })
    .join('');
}
