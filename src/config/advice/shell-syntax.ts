/** Finds shell syntax in commands. */

import { partsOf } from '../../language/split-words.js';
import { choices } from '../../text/suggest.js';

/** Commands that are built into shells. */
const BUILTINS = new Set(
  'cd source . export module ulimit umask alias unset eval set if for while until case function'.split(' '),
);

const OPERATORS = /&&|\|\||\|&?|;|(?<=^|\s)(?:\d*(?:>>|>|<<|<)(?:&\d?)?|&>>?)|&(?=\s|$)/g;
const EXPANSIONS = /\$(?:[A-Za-z_]\w*|\{[^}\s]*\}?|\(|[\d@#?*!])|`|(?<=^|\s)~(?=[/\w\s]|$)/g;
/** In an option like --include=*.c a shell finds no file, and leaves it unchanged. */
const PATTERNS = /(?<=^|\s)(?![-\s])[^\s=]*?(\*)/g;

export interface ShellSyntax {
  /** Position of the first shell syntax in the command. */
  readonly at: number;
  readonly message: string;
}

/** Returns the shell syntax in a command, outside of quotes; null without any. */
export function shellSyntaxIn(command: string): ShellSyntax | null {
  const parts = partsOf(command);
  if (!parts.ok) return null;
  const plain = Array<string>(command.length).fill('\0');
  for (const { at, text, kind } of parts.value) if (kind !== 'kept') plain[at] = text;
  const text = plain.join('');
  const [first = ''] = /\S+/.exec(text) ?? [];
  const start = text.indexOf(first);
  if (/^[A-Za-z_]\w*=/.test(first)) {
    const variable = first.slice(0, first.indexOf('='));
    return { at: start, message: `${NO_SHELL}, so ${variable} does not set a variable; use environment` };
  }
  if (BUILTINS.has(first)) {
    return { at: start, message: `'${first}' is a command of shells, but ${NO_SHELL}; ${HOW}` };
  }
  const found = [...text.matchAll(OPERATORS), ...text.matchAll(EXPANSIONS)].map(({ index, 0: what }) => ({
    index,
    what: what.trim(),
  }));
  for (const { index, 0: word } of text.matchAll(PATTERNS))
    found.push({ index: index + word.length - 1, what: '*' });
  if (found.length === 0) return null;
  found.sort((a, b) => a.index - b.index);
  const names = [...new Set(found.map(({ what }) => `'${what}'`))];
  const shown = names.length > MAX_SHOWN ? [...names.slice(0, MAX_SHOWN), 'others'] : names;
  const reach =
    names.length === 1 ? 'is passed to the program unchanged' : 'are passed to the program unchanged';
  const message = `${NO_SHELL}, so ${choices(shown, 'and')} ${reach}; ${HOW}, or put it in quotes if that is intended`;
  return { at: found[0]?.index ?? 0, message };
}

const NO_SHELL = 'the command runs without a shell';
const HOW = "to use one, write sh -c '...'";
const MAX_SHOWN = 4;
