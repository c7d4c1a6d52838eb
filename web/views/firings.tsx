/** The latest firings. */

import { useState } from 'preact/hooks';
import type { FiringResource } from '../api/types.js';
import { formatCount, formatNumber } from '../format/numbers.js';
import { formatTime } from '../format/times.js';
import { MoreButton, Section } from '../parts/section.js';

const STEP = 20;

interface FiringsProps {
  /** Oldest first. */
  readonly firings: readonly FiringResource[];
  readonly total: number;
}

export function Firings({ firings, total }: FiringsProps) {
  const [shown, setShown] = useState(STEP);
  if (firings.length === 0) return null;
  const latest = [...firings].reverse();
  return (
    <Section title="Firings" note={formatCount(Math.max(total, firings.length))}>
      <table class="plain">
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Rule</th>
            <th scope="col">Action</th>
            <th scope="col" class="wide-only">
              Cause
            </th>
          </tr>
        </thead>
        <tbody>
          {latest.slice(0, shown).map((firing) => (
            <tr key={`${firing.rule} ${firing.number}`}>
              <td class="time">{formatTime(firing.time)}</td>
              <td>
                {firing.askedBy === null ? firing.name || firing.rule : `requested by ${firing.askedBy}`}
              </td>
              <td>
                {firing.action} {firing.label}
              </td>
              <td class="wide-only">
                {firing.trigger}
                {firing.value === null ? '' : ` ${formatNumber(firing.value)}`}
                {firing.job === null ? '' : ` ${firing.job}`}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <MoreButton shown={shown} all={latest.length} more={() => setShown(shown + STEP)} />
    </Section>
  );
}
