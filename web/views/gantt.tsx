/** The jobs that started last, as bars over time. Arrow keys move between them, and Enter opens one. */

import { useMemo, useRef, useState } from 'preact/hooks';
import type { TimelineResource } from '../api/types.js';
import { formatCount } from '../format/numbers.js';
import { formatSeconds, formatTime } from '../format/times.js';
import { memo } from '../parts/memo.js';
import { Section } from '../parts/section.js';
import { type BarKind, type GanttRow, ganttOf, type Piece } from '../store/gantt.js';

const WORDS: Readonly<Record<BarKind, string>> = {
  running: 'running',
  success: 'completed',
  failed: 'failed',
  canceled: 'canceled',
  unknown: 'unknown',
};
const STEPS: Readonly<Record<string, number>> = {
  ArrowDown: 1,
  ArrowUp: -1,
  PageDown: 10,
  PageUp: -10,
  Home: Number.NEGATIVE_INFINITY,
  End: Number.POSITIVE_INFINITY,
};

interface GanttProps {
  readonly jobs: TimelineResource['latest'];
  /** Seconds since the epoch. */
  readonly until: number;
  /** All jobs that match. */
  readonly matching: number;
  readonly open: (job: string) => void;
}

export const Gantt = memo(({ jobs, until, matching, open }: GanttProps) => {
  const [chosen, choose] = useState<string | null>(null);
  const list = useRef<HTMLUListElement>(null);
  const gantt = useMemo(() => ganttOf(jobs, until), [jobs, until]);
  if (gantt === null) return null;
  const { begin, end, rows } = gantt;
  // One of the bars is in the order of Tab.
  const current = Math.max(
    0,
    rows.findIndex(({ id }) => id === chosen),
  );
  const move = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = Math.min(rows.length - 1, Math.max(0, current + step));
    choose(rows[next]?.id ?? null);
    list.current?.querySelectorAll('button')[next]?.focus();
  };
  const kinds = [...new Set(rows.map(({ kind }) => kind))];
  const note = matching > rows.length ? `${formatCount(rows.length)} of ${formatCount(matching)}` : null;
  return (
    <Section title="Latest jobs" note={note}>
      <figure class="card">
        <figcaption class="legend">
          <span>
            <i class="swatch bar-waiting" aria-hidden="true" /> pending
          </span>
          {kinds.map((kind) => (
            <span key={kind}>
              <i class={`swatch bar-${kind}`} aria-hidden="true" /> {WORDS[kind]}
            </span>
          ))}
        </figcaption>
        <p class="ticks" aria-hidden="true">
          <span>{formatTime(begin)}</span>
          <span>+{formatSeconds((end - begin) / 2)}</span>
          <span>{formatTime(end)}</span>
        </p>
        <ul class="gantt" ref={list} onKeyDown={move} aria-label="Latest jobs, the last start first">
          {rows.map((row, index) => (
            <Row key={row.id} row={row} isCurrent={index === current} open={open} choose={choose} />
          ))}
        </ul>
      </figure>
    </Section>
  );
});

interface RowProps {
  readonly row: GanttRow;
  readonly isCurrent: boolean;
  readonly open: (job: string) => void;
  readonly choose: (job: string) => void;
}

const Row = memo(
  ({ row: { id, group, text, kind, pending, running }, isCurrent, open, choose }: RowProps) => (
    <li>
      <button
        type="button"
        tabIndex={isCurrent ? 0 : -1}
        aria-label={text}
        title={text}
        onFocus={() => choose(id)}
        onClick={() => open(id)}
      >
        <span class="name">{group}</span>
        <span class="lane">
          {pending === null ? null : <span class="bar-waiting" style={placeOf(pending)} />}
          {running === null ? null : <span class={`bar-${kind}`} style={placeOf(running)} />}
        </span>
      </button>
    </li>
  ),
);

function placeOf({ left, width }: Piece) {
  return { left: `${left}%`, width: `${width}%` };
}
