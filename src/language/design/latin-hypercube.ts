/** Latin hypercubes: each of N equal parts of each dimension has one of N points. */

/** A random number from 0 up to 1. */
export type Uniform = () => number;

/** Squared distances that may be computed to choose a hypercube, times their dimensions. */
const BUDGET = 20_000_000;
/** Hypercubes from which one is chosen, at most. */
const MOST_CANDIDATES = 20;

function shuffled(count: number, uniform: Uniform): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const other = Math.floor(uniform() * (i + 1));
    [order[i], order[other]] = [order[other] as number, order[i] as number];
  }
  return order;
}

function randomHypercube(count: number, dimensions: number, uniform: Uniform): number[][] {
  const columns = Array.from({ length: dimensions }, () => shuffled(count, uniform));
  return Array.from({ length: count }, (_, i) =>
    columns.map((column) => ((column[i] as number) + uniform()) / count),
  );
}

/** The smallest squared distance between two points. */
function closest(points: readonly (readonly number[])[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (const [i, one] of points.entries()) {
    for (let j = 0; j < i; j++) {
      const other = points[j] as readonly number[];
      let distance = 0;
      for (let k = 0; k < one.length && distance < least; k++)
        distance += ((one[k] ?? 0) - (other[k] ?? 0)) ** 2;
      least = Math.min(least, distance);
    }
  }
  return least;
}

/**
 * A hypercube of `count` points: the one of several random ones whose closest points are farthest apart (maximin).
 * The more points there are, the fewer are compared; beyond some thousand points, it is the first one.
 */
export function latinHypercube(count: number, dimensions: number, uniform: Uniform): number[][] {
  const pairs = (count * (count - 1)) / 2;
  const affordable = Math.floor(BUDGET / Math.max(1, pairs * dimensions));
  let best = randomHypercube(count, dimensions, uniform);
  if (affordable < 2 || count < 3) return best;
  let farthest = closest(best);
  for (let i = 1; i < Math.min(MOST_CANDIDATES, affordable); i++) {
    const next = randomHypercube(count, dimensions, uniform);
    const distance = closest(next);
    if (distance > farthest) [best, farthest] = [next, distance];
  }
  return best;
}
