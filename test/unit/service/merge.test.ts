import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mergeGroups } from '../../../src/service/ensembles/merge.js';
import { ensemblesProto } from '../../../src/service/ensembles/proto.js';
import type { GroupState, SketchState, StatisticsState } from '../../../src/service/index.js';
import { stateOf } from '../../reference/buckets.js';

function statistics(numbers: readonly number[], sketched = true): StatisticsState {
  const { squares: m2, sum, zeros, scale, first, buckets, ...moments } = stateOf(numbers);
  const sketch = sketched ? { sum, zeros, scale, first, buckets: [...buckets] } : null;
  return { ...moments, m2, sketch, values: {} };
}

const counts = (success: number) => ({
  submitted: success,
  finished: success,
  success,
  failed: 0,
  canceled: 0,
  timeout: 0,
  exception: 0,
  retried: 0,
  queued: 0,
  pending: 1,
  running: 2,
});

const group = (
  duration: StatisticsState,
  exceptions = {},
  probes: GroupState['probes'] = {},
): GroupState => ({
  name: 'g',
  counts: counts(duration.count),
  exceptions,
  duration,
  pending: null,
  probes,
});

/** By the definition. */
function exact(numbers: readonly number[]) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const mean = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  const squares = numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  const variance = numbers.length > 1 ? squares / (numbers.length - 1) : 0;
  return { sorted, mean, variance };
}

const seconds = fc.double({ min: 0.001, max: 1e6, noNaN: true });
const parts = fc.array(fc.array(seconds, { minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 8 });

describe('statistics of several ensembles', () => {
  test('are those of all their jobs, in any division and any order', () => {
    fc.assert(
      fc.property(parts, (divided) => {
        const { sorted, mean, variance } = exact(divided.flat());
        for (const order of [divided, divided.toReversed()]) {
          const { group: merged, unmerged } = mergeGroups(order.map((part) => group(statistics(part))));
          const values = merged.duration?.values ?? {};
          const scale = Math.max(1, sorted.at(-1) ?? 1);
          expect(unmerged).toEqual([]);
          expect(merged.duration?.count).toBe(sorted.length);
          expect(Math.abs((values.mean ?? 0) - mean)).toBeLessThan(1e-9 * scale);
          expect(Math.abs((values.variance ?? 0) - variance)).toBeLessThan(1e-9 * scale ** 2);
          expect([values.min, values.max]).toEqual([sorted[0], sorted.at(-1)]);
          // The median of an odd number of values is one of them, and the sketch is within 0.54 % of it.
          const median = sorted[(sorted.length - 1) / 2];
          if (median !== undefined) expect(Math.abs((values.q50 ?? 0) / median - 1)).toBeLessThan(0.0055);
        }
      }),
    );
  });

  test('have no quartiles where a run keeps no sketch, which is reported', () => {
    const { group: merged, unmerged } = mergeGroups([
      group(statistics([1, 2, 3])),
      group(statistics([6], false)),
    ]);
    expect(merged.duration?.values).toEqual({
      ...{ mean: 3, variance: expect.closeTo(14 / 3), std: expect.closeTo(Math.sqrt(14 / 3)) },
      ...{ min: 1, max: 6, sum: 12 },
    });
    expect(unmerged).toEqual([expect.stringContaining('q50')]);
    // A run without numbers does not matter.
    const empty = mergeGroups([group(statistics([1, 2, 3])), group(statistics([], false))]);
    expect(empty.unmerged).toEqual([]);
    expect(empty.group.duration?.values.q50).toBeCloseTo(2, 1);
    expect(mergeGroups([group(statistics([]))]).group.duration).toMatchObject({ count: 0, values: {} });
  });

  test('have no quartiles where a sketch has unknown buckets, which is reported', () => {
    const known = statistics([1, 2, 3]);
    const of = (change: Partial<SketchState>): StatisticsState => ({
      ...known,
      sketch: { ...(known.sketch as SketchState), ...change },
    });
    for (const change of [
      { scale: 7 },
      { scale: -1 },
      { scale: 2 ** 31 - 1 },
      { first: -(2 ** 31) },
      { first: 65_500 },
    ]) {
      const { group: merged, unmerged } = mergeGroups([group(known), group(of(change))]);
      expect(unmerged).toEqual([expect.stringContaining('q50')]);
      expect(merged.duration).toMatchObject({ sketch: null, values: { mean: 2, min: 1, max: 3 } });
      expect(merged.duration?.values).not.toHaveProperty('q50');
    }
    expect(mergeGroups([group(known), group(of({}))]).unmerged).toEqual([]);
  });

  test('have no quartiles where a run of an earlier version has other sketches, which is reported', () => {
    const field = (number: number, bytes: readonly number[]) => [(number << 3) | 2, bytes.length, ...bytes];
    // A count of 1, and a sketch with a zero in the field that sketches with other buckets had.
    const duration = [8, 1, ...field(6, [16, 1])];
    const update = field(6, [...field(1, [...Buffer.from('g')]), ...field(4, duration)]);
    const { Register } = ensemblesProto().Ensembles.service;
    const message = Register.requestDeserialize(Buffer.from(field(2, update)));
    const [earlier] = message.update?.groups ?? [];
    expect(earlier?.duration).toMatchObject({ count: 1, sketch: null });
    const { unmerged } = mergeGroups([group(statistics([1])), earlier as GroupState]);
    expect(unmerged).toEqual([expect.stringContaining('another version')]);
  });

  test('merge sketches of different scales at the coarser one', () => {
    const [wide, near] = [
      [1e-30, 5, 1e30],
      [4, 5, 6],
    ];
    const { group: merged } = mergeGroups([group(statistics(wide)), group(statistics(near))]);
    expect(merged.duration?.sketch).toEqual({
      ...statistics([...wide, ...near]).sketch,
      sum: expect.closeTo(1e30, -20),
    });
    expect(merged.duration?.sketch?.scale).toBe(4);
    expect(Math.abs((merged.duration?.values.q50 ?? 0) / 5 - 1)).toBeLessThan(0.022);
  });

  test('of a probe variable are those of the runs with the probe', () => {
    const { group: merged, unmerged } = mergeGroups([
      group(statistics([1]), {}, { energy: statistics([], false), steps: statistics([7], false) }),
      group(
        statistics([1]),
        {},
        { energy: { ...statistics([], false), count: 2, mean: -3, m2: 2, min: -4, max: -2 } },
      ),
      group(statistics([1])),
    ]);
    expect(merged.probes.steps).toMatchObject({ count: 1, values: { mean: 7, min: 7, max: 7 } });
    expect(merged.probes.energy).toMatchObject({
      count: 2,
      values: { mean: -3, variance: 2, min: -4, max: -2 },
    });
    expect(Object.keys(merged.probes)).toHaveLength(2);
    expect(unmerged).toEqual([expect.stringContaining('of probes: ')]);
  });

  test('add up the counts', () => {
    const { group: merged } = mergeGroups([
      group(statistics([1, 2, 3]), { exec: 1 }),
      group(statistics([6]), { exec: 2, oom: 1 }),
    ]);
    expect(merged).toMatchObject({
      name: 'g',
      counts: { success: 4, pending: 2, running: 4 },
      exceptions: { exec: 3, oom: 1 },
    });
  });
});
