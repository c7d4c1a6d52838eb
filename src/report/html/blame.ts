/** Common causes of failures and slowness. */

import type { Finding } from '../../store/blame/blame.js';
import { counted } from '../../text/counted.js';
import { endsOf, factsOf, wordsOf } from '../blame-words.js';
import type { ReportContent, Section } from './content.js';
import { html } from './html.js';

function findingOf(finding: Finding) {
  const { effect, also, query } = finding;
  const ends = finding.effect === 'failures' ? endsOf(finding) : null;
  const same = also === null ? null : `about the same jobs: those ${wordsOf(also)}`;
  const details = [ends, same].filter((text) => text !== null).map((text) => html`<br>${text}`);
  const where = query === null ? null : html`<br>where <code>${query.where}</code>`;
  return html`<li><strong>${effect}:</strong> ${factsOf(finding)}${details}${where}</li>
`;
}

export function blameSection({ blame: { findings, causes } }: ReportContent): Section {
  return {
    id: 'blame',
    title: 'Causes of failures and slowness',
    body:
      findings.length === 0
        ? html`<p>Nothing stands out among ${counted(causes, 'possible cause')}.</p>`
        : html`<ol>${findings.map(findingOf)}</ol>`,
  };
}
