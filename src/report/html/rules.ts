/** The rules, and when they fired. */

import { countedTimes } from '../../text/counted.js';
import { chart } from './charts.js';
import type { ReportContent, ReportRule, Section } from './content.js';
import { type Html, html } from './html.js';
import { leftOut, stamp } from './parts.js';

/** Rules that are shown, and times of firings of one. */
const MOST = 100;
const MOST_TIMES = 5;
const COLUMNS = 120;

function firingsChart(name: string, times: readonly number[], begin: number, end: number): Html {
  const counts = new Uint32Array(COLUMNS);
  const width = (end - begin) / COLUMNS || 1;
  for (const time of times) {
    const column = Math.floor((time - begin) / width);
    (counts[Math.max(0, Math.min(COLUMNS - 1, column))] as number)++;
  }
  const top = Math.max(...counts);
  return chart({
    label: `Firings of ${name} over time`,
    values: counts,
    top,
    topText: `at most ${top} in one column`,
    below: [stamp(begin), stamp(end)],
    height: 'low',
  });
}

/** How often the rule fired, and why not more often, as one sentence. */
function standingOf({ firings, phase, why }: ReportRule): string {
  const now = phase === null ? '' : ` (now: ${phase})`;
  const fired = firings === 0 ? 'never fired' : `fired ${countedTimes(firings)}`;
  // The reason may begin with the same words.
  const reason = why.startsWith(fired) ? why.slice(fired.length) : why === '' ? '' : `: ${why}`;
  return `It ${fired}${now}${reason}.`;
}

function ruleOf(rule: ReportRule, begin: number, end: number): Html {
  const { name, due, action, times } = rule;
  const shown = times.slice(0, MOST_TIMES).map(stamp).join(', ');
  const more = times.length > MOST_TIMES ? `, … ${stamp(times.at(-1) as number)}` : '';
  return html`<li><h3>${[name, action].filter((text) => text !== '').join(': ')}</h3>
<p>${due === name ? null : html`${due}. `}${standingOf(rule)}</p>
${times.length === 0 ? null : html`${firingsChart(name, times, begin, end)}<p class="note">at ${shown}${more}</p>`}</li>
`;
}

export function rulesSection({ rules, begin, until }: ReportContent): Section {
  const all = rules ?? [];
  const none = rules === null ? 'The rules are unknown.' : 'The ensemble has no rules.';
  const end = Math.max(until, ...all.map(({ times }) => times.at(-1) ?? begin));
  return {
    id: 'rules',
    title: 'Rules and their firings',
    body:
      all.length === 0
        ? html`<p>${none}</p>`
        : html`<ol class="rules" start="0">${all.slice(0, MOST).map((rule) => ruleOf(rule, begin, end))}</ol>${leftOut(Math.min(MOST, all.length), all.length, 'rules')}`,
  };
}
