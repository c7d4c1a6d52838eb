/** Text -> tokens. */

import { quote } from '../../text/describe.js';
import { scaled, UNITS } from '../../text/duration.js';
import { FaultError } from '../../text/result.js';
import { choices } from '../../text/suggest.js';
import { isRounded } from '../rounded.js';

export type Token = { readonly at: number } & (
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'name'; readonly value: string; readonly quoted: boolean }
  | { readonly kind: 'operator' | 'word'; readonly value: string }
  | { readonly kind: 'end' }
);

const WORDS: ReadonlySet<string> = new Set(['and', 'or', 'not']);

/** Operators of other languages. */
const FOREIGN: ReadonlyMap<string, string> = new Map([
  ['&&', 'and'],
  ['||', 'or'],
  ['!', 'not'],
  ['=', '=='],
  ['<>', '!='],
  ['===', '=='],
  ['!==', '!='],
  ['**', '*'],
]);

const BLANK = /\s+/y;
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const PERCENT = / ?%/y;
const UNIT = /[\p{L}_]+/uy;
const OPERATOR = /&&|\|\||===|!==|<>|\*\*|<=|>=|==|!=|[-<>+*/(),:!=]/y;
const NAME_START = /[\p{L}_`]/u;
/** A minus belongs to a name when a letter or digit of the name follows it. */
const NAME_PART = /[\p{L}\p{N}\p{M}_.]+|-(?=[\p{L}\p{N}_`-])/uy;
const QUOTED = /`((?:[^`]|``)*)`/y;

/** All tokens of a text. Throws FaultError. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found !== null) at += found[0].length;
    return found;
  };

  for (;;) {
    match(BLANK);
    const start = at;
    const first = text[at];
    if (first === undefined) break;
    const digits = match(NUMBER)?.[0];
    if (digits !== undefined && match(PERCENT) !== null) {
      tokens.push({ at: start, kind: 'number', value: numberOf(digits, undefined, start) / 100 });
    } else if (digits !== undefined) {
      tokens.push({ at: start, kind: 'number', value: numberOf(digits, match(UNIT)?.[0], start) });
    } else if (first === '"' || first === "'") {
      const end = text.indexOf(first, at + 1);
      if (end === -1) throw new FaultError(start, `the text that begins here has no closing ${first}`);
      tokens.push({ at: start, kind: 'text', value: text.slice(at + 1, end) });
      at = end + 1;
    } else if (NAME_START.test(String.fromCodePoint(text.codePointAt(at) as number))) {
      tokens.push(nameAt(start));
    } else {
      const operator = match(OPERATOR)?.[0];
      const symbol = operator ?? String.fromCodePoint(text.codePointAt(at) as number);
      const meant = FOREIGN.get(symbol);
      if (meant !== undefined) throw new FaultError(start, `write '${meant}' for ${quote(symbol)}`);
      if (operator === undefined) throw new FaultError(start, `${quote(symbol)} has no meaning here`);
      tokens.push({ at: start, kind: 'operator', value: operator });
    }
  }
  tokens.push({ at: text.length, kind: 'end' });
  return tokens;

  function nameAt(start: number): Token {
    let name = '';
    let quoted = false;
    for (;;) {
      if (text[at] === '`') {
        const [, inner] = match(QUOTED) ?? [];
        if (inner === undefined) throw new FaultError(at, 'the name that begins here has no closing `');
        name += inner.replaceAll('``', '`');
        quoted = true;
        continue;
      }
      const part = match(NAME_PART)?.[0];
      if (part === undefined) break;
      name += part;
    }
    if (!quoted && WORDS.has(name)) return { at: start, kind: 'word', value: name };
    if (!quoted && WORDS.has(name.toLowerCase())) {
      throw new FaultError(start, `write '${name.toLowerCase()}' for ${quote(name)}`);
    }
    return { at: start, kind: 'name', value: name, quoted };
  }
}

function numberOf(digits: string, unit: string | undefined, at: number): number {
  if (unit !== undefined && UNITS[unit] === undefined) {
    const units = choices(Object.keys(UNITS), 'and');
    throw new FaultError(at + digits.length, `unknown unit ${quote(unit)}; use ${units}`);
  }
  if (isRounded(digits)) {
    throw new FaultError(at, `${quote(digits)} is too large for an exact comparison`);
  }
  const value = scaled(Number(digits), unit ?? 's');
  if (!Number.isFinite(value)) throw new FaultError(at, `the number ${quote(digits)} is too large`);
  return value;
}
