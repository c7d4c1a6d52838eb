/** Statistics of each group. */

import type { ReportContent, Section } from './content.js';
import type { GroupFigures, JobFigures, Times } from './figures.js';
import { grouped, html } from './html.js';
import { left, leftOut, right, span, table } from './parts.js';

const MOST = 200;

const STATISTICS: readonly (readonly [title: string, value: (times: Times) => number])[] = [
  ['mean', ({ mean }) => mean],
  ['min', (times) => times.at(0)],
  ['P50', (times) => times.at(0.5)],
  ['P95', (times) => times.at(0.95)],
  ['P99', (times) => times.at(0.99)],
  ['max', (times) => times.at(1)],
];

function tableOf(caption: string, groups: readonly GroupFigures[], times: (group: GroupFigures) => Times) {
  const columns = [left('group'), right('known'), ...STATISTICS.map(([title]) => right(title))];
  const rows = groups.map((group) => {
    const of = times(group);
    return [group.name, grouped(of.values.length), ...STATISTICS.map(([, value]) => span(value(of)))];
  });
  return table(caption, columns, rows);
}

/** Nothing without such values. */
function measuredTable(groups: readonly GroupFigures[]) {
  const rows = groups.flatMap(({ name, measured }) =>
    measured.map(({ name: variable, values }) => [
      `${name}-${variable}`,
      grouped(values.values.length),
      ...STATISTICS.map(([, value]) => rounded(value(values))),
    ]),
  );
  if (rows.length === 0) return html``;
  const columns = [left('variable'), right('jobs'), ...STATISTICS.map(([title]) => right(title))];
  return html`${table('Measured values: the last one of each job', columns, rows.slice(0, MOST))}${leftOut(
    Math.min(rows.length, MOST),
    rows.length,
    'variables',
  )}`;
}

/** At most four digits. */
const rounded = (value: number) => (Number.isNaN(value) ? '' : String(Number(value.toPrecision(4))));

export function groupsSection(_content: ReportContent, { groups }: JobFigures): Section {
  const shown = groups.slice(0, MOST);
  const counts = table(
    'Jobs of each group',
    [left('group'), right('jobs'), right('failed'), right('submissions')],
    shown.map(({ name, jobs, failed, attempts }) => [
      name,
      grouped(jobs),
      grouped(failed),
      grouped(attempts),
    ]),
  );
  return {
    id: 'groups',
    title: 'Statistics of each group',
    body:
      shown.length === 0
        ? html`<p>The run has no jobs.</p>`
        : html`${counts}${tableOf('Duration: from start to finish', shown, ({ duration }) => duration)}${tableOf(
            'Pending: from submit to start',
            shown,
            ({ pending }) => pending,
          )}${measuredTable(shown)}${leftOut(shown.length, groups.length, 'groups')}`,
  };
}
