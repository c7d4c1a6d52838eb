/** Designs: points that fill the unit cube more evenly than random ones. */

import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { mersenne } from 'pure-rand/generator/mersenne';
import type { Design } from '../../model/ensemble.js';
import { digitsOf, halton, primes } from './halton.js';
import { latinHypercube } from './latin-hypercube.js';
import { SobolSequence, scrambled } from './sobol.js';

type Generator32 = ReturnType<typeof mersenne>;
/** The coordinates of one point, each above 0 and below 1. */
export type Point = readonly number[];
/** The points of a table by their indexes, counted from 0. */
export type PointAt = (index: number) => Point;
/** Returns the table of the next `count` points. */
type Next = (count: number) => PointAt;

const UINT32 = 2 ** 32;

function sobolPoints(dimensions: number, generator: Generator32): Next {
  const sequence = new SobolSequence(dimensions);
  const seeds = Array.from({ length: dimensions }, () =>
    Uint32Array.from({ length: 32 }, () => uniformInt(generator, 0, UINT32 - 1)),
  );
  return tablesOf((index) =>
    // The middle of its 2⁻³²th part.
    Array.from(sequence.at(index), (x, i) => (scrambled(x, seeds[i] as Uint32Array) + 0.5) / UINT32),
  );
}

function haltonPoints(dimensions: number, generator: Generator32): Next {
  const bases = primes(dimensions).map((base) => {
    const maps = Array.from({ length: digitsOf(base) }, () => ({
      factor: uniformInt(generator, 1, base - 1),
      shift: uniformInt(generator, 0, base - 1),
    }));
    return { base, maps };
  });
  return tablesOf((index) => bases.map(({ base, maps }) => inside(halton(index, base, maps))));
}

/** Cuts a sequence, whose points are made as they are asked for, into tables. */
function tablesOf(pointAt: PointAt): Next {
  let before = 0;
  return (count) => {
    const first = before;
    before += count;
    return (index) => pointAt(first + index);
  };
}

function hypercubePoints(dimensions: number, generator: Generator32): Next {
  const uniform = () => uniformFloat64(generator);
  return (count) => {
    const points = latinHypercube(count, dimensions, uniform);
    return (index) => (points[index] ?? []).map(inside);
  };
}

const inside = (coordinate: number) => Math.min(Math.max(coordinate, Number.EPSILON / 2), 1 - Number.EPSILON);

/** Each evenly spread design. A new one is a line here. */
const DESIGNS: Readonly<
  Record<Exclude<Design, 'random'>, (dimensions: number, generator: Generator32) => Next>
> = { lhs: hypercubePoints, halton: haltonPoints, sobol: sobolPoints };

/**
 * The points of a design, as an endless sequence of tables of `count` points. A sequence goes on from table to table, and
 * a hypercube is a new one in each.
 */
export function* pointsOf(
  design: Exclude<Design, 'random'>,
  { dimensions, count, seed }: { readonly dimensions: number; readonly count: number; readonly seed: number },
): Generator<PointAt, never, void> {
  const next = DESIGNS[design](dimensions, mersenne(seed));
  for (;;) yield next(count);
}
