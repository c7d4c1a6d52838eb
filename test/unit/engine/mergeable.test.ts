/** Merged states compared with the whole, with the native engine, and with exact quantiles. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadAddon } from '../../../src/engine/addon.js';
import {
  emptyState,
  merge,
  readStates,
  stateIqr,
  stateMad,
  stateQuantile,
  stateVariance,
} from '../../../src/engine/mergeable.js';
import type { StreamState } from '../../../src/model/metrics.js';
import { edges, errorAt, stateOf } from '../../reference/buckets.js';

/** A number near the boundary of two buckets. */
const boundary = fc
  .tuple(
    fc.constantFrom(...edges),
    fc.constantFrom(-(2 ** -52), 0, 2 ** -52),
    fc.integer({ min: -20, max: 20 }),
  )
  .map(([edge, off, exponent]) => (edge + off) * 2 ** exponent);

/** Times of jobs, with ties, zeros, and some extreme values. */
const number = fc.oneof(
  { weight: 4, arbitrary: fc.double({ min: 0, max: 100, noNaN: true }) },
  { weight: 2, arbitrary: fc.constantFrom(0, 1, 2, 10, 3600) },
  { weight: 1, arbitrary: fc.double({ min: 0, max: 1e12, noNaN: true }) },
  { weight: 1, arbitrary: fc.double({ min: 0, max: 1e-300, noNaN: true }) },
  { weight: 2, arbitrary: boundary },
);
/** The smallest normal number. Below it, numbers lose digits, and relative bounds do not hold. */
const SMALLEST = 2 ** -1022;
const numbers = fc.array(number, { maxLength: 60 });
const quantiles = [0, 0.01, 0.25, 0.5, 0.75, 0.9, 0.99, 1];

function nativeSummary(values: readonly number[]) {
  const summary = new (loadAddon().Summary)(true, 0);
  summary.observe(Float64Array.from(values));
  return summary;
}

function nativeState(values: readonly number[]): StreamState {
  const [state] = readStates(nativeSummary(values).state());
  return state as StreamState;
}

function exactQuantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const position = q * (sorted.length - 1);
  const low = sorted[Math.floor(position)] as number;
  return low + (position - Math.floor(position)) * ((sorted[Math.ceil(position)] as number) - low);
}

/** The state without empty buckets: most are empty, and comparing them takes time. */
function sparse({ buckets, ...state }: StreamState) {
  const held = [...buckets].flatMap((count, i) => (count > 0 ? [[i, count]] : []));
  return { ...state, held, size: buckets.length };
}

/** Equal in everything that a merge keeps exactly, and close in the moments. */
function expectAlike(found: StreamState, wanted: StreamState): void {
  const { mean, squares, sum, ...exact } = sparse(found);
  const { mean: wantedMean, squares: wantedSquares, sum: wantedSum, ...wantedExact } = sparse(wanted);
  expect(exact).toEqual(wantedExact);
  expect(Math.abs(mean - wantedMean)).toBeLessThanOrEqual(1e-12 * wantedMean + SMALLEST);
  expect(Math.abs(sum - wantedSum)).toBeLessThanOrEqual(1e-12 * wantedSum + SMALLEST);
  expect(Math.abs(squares - wantedSquares)).toBeLessThanOrEqual(
    1e-9 * wantedSquares + 1e-18 * wantedMean ** 2,
  );
}

