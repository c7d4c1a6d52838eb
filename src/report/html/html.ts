/** Texts of HTML. Values in a template are escaped, and control characters in them are shown as text. */

import { raw, html as template } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';
import { escapeControls } from '../../text/describe.js';

export type Html = HtmlEscapedString;

/** A value in a template; null is empty. */
export type HtmlValue = Html | string | number | null | readonly HtmlValue[];

function isList(value: HtmlValue): value is readonly HtmlValue[] {
  return Array.isArray(value);
}

/** Noncharacters and halves of characters, which HTML does not allow. */
const NOT_TEXT = /[\p{Noncharacter_Code_Point}\p{Surrogate}]/gu;

function visible(text: string): string {
  return escapeControls(text).replace(NOT_TEXT, (part) => `\\u{${part.codePointAt(0)?.toString(16)}}`);
}

function shown(value: HtmlValue): unknown {
  if (isList(value)) return value.map(shown);
  return typeof value === 'string' ? visible(value) : value;
}

/** Tag of templates. A value stands in the text of an element, or in quotes in an attribute. */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  // Without promises among its values, the result is a text.
  return template(parts, ...values.map(shown)) as Html;
}

const BREAKS: Readonly<Record<string, Html>> = { '\n': raw('\n'), '\t': raw('\t') };

/** Text with its line breaks and tabs, for an element `pre`. */
export function lines(text: string): Html {
  return html`${text.split(/([\n\t])/).map((part) => BREAKS[part] ?? part)}`;
}

/** A number with separators of thousands. */
export function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

/** A share as a percentage. */
export function percent(share: number): string {
  if (!Number.isFinite(share)) return '-';
  return `${share > 0 && share < 0.0995 ? (100 * share).toPrecision(2) : (100 * share).toFixed(share === 1 ? 0 : 1)} %`;
}
