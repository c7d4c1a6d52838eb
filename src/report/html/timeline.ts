/** Running and pending jobs over time. */

import type { Occupation } from '../../store/jobs/occupation.js';
import { chart } from './charts.js';
import type { ReportContent, Section } from './content.js';
import type { JobFigures, Timeline } from './figures.js';
import { grouped, type Html, html, percent } from './html.js';
import { span, stamp } from './parts.js';

/** The share of the jobs that ran at once at most, and the sums of the times. */
function utilisation({ running, pending, begin, end }: Timeline): Html {
  const mean = running.seconds / (end - begin);
  const share = running.peak === 0 ? 0 : mean / running.peak;
  return html`<p>On average ${mean.toPrecision(3)} jobs ran: <strong>${percent(share)}</strong> of the ${grouped(running.peak)} that ran at once at most. All jobs together ran for ${span(running.seconds)} and waited for ${span(pending.seconds)}.</p>
`;
}

function chartOf(name: string, { means, peak }: Occupation, { begin, end }: Timeline, second: boolean): Html {
  const top = Math.max(1, ...means);
  return html`<h3>${name}</h3>
${chart({
  label: `${name} over time: at most ${grouped(peak)}, from ${stamp(begin)} to ${stamp(end)}`,
  values: means,
  top,
  topText: `${grouped(Number(top.toPrecision(3)))} (at most ${grouped(peak)} at one moment)`,
  below: [stamp(begin), `+${span((end - begin) / 2)}`, `${stamp(end)} (+${span(end - begin)})`],
  ...(second ? { kind: 'second' as const } : {}),
})}`;
}

export function timelineSection(_content: ReportContent, { timeline }: JobFigures): Section {
  return {
    id: 'timeline',
    title: 'Timeline and utilisation',
    body:
      timeline === null
        ? html`<p>No job was submitted.</p>`
        : html`${utilisation(timeline)}${chartOf('Running jobs', timeline.running, timeline, false)}${chartOf('Pending jobs', timeline.pending, timeline, true)}`,
  };
}
