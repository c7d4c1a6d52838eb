import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Moments,
  mergeGroups,
  mergeMoments,
  momentValues,
} from '../../../src/service/ensembles/merge.js';

/** By the definition, in two passes. */
function momentsOf(values: readonly number[]): Moments {
  const count = values.length;
  if (count === 0) return { count: 0, mean: 0, m2: 0, min: 0, max: 0 };
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const m2 = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { count, mean, m2, min: Math.min(...values), max: Math.max(...values) };
}

const seconds = fc.double({ min: 0, max: 1e6, noNaN: true });

describe('statistics of several ensembles', () => {
  test('are those of all their jobs, however they are divided and in whatever order', () => {
    fc.assert(
      fc.property(fc.array(fc.array(seconds, { maxLength: 30 }), { maxLength: 8 }), (parts) => {
        const whole = momentsOf(parts.flat());
        for (const order of [parts, parts.toReversed()]) {
          const merged = order.map(momentsOf).reduce(mergeMoments, momentsOf([]));
          expect(merged.count).toBe(whole.count);
          const scale = Math.max(1, whole.max);
          expect(Math.abs(merged.mean - whole.mean)).toBeLessThan(1e-9 * scale);
          expect(Math.abs(merged.m2 - whole.m2)).toBeLessThan(1e-9 * Math.max(1, whole.count * scale ** 2));
          expect([merged.min, merged.max]).toEqual([whole.min, whole.max]);
        }
      }),
    );
  });

  test('have names, and no value without an observation', () => {
    expect(momentValues(momentsOf([]))).toEqual({});
    expect(momentValues(momentsOf([2]))).toEqual({ mean: 2, variance: 0, std: 0, min: 2, max: 2, sum: 2 });
    expect(momentValues(momentsOf([1, 3]))).toMatchObject({ mean: 2, variance: 2, sum: 4 });
  });

  test('add up what was counted', () => {
    const statistics = (values: number[]) => ({ ...momentsOf(values), sketch: Buffer.alloc(0), values: {} });
    const counts = (success: number) => ({
      submitted: success,
      finished: success,
      success,
      failed: 0,
      canceled: 0,
      timeout: 0,
      exception: 0,
      pending: 1,
      running: 2,
    });
    const { group } = mergeGroups([
      {
        name: 'g',
        counts: counts(3),
        exceptions: { exec: 1 },
        duration: statistics([1, 2, 3]),
        pending: null,
      },
      {
        name: 'g',
        counts: counts(1),
        exceptions: { exec: 2, oom: 1 },
        duration: statistics([6]),
        pending: statistics([4]),
      },
    ]);
    expect(group).toMatchObject({
      name: 'g',
      counts: { success: 4, pending: 2, running: 4 },
      exceptions: { exec: 3, oom: 1 },
      duration: { count: 4, values: { mean: 3, max: 6 } },
      pending: { count: 1, values: { mean: 4 } },
    });
  });
});
