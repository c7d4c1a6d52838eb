/** The latest problems of the run. */

import type { ProblemResource } from '../api/types.js';
import { formatTime } from '../format/times.js';
import { Section } from '../parts/section.js';

const MOST = 20;

export function Problems({ problems }: { readonly problems: readonly ProblemResource[] }) {
  if (problems.length === 0) return null;
  const latest = [...problems].reverse().slice(0, MOST);
  return (
    <Section title="Problems" note={problems.length > MOST ? `the latest ${MOST}` : null}>
      <ul class="problems">
        {latest.map(({ time, code, message }) => (
          <li key={`${time} ${message}`}>
            <time>{formatTime(time)}</time> <code>{code}</code> {message}
          </li>
        ))}
      </ul>
    </Section>
  );
}
