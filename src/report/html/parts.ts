/** Parts of pages that several sections use. */

import { localTime } from '../../text/local-time.js';
import { show } from '../../text/show.js';
import type { Fact } from './content.js';
import { grouped, type Html, type HtmlValue, html } from './html.js';

export interface HtmlColumn {
  readonly title: string;
  readonly align?: 'right';
}

export const left = (title: string): HtmlColumn => ({ title });
export const right = (title: string): HtmlColumn => ({ title, align: 'right' });

/** A table with a caption. The first cell of a row is its heading. */
export function table(
  caption: string,
  columns: readonly HtmlColumn[],
  rows: readonly (readonly HtmlValue[])[],
): Html {
  const of = ({ align }: HtmlColumn) => (align === 'right' ? html` class="r"` : null);
  return html`<div class="wide" tabindex="0" role="region" aria-label="${caption}"><table>
<caption>${caption}</caption>
<thead><tr>${columns.map((column) => html`<th scope="col"${of(column)}>${column.title}</th>`)}</tr></thead>
<tbody>
${rows.map(
  (cells) => html`<tr>${columns.map((column, i) =>
    i === 0
      ? html`<th scope="row"${of(column)}>${cells[i] ?? null}</th>`
      : html`<td${of(column)}>${cells[i] ?? null}</td>`,
  )}</tr>
`,
)}</tbody>
</table></div>
`;
}

/** Names and values below each other. */
export function factList(facts: readonly Fact[]): Html {
  return html`<dl>${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
`;
}

/** Numbers to see first. */
export function tiles(all: readonly Fact[]): Html {
  return html`<ul class="tiles">${all.map(([name, value]) => html`<li><b>${value}</b> <span>${name}</span></li>`)}</ul>
`;
}

/** `2026-11-26 22:15:07`, in the local time zone. */
export function stamp(seconds: number): string {
  const { year, month, day, hours, minutes, seconds: second } = localTime(seconds);
  return `${year}-${month}-${day} ${hours}:${minutes}:${second}`;
}

/** Keeps a number and its unit in one line. */
const SPACE = '\u00a0';

/** Units with their seconds, each with the next smaller one. */
const UNITS = [
  ['d', 86_400, 'h', 3600],
  ['h', 3600, 'min', 60],
  ['min', 60, 's', 1],
] as const;

/** Seconds with about three digits: `0.0123 s`, `59.2 s`, `2 min 41 s`, `3 h`. */
export function span(seconds: number): string {
  if (Number.isNaN(seconds)) return '-';
  for (const [large, size, small, part] of UNITS) {
    const parts = Math.round(seconds / part);
    const whole = Math.floor((parts * part) / size);
    if (whole === 0 || seconds < 100) continue;
    const rest = parts - (whole * size) / part;
    const less = rest === 0 ? '' : ` ${rest}${SPACE}${small}`;
    return `${grouped(whole)}${SPACE}${large}${less}`;
  }
  return `${show(Number(seconds.toPrecision(3)))}${SPACE}s`;
}

/** Says how many more there are; null for none. */
export function leftOut(
  shown: number,
  all: number,
  noun: string,
  command: string | null = null,
): Html | null {
  if (shown >= all) return null;
  const more = command === null ? null : html`; <code>${command}</code> lists all of them`;
  return html`<p class="note">The first ${shown} of ${grouped(all)} ${noun} are shown${more}.</p>
`;
}

/** Text of limited length. */
export function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
