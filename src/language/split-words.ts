/** A command's text -> its words, as a POSIX shell splits them; nothing is expanded. */

import { failed, ok, type Result } from '../text/result.js';

/** Characters that a backslash quotes inside double quotes (POSIX 2.2.3). */
const ESCAPED_IN_QUOTES = '"\\$`';

/** A part of a command. */
export interface CommandPart {
  /** Its place in the command. */
  readonly at: number;
  /** Its text in the word. */
  readonly text: string;
  /** Blanks separate words, plain text may contain operators of a shell, and quoted text is literal. */
  readonly kind: 'blank' | 'plain' | 'kept';
}

/**
 * The parts of a command. Single quotes keep everything, double quotes keep everything but a backslash before one of
 * `" \ $` and backquote, a backslash elsewhere keeps the next character, and one before the end of a line joins it with
 * the next line. A tag in double braces is kept, blanks and all.
 */
export function partsOf(command: string): Result<CommandPart[]> {
  const parts: CommandPart[] = [];
  let i = 0;
  const add = (kind: CommandPart['kind'], text: string, end: number) => {
    parts.push({ at: i, text, kind });
    i = end;
  };
  while (i < command.length) {
    const char = command[i] as string;
    if (/[ \t\r\n]/.test(char)) {
      add('blank', char, i + 1);
    } else if (char === '\\') {
      const next = command[i + 1];
      if (next === undefined) return failed('the command ends in a lone \\');
      if (next === '\n') i += 2;
      else add('kept', next, i + 2);
    } else if (command.startsWith('{{', i) && command.includes('}}', i)) {
      const end = command.indexOf('}}', i) + 2;
      add('kept', command.slice(i, end), end);
    } else if (char === "'") {
      const end = command.indexOf("'", i + 1);
      if (end === -1) return failed('the command has a quote that is never closed');
      add('kept', command.slice(i + 1, end), end + 1);
    } else if (char === '"') {
      const quoted = inDoubleQuotes(command, i + 1);
      if (quoted === null) return failed('the command has a quote that is never closed');
      add('kept', quoted.text, quoted.end);
    } else {
      add('plain', char, i + 1);
    }
  }
  return ok(parts);
}

/** The text after a double quote, and the end of the closing one; null when it is missing. */
function inDoubleQuotes(command: string, from: number): { text: string; end: number } | null {
  let text = '';
  for (let i = from; i < command.length; i++) {
    const char = command[i] as string;
    const next = command[i + 1];
    if (char === '"') return { text, end: i + 1 };
    if (char === '\\' && next === '\n') {
      i++;
    } else if (char === '\\' && next !== undefined && ESCAPED_IN_QUOTES.includes(next)) {
      text += next;
      i++;
    } else {
      text += char;
    }
  }
  return null;
}

/** The words of a command. */
export function splitWords(command: string): Result<string[]> {
  const parts = partsOf(command);
  if (!parts.ok) return parts;
  const words: string[] = [];
  // Null between words; '' is a word too, as in "".
  let word: string | null = null;
  for (const { kind, text } of parts.value) {
    if (kind !== 'blank') {
      word = (word ?? '') + text;
    } else if (word !== null) {
      words.push(word);
      word = null;
    }
  }
  if (word !== null) words.push(word);
  return ok(words);
}
