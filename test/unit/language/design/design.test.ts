/** Designs against the vectors of SciPy, and against what they promise for any seed. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type PointAt, pointsOf } from '../../../../src/language/design/design.js';
import { halton, primes } from '../../../../src/language/design/halton.js';
import { latinHypercube } from '../../../../src/language/design/latin-hypercube.js';
import { normalQuantile } from '../../../../src/language/design/normal-quantile.js';
import { MAX_SOBOL_DIMENSIONS, SobolSequence, scrambled } from '../../../../src/language/design/sobol.js';
import { root } from '../../../support/cli.js';

interface Vectors {
  readonly dimensions: readonly number[];
  readonly sobol: readonly (readonly number[])[];
  readonly halton: readonly (readonly number[])[];
  readonly normal: readonly (readonly [number, number])[];
}
const scipy = JSON.parse(readFileSync(join(root, 'test/fixtures/designs/scipy.json'), 'utf8')) as Vectors;

const first = (design: 'lhs' | 'halton' | 'sobol', dimensions: number, count: number, seed: number) =>
  pointsIn(pointsOf(design, { dimensions, count, seed }).next().value, count);
const pointsIn = (pointAt: PointAt, count: number) => Array.from({ length: count }, (_, i) => pointAt(i));

/** Points in each of `parts` equal parts of a dimension. */
function countsIn(points: readonly (readonly number[])[], dimension: number, parts: number): number[] {
  const counts = Array<number>(parts).fill(0);
  for (const point of points) {
    const part = Math.floor((point[dimension] ?? 0) * parts);
    counts[part] = (counts[part] ?? 0) + 1;
  }
  return counts;
}

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });

describe('a Sobol sequence', () => {
  test('has the points of SciPy, up to its last dimension', () => {
    const sequence = new SobolSequence(MAX_SOBOL_DIMENSIONS);
    for (const [index, expected] of scipy.sobol.entries()) {
      const point = sequence.at(index);
      expect(scipy.dimensions.map((dimension) => point[dimension])).toEqual(expected);
    }
  });

  test('has one of 2^k points in each part of each dimension, and of each pair of the first two, when scrambled', () => {
    fc.assert(
      fc.property(
        seeds,
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 2, max: 12 }),
        (seed, k, dimensions) => {
          const points = first('sobol', dimensions, 2 ** k, seed);
          for (let dimension = 0; dimension < dimensions; dimension++) {
            expect(new Set(countsIn(points, dimension, 2 ** k))).toEqual(new Set([1]));
          }
          for (let a = 0; a <= k; a++) {
            const cells = points.map(
              ([x = 0, y = 0]) => `${Math.floor(x * 2 ** a)} ${Math.floor(y * 2 ** (k - a))}`,
            );
            expect(new Set(cells).size).toBe(2 ** k);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  test('keeps the distance of two coordinates when it is scrambled: the first bit in which they differ', () => {
    const bits = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    const all = fc.array(bits, { minLength: 32, maxLength: 32 }).map((numbers) => Uint32Array.from(numbers));
    fc.assert(
      fc.property(bits, bits, all, (one, other, ofBits) => {
        const before = Math.clz32(one ^ other);
        expect(Math.clz32(scrambled(one, ofBits) ^ scrambled(other, ofBits))).toBe(before);
      }),
    );
  });
});

describe('a Halton sequence', () => {
  test('has the points of SciPy', () => {
    const bases = primes(1000);
    for (const [index, expected] of scipy.halton.entries()) {
      for (const [i, dimension] of scipy.dimensions.entries()) {
        expect(halton(index, bases[dimension] ?? 2)).toBeCloseTo(expected[i] ?? -1, 14);
      }
    }
  });

  test('has as many points in each part of a dimension when it is scrambled', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const points = first('halton', 3, 2 * 3 * 5 * 6, seed);
        for (const [dimension, parts] of [
          [0, 4],
          [1, 9],
          [2, 5],
        ] as const) {
          expect(new Set(countsIn(points, dimension, parts))).toEqual(new Set([180 / parts]));
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('a Latin hypercube', () => {
  test('has one point in each part of each dimension', () => {
    fc.assert(
      fc.property(
        seeds,
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 6 }),
        (seed, count, dimensions) => {
          const points = first('lhs', dimensions, count, seed);
          for (let dimension = 0; dimension < dimensions; dimension++) {
            expect(new Set(countsIn(points, dimension, count))).toEqual(new Set([1]));
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  test('is the one of several whose closest points are farthest apart', () => {
    // Constant numbers give the hypercube on the diagonal, and later ones a better one.
    let calls = 0;
    const uniform = () => (calls++ < 24 ? 0.999 : (calls * 0.618034) % 1);
    const points = latinHypercube(8, 2, uniform);
    expect(points.some(([x = 0, y = 0]) => Math.abs(x - y) > 0.2)).toBe(true);
  });
});

test('a table goes on where the last one ended, and the same seed gives the same points', () => {
  for (const design of ['halton', 'sobol'] as const) {
    const tables = pointsOf(design, { dimensions: 3, count: 4, seed: 7 });
    const pieces = [pointsIn(tables.next().value, 4), pointsIn(tables.next().value, 4)].flat();
    expect(pieces).toEqual(first(design, 3, 8, 7));
    expect(pieces).not.toEqual(first(design, 3, 8, 8));
  }
  expect(first('lhs', 3, 8, 7)).toEqual(first('lhs', 3, 8, 7));
});

test('the mean of a smooth function has a smaller error than that of random points', () => {
  const f = (point: readonly number[]) => point.reduce((product, x) => product * (1 + (x - 0.5)), 1);
  const errors = (['lhs', 'halton', 'sobol'] as const).map((design) => {
    const points = first(design, 5, 1024, 1);
    return Math.abs(points.reduce((sum, point) => sum + f(point), 0) / points.length - 1);
  });
  // The standard error of 1,024 random points is 0.0226.
  for (const error of errors) expect(error).toBeLessThan(0.01);
  expect(errors[2]).toBeLessThan(0.001);
});

test.each(scipy.normal)('the normal quantile of %d is that of SciPy', (probability, expected) => {
  expect(Math.abs(normalQuantile(probability) - expected)).toBeLessThanOrEqual(1e-13 * Math.abs(expected));
});
