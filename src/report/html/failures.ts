/** Why jobs failed. */

import { formatJobId } from '../../model/job-id.js';
import type { ReportContent, Section } from './content.js';
import { grouped, html } from './html.js';
import { cut, left, leftOut, right, table } from './parts.js';

const MOST = 50;
/** Characters of a reason. */
const MAX_REASON = 400;

export function failuresSection({ failures }: ReportContent): Section {
  const columns = [left('reason'), left('group'), right('jobs'), left('for example')];
  const rows = failures
    .slice(0, MOST)
    .map(({ reason, group, count, jobs, line }) => [
      line === null
        ? cut(reason, MAX_REASON)
        : html`${cut(reason, MAX_REASON)}<br><code>${cut(line, MAX_REASON)}</code>`,
      group,
      grouped(count),
      jobs.map((job) => formatJobId(job)).join(' '),
    ]);
  return {
    id: 'failures',
    title: 'Reasons of failures',
    body:
      rows.length === 0
        ? html`<p>No job failed.</p>`
        : html`${table('Failed jobs by reason, the most frequent first', columns, rows)}${leftOut(rows.length, failures.length, 'reasons')}`,
  };
}
