/**
 * Charts in SVG. A chart fills its width, and its labels are text of the page, so they stay readable on a phone. Shapes
 * and line styles tell series apart, not colours alone.
 */

import { type Html, html } from './html.js';

/** Size of the drawings in their own units. */
const WIDTH = 1000;
const HEIGHT = 100;

const round = (value: number) => Number(value.toFixed(2));

export interface Mark {
  /** From 0 to 1, from the left. */
  readonly at: number;
  readonly style: 'solid' | 'dashed' | 'dotted';
}

export interface Chart {
  /** Describes the chart to screen readers. */
  readonly label: string;
  /** Heights from 0 to `top`, of columns of equal width. */
  readonly values: ArrayLike<number>;
  readonly top: number;
  /** Text of the top, and texts below: at the left, in the middle, at the right. */
  readonly topText: string;
  readonly below: readonly string[];
  readonly marks?: readonly Mark[];
  /** `low` for a strip. */
  readonly height?: 'low';
  /** Another pattern and colour. */
  readonly kind?: 'second';
}

/** A chart of columns, drawn as one shape. */
export function chart({ label, values, top, topText, below, marks = [], height, kind }: Chart): Html {
  const classes = ['plot', ...(height === undefined ? [] : [height]), ...(kind === undefined ? [] : [kind])];
  return html`<div class="chart" role="img" aria-label="${label}">
<span class="top">${topText}</span>
<svg class="${classes.join(' ')}" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true"><path d="${columnsPath(values, top)}"/>${marks.map(
    ({ at, style }) =>
      html`<line class="${style}" x1="${round(at * WIDTH)}" x2="${round(at * WIDTH)}" y1="0" y2="${HEIGHT}"/>`,
  )}</svg>
<span class="below">${below.map((text) => html`<span>${text}</span>`)}</span>
</div>
`;
}

/** The outline of columns. A column of the same height as the one before is not drawn again. */
function columnsPath(values: ArrayLike<number>, top: number): string {
  const width = WIDTH / values.length;
  const parts = [`M0 ${HEIGHT}`];
  let before = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value !== before) {
      // A small number stays visible beside large ones.
      const share = value > 0 ? Math.max(0.012, value / top) : 0;
      parts.push(`H${round(i * width)}V${round(HEIGHT * (1 - share))}`);
    }
    before = value;
  }
  return `${parts.join('')}H${WIDTH}V${HEIGHT}Z`;
}

/** A share as a bar. */
export function bar(share: number, kind: string): Html {
  const width = share > 0 ? Math.max(0.5, share * 100) : 0;
  return html`<svg class="bar ${kind}" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="all" width="100" height="10"/><rect class="part" width="${round(width)}" height="10"/></svg>`;
}
