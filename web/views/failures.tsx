/** The reasons why jobs failed. */

import type { FailuresOfGroup } from '../api/types.js';
import { formatCount } from '../format/numbers.js';
import { counted } from '../format/text.js';
import { Section } from '../parts/section.js';

/** Reasons that are shown of a group. */
const MOST = 10;
const LINES = 3;

export function Failures({ failures }: { readonly failures: ReadonlyMap<string, FailuresOfGroup> }) {
  const failed = [...failures.values()].filter((each) => each.failed + each.canceled > 0);
  if (failed.length === 0) return null;
  return (
    <Section title="Why jobs failed">
      {failed.map(({ group, jobs, reasons, ...counts }) => (
        <div class="card" key={group}>
          <h3>
            {group}{' '}
            <small>
              {formatCount(counts.failed)} of {counted(jobs, 'job')} failed
              {counts.canceled > 0 ? `, ${formatCount(counts.canceled)} canceled from outside` : ''}
            </small>
          </h3>
          <ul class="reasons">
            {reasons.slice(0, MOST).map((reason) => (
              <li key={reason.reason}>
                <strong class="bad">{formatCount(reason.count)}</strong> {reason.reason}
                {reason.note === null || reason.note === '' ? '' : `: ${reason.note}`}
                {reason.lines.length === 0 ? null : <pre>{reason.lines.slice(0, LINES).join('\n')}</pre>}
              </li>
            ))}
          </ul>
        </div>
      ))}
    </Section>
  );
}
