/**
 * The vectors made with river, through the JavaScript API and through the reference, as their README
 * describes.
 */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readSummary } from '../../src/engine/snapshot.js';
import type { SummaryValues } from '../../src/model/metrics.js';
import { Stream } from '../reference/stream.js';
import { testAddon } from './run-case.js';

interface Vector {
  readonly name: string;
  readonly input: readonly number[];
  readonly checkpoints: readonly Record<'n' | 'mean' | 'variance' | BitForBit, number>[];
}

const bitForBit = ['min', 'max', 'iqr', 'mad', 'q25', 'q50', 'q75'] as const;
type BitForBit = (typeof bitForBit)[number];

const vectors: readonly Vector[] = JSON.parse(
  readFileSync(new URL('../fixtures/vectors/river-stats.json', import.meta.url), 'utf8'),
);

function nativeSummary() {
  const summary = new (testAddon().Summary)(true, 0);
  return {
    observe: (values: readonly number[]) => summary.observe(Float64Array.from(values)),
    get values() {
      return readSummary(summary.row());
    },
  };
}

function referenceSummary() {
  const stream = new Stream();
  return {
    observe: (values: readonly number[]) => {
      for (const value of values) stream.observe(value, 0);
    },
    get values() {
      return stream.values;
    },
  };
}

const relativeError = (found: number, wanted: number) =>
  found === wanted ? 0 : Math.abs(found - wanted) / Math.abs(wanted);

function check(values: SummaryValues, checkpoint: Vector['checkpoints'][number], name: string): void {
  expect(values.count).toBe(checkpoint.n);
  expect(Object.fromEntries(bitForBit.map((key) => [key, values[key]]))).toEqual(
    Object.fromEntries(bitForBit.map((key) => [key, checkpoint[key]])),
  );
  const tolerance = name.includes('near_1e9') ? 1e-9 : 1e-12;
  for (const key of ['mean', 'variance'] as const) {
    expect(relativeError(values[key] as number, checkpoint[key])).toBeLessThanOrEqual(tolerance);
  }
}

describe.each([
  ['the addon', nativeSummary],
  ['the reference', referenceSummary],
])('river vectors: %s', (_who, make) => {
  for (const { name, input, checkpoints } of vectors) {
    test(name, () => {
      expect(checkpoints.length).toBeGreaterThan(0);
      const summary = make();
      let seen = 0;
      for (const checkpoint of checkpoints) {
        summary.observe(input.slice(seen, checkpoint.n));
        seen = checkpoint.n;
        check(summary.values, checkpoint, name);
      }
    });
  }
});

describe('a summary from JavaScript', () => {
  test('has no value before the first number', () => {
    expect(nativeSummary().values).toEqual({ ...referenceSummary().values });
    expect(nativeSummary().values).toMatchObject({
      count: 0,
      mean: null,
      variance: null,
      min: null,
      mad: null,
    });
  });

  test('equals the reference after every number, mean and variance to the bit', () => {
    for (const { input } of vectors) {
      const [native, reference] = [nativeSummary(), referenceSummary()];
      for (const value of input.slice(0, 300)) {
        native.observe([value]);
        reference.observe([value]);
        expect(native.values).toEqual(reference.values);
      }
    }
  });
});
