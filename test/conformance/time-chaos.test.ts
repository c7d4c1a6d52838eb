import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runNative, runReference } from './run-case.js';
import { expectSame } from './same.js';
import { timeChaos } from './time-chaos.js';

const runs = Number(process.env.ENSEMBLE_TEST_RUNS ?? 400);

describe('chaotic streams in virtual time', () => {
  test('give the same results in the native engine and in the reference, wherever they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(timeChaos, async ({ one, cuts }) => {
        expectSame(await runNative(one, cuts), runReference(one));
      }),
      { numRuns: runs },
    );
  });

  test('cover every trigger and changes of state', () => {
    const seen = {
      metric: 0,
      expression: 0,
      job: 0,
      stalled: 0,
      interval: 0,
      state: 0,
      heartbeat: 0,
      goto: 0,
    };
    for (const { one } of fc.sample(timeChaos, { numRuns: 400, seed: 1 })) {
      for (const firing of runReference(one).firings) {
        const { trigger, event, when } = one.plan.rules[firing.rule] ?? {};
        if (trigger === 'metric' && when !== null) seen.expression++;
        else if (event === 'stalled') seen.stalled++;
        else if (trigger !== undefined && trigger in seen) seen[trigger as 'metric']++;
        if (firing.goto !== -1) seen.goto++;
      }
    }
    expect(Object.entries(seen).filter(([, number]) => number < 20)).toEqual([]);
  });
});
