/** Jobs by their results. */

import { FAILED, RESULTS } from '../../store/jobs/results.js';
import { bar } from './charts.js';
import type { ReportContent, Section } from './content.js';
import type { JobFigures } from './figures.js';
import { grouped, html, percent } from './html.js';
import { left, right, table } from './parts.js';

const kindOf = (result: (typeof RESULTS)[number]) => {
  if (result === 'completed') return 'good';
  return FAILED.includes(result) ? 'bad' : 'other';
};

export function outcomesSection(_content: ReportContent, { results, last }: JobFigures): Section {
  const columns = [left('result'), right('jobs'), right('share'), left('')];
  const rows = RESULTS.flatMap((result, i) => {
    const count = results[i] as number;
    const share = count / last.length;
    return count === 0 ? [] : [[result, grouped(count), percent(share), bar(share, kindOf(result))]];
  });
  return {
    id: 'outcomes',
    title: 'Outcomes',
    body:
      rows.length === 0
        ? html`<p>The run has no jobs.</p>`
        : html`${table('Jobs by result; a job that was submitted again counts once', columns, rows)}`,
  };
}
