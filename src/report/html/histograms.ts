/** Histograms of the times of each group's jobs. */

import { counted } from '../../text/counted.js';
import { chart, type Mark } from './charts.js';
import type { ReportContent, Section } from './content.js';
import type { GroupFigures, JobFigures, Times } from './figures.js';
import { grouped, type Html, html } from './html.js';
import { leftOut, span } from './parts.js';

/** Groups with histograms: those with the most jobs. */
const MOST = 30;
const MOST_COLUMNS = 48;
const LEAST_COLUMNS = 8;
/** The ratio of the largest to the smallest value from which the scale is logarithmic. */
const LOGARITHMIC = 100;

const MARKS = [
  ['P50', 0.5, 'solid'],
  ['P95', 0.95, 'dashed'],
  ['P99', 0.99, 'dotted'],
] as const;

interface Scale {
  readonly isLogarithmic: boolean;
  /** From 0 to 1. */
  place(value: number): number;
  value(place: number): number;
}

/** The scale of ascending values. */
function scaleOf(values: Float64Array): Scale {
  const max = values.at(-1) as number;
  // A few values near zero would stretch a logarithmic scale.
  const min = Math.max(values[Math.floor(values.length / 1000)] as number, max / 1e6);
  if (min > 0 && max / min >= LOGARITHMIC) {
    const ratio = Math.log(max / min);
    return {
      isLogarithmic: true,
      place: (value) => Math.max(0, Math.log(Math.max(value, min) / min) / ratio),
      value: (place) => min * Math.exp(place * ratio),
    };
  }
  const low = values[0] as number;
  const width = max - low || 1;
  return {
    isLogarithmic: false,
    place: (value) => (value - low) / width,
    value: (place) => low + place * width,
  };
}

function histogram(group: string, name: string, times: Times): Html {
  const { values } = times;
  if (values.length === 0) return html`<div><h4>${name}</h4><p>No value is known.</p></div>`;
  const scale = scaleOf(values);
  const columns = Math.min(MOST_COLUMNS, Math.max(LEAST_COLUMNS, Math.ceil(2 * Math.sqrt(values.length))));
  const counts = new Uint32Array(columns);
  for (const value of values) {
    (counts[Math.min(columns - 1, Math.floor(scale.place(value) * columns))] as number)++;
  }
  const top = Math.max(...counts);
  const marks = MARKS.map(([, q, style]): Mark => ({ at: scale.place(times.at(q)), style }));
  const legend = MARKS.map(([title, q, style]) => ({ title, style, text: span(times.at(q)) }));
  return html`<div><h4>${name}</h4>
${chart({
  label: `${name} of ${group}: ${legend.map(({ title, text }) => `${title} ${text}`).join(', ')}`,
  values: counts,
  top,
  topText: counted(top, 'job').replace(/^\d+/, grouped(top)),
  below: [scale.value(0), scale.value(0.5), scale.value(1)].map(span),
  marks,
  ...(name === 'Pending' ? { kind: 'second' as const } : {}),
})}<p class="legend">${legend.map(
    ({ title, style, text }) =>
      html`<span><svg viewBox="0 0 20 10" aria-hidden="true"><line class="${style}" x1="0" x2="20" y1="5" y2="5"/></svg>${title} ${text}</span> `,
  )}${scale.isLogarithmic ? html`<span>logarithmic scale</span>` : null}</p></div>
`;
}

const groupOf = ({ name, duration, pending }: GroupFigures) => html`<h3>${name}</h3>
<div class="pair">${histogram(name, 'Duration', duration)}${histogram(name, 'Pending', pending)}</div>
`;

export function histogramsSection(_content: ReportContent, { groups }: JobFigures): Section {
  const withJobs = groups.filter(({ attempts }) => attempts > 0);
  const shown = withJobs.slice(0, MOST);
  return {
    id: 'histograms',
    title: 'Histograms',
    body:
      shown.length === 0
        ? html`<p>No job was submitted.</p>`
        : html`${shown.map(groupOf)}${leftOut(shown.length, withJobs.length, 'groups')}`,
  };
}
