/** The run in short: its numbers, and how it ended. */

import type { ReportContent, Section } from './content.js';
import type { JobFigures } from './figures.js';
import { grouped, html, percent } from './html.js';
import { factList, span, tiles } from './parts.js';

export function summarySection(content: ReportContent, { groups, last, timeline }: JobFigures): Section {
  const failed = groups.reduce((sum, group) => sum + group.failed, 0);
  const all = last.length;
  const attempts = content.table.length;
  const numbers: [string, string][] = [
    ['jobs', grouped(all)],
    ['failed', all === 0 ? '0' : `${grouped(failed)} (${percent(failed / all)})`],
    ['from begin to end', span(content.until - content.begin)],
  ];
  if (attempts > all) numbers.push(['submissions', grouped(attempts)]);
  if (timeline !== null) {
    numbers.push(['time of all jobs', span(timeline.running.seconds)]);
    numbers.push(['ran at once, at most', grouped(timeline.running.peak)]);
  }
  return {
    id: 'summary',
    title: 'Summary',
    body: html`${tiles(numbers)}${factList(content.facts)}`,
  };
}