describe('a mergeable state', () => {
  test('is the same in JavaScript and in the native engine, to the last bit', () => {
    fc.assert(
      fc.property(numbers, (values) => {
        const { sum, ...state } = sparse(stateOf(values));
        const { sum: nativeSum, ...native } = sparse(nativeState(values));
        expect(state).toEqual(native);
        expect(Math.abs(sum - nativeSum)).toBeLessThanOrEqual(1e-12 * nativeSum + SMALLEST);
      }),
    );
  });

  test('merged from parts is the state of the whole', () => {
    fc.assert(
      fc.property(fc.array(numbers, { maxLength: 6 }), (parts) => {
        const merged = parts.map(nativeState).reduce(merge, emptyState);
        expectAlike(merged, nativeState(parts.flat()));
      }),
    );
  });

  test('merges in any order', () => {
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        expectAlike(merge(stateOf(a), stateOf(b)), merge(stateOf(b), stateOf(a)));
      }),
    );
  });

  test('gives the statistics of the native engine', () => {
    fc.assert(
      fc.property(numbers, (values) => {
        const state = stateOf(values);
        const summary = nativeSummary(values);
        const native = (name: 'quantile' | 'piqr' | 'pmad' | 'variance', q = 0) => {
          const value = summary.get(name, q);
          return Number.isNaN(value) ? null : value;
        };
        for (const q of quantiles) expect(stateQuantile(state, q)).toBe(native('quantile', q));
        expect(stateIqr(state)).toBe(native('piqr'));
        expect(stateMad(state)).toBe(native('pmad'));
        expect(stateVariance(state)).toBe(native('variance'));
      }),
    );
  });

  test('has quantiles within the error of its scale, in any order of merging', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(number, { minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 5 }),
        (parts) => {
          const merged = parts.map(stateOf).reduce(merge);
          const error = errorAt(merged.scale);
          for (const q of quantiles) {
            const exact = exactQuantile(parts.flat(), q);
            const off = Math.abs((stateQuantile(merged, q) as number) - exact);
            expect(off).toBeLessThanOrEqual(error * exact * (1 + 1e-9) + SMALLEST);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  test('has the error of the finest scale for numbers that span up to 64 octaves', () => {
    const state = (largest: number) =>
      [2 ** -30 * (1 + 2 ** -52), 1, largest].map((x) => nativeState([x])).reduce(merge);
    expect(state(2 ** 34)).toMatchObject({ scale: 6, first: -30 * 64 });
    expect(state(2 ** 34).buckets.length).toBe(4096);
    expect(state(2 ** 34 * (1 + 2 ** -52))).toMatchObject({ scale: 5, first: -30 * 32 });
    expect(state(2 ** 34 * (1 + 2 ** -52)).buckets.length).toBe(2049);
    expect(errorAt(6)).toBeCloseTo(0.005415, 6);
  });

  test('has a bounded number of buckets, which are merged in pairs', () => {
    const wide = Array.from({ length: 450 }, (_, i) => 10 ** (i - 300));
    const state = stateOf(wide);
    // 449 powers of ten are 1,492 octaves. At scale 1, an octave has two buckets.
    expect(state.scale).toBe(1);
    expect(state.buckets.length).toBeLessThanOrEqual(4096);
    expectAlike(state, nativeState(wide));
    for (const parts of [
      [wide.slice(0, 200), wide.slice(200, 500), wide.slice(500)],
      [wide.filter((_, i) => i % 2 === 0), wide.filter((_, i) => i % 2 === 1)],
    ]) {
      expectAlike(parts.map(stateOf).reduceRight(merge), state);
    }
    for (const q of quantiles) {
      const [low, high] = [wide[Math.floor(q * 449)] as number, wide[Math.ceil(q * 449)] as number];
      const found = stateQuantile(state, q) as number;
      expect(found).toBeGreaterThanOrEqual(low * (1 - errorAt(1)) * (1 - 1e-9));
      expect(found).toBeLessThanOrEqual(high * (1 + errorAt(1)) * (1 + 1e-9));
    }
  });

  test('has no values without numbers', () => {
    expect(stateQuantile(emptyState, 0.5)).toBeNull();
    expect(stateIqr(emptyState)).toBeNull();
    expect(stateMad(emptyState)).toBeNull();
    expect(stateVariance(emptyState)).toBeNull();
    expect(merge(emptyState, emptyState)).toEqual(emptyState);
    expect(nativeState([])).toEqual(emptyState);
  });
});
