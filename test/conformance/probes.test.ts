/**
 * Values of probes, positive and negative, in the native engine and the reference: every statistic, and
 * windows.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { NativeStatistic } from '../../src/engine/plan/plan.js';
import { type CaseRule, live, onProbe, onStatistic, plan, wholeJob } from './build-case.js';
import { type Case, runNative, runReference, type Step } from './run-case.js';
import { expectSame } from './same.js';

const runs = Number(process.env.ENSEMBLE_TEST_RUNS ?? 150);

const statistics: readonly NativeStatistic[] = [
  ...(['mean', 'variance', 'min', 'max', 'iqr', 'mad', 'q25', 'q50', 'q75'] as const),
  ...(['std', 'sum', 'last', 'count', 'ewma', 'piqr', 'pmad', 'quantile'] as const),
];
const windows = [0, 60, 7.3];

const probed = fc.record({
  statistic: fc.constantFrom(...statistics),
  probe: fc.nat(2),
  window: fc.constantFrom(...windows),
  quantile: fc.constantFrom(0, 0.05, 0.5, 0.9, 1),
  comparison: fc.constantFrom(null, '<' as const, '>=' as const),
  threshold: fc.constantFrom(-3, 0, 2.5),
});

const rules: fc.Arbitrary<CaseRule[]> = fc
  .array(probed, { minLength: 1, maxLength: 12 })
  .map((all) =>
    all.map(({ statistic, probe, window, quantile, comparison, threshold }) =>
      onProbe(statistic, probe, statistic === 'ewma' ? 0 : window, { comparison, threshold }, quantile),
    ),
  );

/** Most values are ordinary. The others make sketches merge pairs of buckets, several times. No square is infinite. */
const value = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((x) => (Math.abs(x) < 1e-4 ? 0 : x)),
  fc.constantFrom(0, -0, 5e-324, -5e-324, 1e12, -1e12, 1, 2, -2, 1024),
  fc.constantFrom(1e-15, -1e-40, 1e25, -1e60, 1e150, -1e-300),
);

/** An event this many seconds after the previous one. */
const act = fc.record({
  later: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 20, noNaN: true }), fc.constant(200)),
  /** For a measurement: how long ago the job ended. */
  late: fc.constantFrom(0, 0, 0.5, 30),
  first: fc.nat(2),
  values: fc.array(value, { maxLength: 3 }),
  what: fc.constantFrom('probed', 'probed', 'probed', 'tick', 'job'),
});

const cases: fc.Arbitrary<Case> = fc
  .record({ rules, acts: fc.array(act, { maxLength: 40 }), ends: fc.boolean() })
  .map(({ rules, acts, ends }) => {
    let now = 100;
    const steps = acts.map(({ later, late, first, values, what }, index): Step => {
      now += later;
      if (what === 'tick') return { do: 'tick', now };
      if (what === 'job')
        return { do: 'ingest', text: live(BigInt(index + 1), { group: 'a' }, wholeJob(now)) };
      return { do: 'probed', group: 0, first, values: values.slice(0, 3 - first), time: now - late };
    });
    if (ends) steps.splice(steps.length / 2, 0, { do: 'end' });
    const jobs = onStatistic('mean', 'duration');
    // In virtual time: in real time, windows would move with the clock.
    const time = { virtualTime: true, heartbeat: 50 };
    return {
      plan: {
        ...plan({ rules: [...rules, jobs], ...time }),
        probes: [['x', 'y', 'z'], []],
      },
      steps: [{ do: 'start', now: 90 }, ...steps],
    };
  });

describe('values of probes', () => {
  test('give the same results in the native engine and in the reference', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (one) => {
        expectSame(await runNative(one), runReference(one));
      }),
      { numRuns: runs },
    );
  });

  test('cover negative values, windows, sketches and firings', () => {
    const seen = { firings: 0, negative: 0, windows: 0, sketches: 0 };
    for (const one of fc.sample(cases, { numRuns: 200, seed: 1 })) {
      for (const { rule, value } of runReference(one).firings) {
        const { metric } = one.plan.rules[rule] ?? {};
        seen.firings++;
        if ((value ?? 0) < 0) seen.negative++;
        if ((metric?.window ?? 0) > 0) seen.windows++;
        if (metric?.statistic === 'quantile') seen.sketches++;
      }
    }
    expect(Object.entries(seen).filter(([, number]) => number < 50)).toEqual([]);
  });
});
