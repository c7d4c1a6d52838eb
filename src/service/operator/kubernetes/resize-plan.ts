/** Computes the next size of a MiniCluster. */

import { MAX_COUNT } from '../../../model/limits.js';
import type { SizeLimits } from '../backend.js';
import type { MiniCluster } from './minicluster.js';

export interface ResizePlan {
  readonly before: number;
  readonly asked: number;
  readonly after: number;
  readonly limits: SizeLimits;
  /** The field that limited the requested size. */
  readonly limit: string | null;
}

interface Bound {
  readonly size: number;
  readonly field: string;
}

/** The Flux operator leaves out a limit that is not set, or sets it to 0. */
function upperBound({ maxSize, maximumSize }: MiniCluster): Bound | null {
  const bounds = [
    { size: maxSize ?? 0, field: 'maxSize' },
    // The operator notes this limit when it first sees the MiniCluster, and undoes larger sizes.
    { size: maximumSize ?? 0, field: 'status.maximumSize' },
  ].filter(({ size }) => size > 0);
  return bounds.reduce<Bound | null>(
    (least, bound) => (least && least.size <= bound.size ? least : bound),
    null,
  );
}

function lowerBound({ minSize }: MiniCluster): Bound {
  return minSize !== null && minSize > 1
    ? { size: minSize, field: 'minSize' }
    : { size: 1, field: 'at least 1' };
}

/** The sizes that the MiniCluster can have. */
export function limitsOf(minicluster: MiniCluster): SizeLimits {
  return { min: lowerBound(minicluster).size, max: upperBound(minicluster)?.size ?? null };
}

/**
 * Clamps the requested size to the limits. A MiniCluster that is already outside of its limits is never moved in
 * the opposite direction: growing never removes nodes, and shrinking never adds any.
 */
export function planResize(minicluster: MiniCluster, delta: number): ResizePlan {
  const before = minicluster.size;
  const asked = before + delta;
  const bound =
    delta > 0 ? (upperBound(minicluster) ?? { size: MAX_COUNT, field: 'int32' }) : lowerBound(minicluster);
  const within = delta > 0 ? Math.min(asked, bound.size) : Math.max(asked, bound.size);
  const after = delta > 0 ? Math.max(before, within) : Math.min(before, within);
  return { before, asked, after, limits: limitsOf(minicluster), limit: after === asked ? null : bound.field };
}
