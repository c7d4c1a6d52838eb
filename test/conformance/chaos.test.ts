import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chaos } from './chaos.js';
import { runNative, runReference } from './run-case.js';
import { expectSame } from './same.js';

const runs = Number(process.env.ENSEMBLE_TEST_RUNS ?? 400);

describe('chaotic streams', () => {
  test('give the same results in the native engine and in the reference, wherever they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(chaos, async ({ one, cuts }) => {
        expectSame(await runNative(one, cuts), runReference(one));
      }),
      { numRuns: runs },
    );
  });

  test('cover the events that a test of this kind needs', () => {
    const seen = {
      firings: 0,
      finished: 0,
      durations: 0,
      waits: 0,
      negative: 0,
      bad: 0,
      ended: 0,
      exceptions: 0,
    };
    for (const { one } of fc.sample(chaos, { numRuns: 200, seed: 1 })) {
      const { metrics, status } = runReference(one);
      for (const [, { count, duration, pending }] of metrics) {
        seen.finished += count.finished;
        seen.exceptions += count.exception;
        seen.durations += duration.count;
        seen.waits += pending.count;
      }
      seen.firings += status.firings;
      seen.negative += status.negativeIntervals;
      seen.bad += status.decodeErrors;
      seen.ended += status.ended ? 1 : 0;
    }
    expect(Object.entries(seen).filter(([, number]) => number < 20)).toEqual([]);
  });
});
