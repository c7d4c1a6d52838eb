/** A bar with a segment for each kind of job. */

import type { Shares } from '../../src/api/client/counts.js';
import { formatCount } from '../format/numbers.js';

const SEGMENTS = ['success', 'failed', 'canceled', 'running'] as const;
/** Jobs that have not started are the rest of a bar. */
const KINDS = [...SEGMENTS, 'pending', 'queued'] as const;

const wordOf = (kind: (typeof KINDS)[number]) => (kind === 'success' ? 'succeeded' : kind);

/** The numbers of a bar in words, for readers of the screen and as its title. */
export function sharesText(shares: Shares): string {
  const parts = KINDS.filter((kind) => shares[kind] > 0).map(
    (kind) => `${formatCount(shares[kind])} ${wordOf(kind)}`,
  );
  return `${formatCount(shares.done)} of ${formatCount(shares.total)} done${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`;
}

export function ShareBar({ shares, label }: { readonly shares: Shares; readonly label: string }) {
  const text = sharesText(shares);
  return (
    <div class="bar" role="img" aria-label={`${label}: ${text}`} title={text}>
      {SEGMENTS.map((kind) =>
        shares[kind] === 0 ? null : (
          <span
            key={kind}
            class={`bar-${kind}`}
            style={{ width: `${(100 * shares[kind]) / Math.max(1, shares.total)}%` }}
          />
        ),
      )}
    </div>
  );
}

/** The meaning of the colors. */
export function BarLegend() {
  return (
    <p class="legend">
      {[...SEGMENTS, 'pending' as const].map((kind) => (
        <span key={kind}>
          <i class={`swatch bar-${kind}`} aria-hidden="true" /> {wordOf(kind)}
        </span>
      ))}
    </p>
  );
}
