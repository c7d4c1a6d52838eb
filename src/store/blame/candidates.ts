/** The sets of jobs in a family, each one a candidate for a cause. */

import type { Family } from './causes.js';

/** Levels from `first` to `last`. */
export interface Candidate {
  readonly family: Family;
  /** Index of the family. */
  readonly rank: number;
  readonly first: number;
  readonly last: number;
  /** Logarithm of its probability by chance. */
  readonly score: number;
}

/** Candidates of a family, and how many were tested for them. */
export interface Found {
  readonly found: readonly Candidate[];
  readonly tested: number;
}

/** Yields the first and the last level of each set. */
export function* setsOf({ sets, count }: Family): Generator<readonly [first: number, last: number]> {
  if (sets === 'levels') {
    for (let level = 0; level < count; level++) yield [level, level];
  } else if (sets === 'ends') {
    for (let level = 1; level < count; level++) {
      yield [0, level - 1];
      yield [level, count - 1];
    }
  } else {
    for (let first = 1; first < count - 1; first++) {
      for (let last = first; last < count - 1; last++) yield [first, last];
    }
  }
}

/** Whether a job belongs to the set. */
export function has({ family: { levels, more }, first, last }: Candidate, job: number): boolean {
  const isIn = (level: number) => level >= first && level <= last;
  return isIn(levels[job] as number) || (more?.(job).some(isIn) ?? false);
}

/** A near tie: the logarithm of the ratio of two probabilities, or the share of the better logarithm. */
const NEAR = 2;
const NEAR_SHARE = 0.02;
/** The share of the jobs of two sets that belong to both, for two names of one cause. */
const MIN_SHARED = 0.8;

/** A cause, and the best one of another family that explains the same jobs about as well; null without one. */
export interface Best {
  readonly best: Candidate;
  readonly also: Candidate | null;
}

/**
 * The best candidate that `accepts` accepts; null without one. Among nearly equal candidates with about the same
 * jobs, the one of the first family is the best.
 */
export function bestOf(
  candidates: readonly Candidate[],
  left: Uint8Array,
  accepts: (candidate: Candidate) => boolean,
): Best | null {
  const sorted = [...candidates].sort((a, b) => a.score - b.score);
  const top = sorted.find(accepts);
  if (top === undefined) return null;
  const limit = top.score + Math.max(NEAR, -top.score * NEAR_SHARE);
  const columnOf = ({ family, first, last }: Candidate) => {
    const { column } = family.cause(first, last);
    // Two names of the time of a job.
    return column === 'finish' ? 'start' : column;
  };
  const columns = new Map([[columnOf(top), top]]);
  for (const each of sorted) {
    if (each.score > limit) break;
    const column = columnOf(each);
    if (each.rank >= (columns.get(column)?.rank ?? Number.POSITIVE_INFINITY)) continue;
    if (shared(top, each, left) >= MIN_SHARED && accepts(each)) columns.set(column, each);
  }
  const [best = top, ...others] = [...columns.values()].sort((a, b) => a.rank - b.rank);
  // A row of a sweep is an entry, so an entry adds nothing to the parameters.
  const also = others.find((each) => columnOf(each) !== 'entry') ?? null;
  return { best, also };
}

/** The share of the jobs of two sets that belong to both. */
function shared(one: Candidate, other: Candidate, left: Uint8Array): number {
  let both = 0;
  let any = 0;
  left.forEach((isLeft, i) => {
    if (isLeft === 0) return;
    const [first, second] = [has(one, i), has(other, i)];
    if (first && second) both++;
    if (first || second) any++;
  });
  return both / any;
}
