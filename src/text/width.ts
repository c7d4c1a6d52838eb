/** How much room text takes on a terminal. */

import stringWidth from 'string-width';

const PLAIN = /^[\x20-\x7e]*$/;

/** Columns that the text takes; colours take none, and a wide character two. */
export function widthOf(text: string): number {
  return PLAIN.test(text) ? text.length : stringWidth(text);
}

const graphemes = new Intl.Segmenter();

/** As much of the beginning as fits into so many columns. */
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
 * Text without colours, shortened in its middle where it takes more than `width` columns: its beginning and its end
 * are what tells names apart.
 */
export function shortened(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  const characters = [...graphemes.segment(text)].map(({ segment }) => segment);
  const room = Math.max(width - 1, 0);
  const begin = head(characters, Math.ceil(room / 2));
  const end = head(characters.reverse(), room - widthOf(begin));
  return `${begin}…${[...graphemes.segment(end)]
    .map(({ segment }) => segment)
    .reverse()
    .join('')}`;
}

/** Parts on as few lines of `width` columns as they take, each part whole; lines after the first are indented. */
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
