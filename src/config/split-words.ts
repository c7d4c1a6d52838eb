/** A command's text -> its words, as a POSIX shell splits them; nothing is expanded. */

import { type Parsed, parsed, refused } from '../rules/parsed.js';

/** What a backslash takes its meaning from inside double quotes (POSIX 2.2.3). */
const ESCAPED_IN_QUOTES = '"\\$`';

/**
 * Splits at blanks. Single quotes keep everything, double quotes keep everything but a backslash before one
 * of `" \ $` and backquote, a backslash elsewhere keeps the next character, and one before the end of a line
 * joins it with the next line. A tag in double braces belongs to its word, blanks and all.
 */
export function splitWords(text: string): Parsed<string[]> {
  const words: string[] = [];
  // Null between words; '' is a word too, as in "".
  let word: string | null = null;
  for (let i = 0; i < text.length; i++) {
    const char = text[i] as string;
    if (/[ \t\r\n]/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (char === '\\') {
      const next = text[++i];
      if (next === undefined) return refused('the command ends in a lone \\');
      if (next !== '\n') word = (word ?? '') + next;
    } else if (text.startsWith('{{', i) && text.includes('}}', i)) {
      const end = text.indexOf('}}', i) + 2;
      word = (word ?? '') + text.slice(i, end);
      i = end - 1;
    } else if (char === "'") {
      const end = text.indexOf("'", i + 1);
      if (end === -1) return refused('the command has a quote that is never closed');
      word = (word ?? '') + text.slice(i + 1, end);
      i = end;
    } else if (char === '"') {
      word ??= '';
      for (i++; text[i] !== '"'; i++) {
        const quoted = text[i];
        const next = text[i + 1];
        if (quoted === undefined) return refused('the command has a quote that is never closed');
        if (quoted === '\\' && next === '\n') {
          i++;
        } else if (quoted === '\\' && next !== undefined && ESCAPED_IN_QUOTES.includes(next)) {
          word += next;
          i++;
        } else {
          word += quoted;
        }
      }
    } else {
      word = (word ?? '') + char;
    }
  }
  if (word !== null) words.push(word);
  return parsed(words);
}
