/** A bar with a segment for each kind of job. */

import { formatCount } from '../format/numbers.js';
import type { Shares } from '../store/counts.js';

const KINDS = ['success', 'failed', 'canceled', 'running'] as const;

/** The numbers of a bar in words, for readers of the screen and as its title. */
export function sharesText(shares: Shares): string {
  const parts = (['success', 'failed', 'canceled', 'running', 'pending'] as const)
    .filter((kind) => shares[kind] > 0)
    .map((kind) => `${formatCount(shares[kind])} ${kind === 'success' ? 'succeeded' : kind}`);
  return `${formatCount(shares.done)} of ${formatCount(shares.total)} done${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`;
}

export function ShareBar({ shares, label }: { readonly shares: Shares; readonly label: string }) {
  const text = sharesText(shares);
  return (
    <div class="bar" role="img" aria-label={`${label}: ${text}`} title={text}>
      {KINDS.map((kind) =>
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
      {[...KINDS, 'pending' as const].map((kind) => (
        <span key={kind}>
          <i class={`swatch bar-${kind}`} aria-hidden="true" /> {kind === 'success' ? 'succeeded' : kind}
        </span>
      ))}
    </p>
  );
}
