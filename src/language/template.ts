/**
 * Text with tags like `{{temperature}}` of Mustache (mustache(5)), without sections and partials. A tag's whole
 * name is looked up with its dots, and values are not escaped.
 */

import Mustache from 'mustache';
import type { Given } from '../model/written.js';
import { escapeControls, quote } from '../text/describe.js';
import { failed, ok, type Result } from '../text/result.js';

/** The value of a name; may throw. */
export type Lookup = (name: string) => Given;

type Token = readonly [kind: string, text: string, ...unknown[]];

class Names extends Mustache.Context {
  readonly #lookup: Lookup;

  constructor(lookup: Lookup) {
    super({});
    this.#lookup = lookup;
  }

  override lookup(name: string): Given {
    return this.#lookup(name);
  }
}

const writer = new Mustache.Writer();
const asItIs = { escape: String };

/** Whether the text has tags at all. */
export function isTemplate(text: string): boolean {
  return text.includes('{{');
}

function onlyNames(text: string, tag: string): string {
  return `${quote(text)}: {{${escapeControls(tag)}}} can't be used here; only names can stand in braces`;
}

/** The names in a text, or the mistake in it. */
export function namesIn(text: string): Result<string[]> {
  let tokens: readonly Token[];
  try {
    tokens = writer.parse(text) as Token[];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (/^Unclosed tag/.test(reason)) return failed(`${quote(text)}: a {{ is not closed by }}`);
    const section = /^(?:Unclosed|Unopened) section "(.*?)"/.exec(reason)?.[1];
    if (section !== undefined) return failed(onlyNames(text, `#${section}`));
    return failed(`${quote(text)} is not a valid template: ${reason}`);
  }
  const odd = tokens.find(([kind]) => !['text', 'name', '&', '=', '!'].includes(kind));
  if (odd !== undefined) {
    return failed(onlyNames(text, `${odd[0]}${odd[1]}`));
  }
  return ok(tokens.filter(([kind]) => kind === 'name' || kind === '&').map(([, name]) => name));
}

/** Whether a text has a tag for which `holds` is true; false for an invalid template. */
export function hasTag(text: string, holds: (name: string) => boolean): boolean {
  const names = isTemplate(text) ? namesIn(text) : null;
  return names?.ok === true && names.value.some(holds);
}

/** The text with every tag filled in; numbers keep their texts. */
export function fillText(text: string, lookup: Lookup): string {
  return isTemplate(text) ? writer.render(text, new Names(lookup), undefined, asItIs) : text;
}

/** The same, but a text that is a single tag becomes the value itself, which may be a number. */
export function fillValue(text: string, lookup: Lookup): Given {
  if (!isTemplate(text)) return text;
  const [token, ...more] = writer.parse(text) as Token[];
  const whole = more.length === 0 && (token?.[0] === 'name' || token?.[0] === '&');
  return whole ? lookup(token[1]) : fillText(text, lookup);
}
