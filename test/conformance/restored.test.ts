/** An engine that takes in the log of another one goes on as if there had been one engine. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PlanMetric } from '../../src/engine/plan/plan.js';
import { newFolder } from '../support/cli.js';
import type { CaseRule } from './build-case.js';
import { chaos } from './chaos.js';
import { type Case, runReference, runRestored } from './run-case.js';
import { expectSame } from './same.js';

const runs = Math.ceil(Number(process.env.ENSEMBLE_TEST_RUNS ?? 400) / 4);

/** A log needs real time, in which windows and waiting times depend on the clock of the machine: they are left out. */
function inRealTime({ plan, steps }: Case): Case {
  const lasting = (metric: PlanMetric): PlanMetric => ({ ...metric, window: 0 });
  const timeless = (rule: CaseRule): CaseRule => ({
    ...rule,
    timing: null,
    metric: rule.metric === null ? null : lasting(rule.metric),
    ...(rule.operands === undefined ? {} : { operands: rule.operands.map(lasting) }),
  });
  return {
    plan: { ...plan, virtualTime: false, rules: plan.rules.map(timeless) },
    steps: steps.map((step) => (step.do === 'addRule' ? { ...step, rule: timeless(step.rule) } : step)),
  };
}

/** Steps before which the text so far ends with a whole line. */
function cutsOf({ steps }: Case): number[] {
  const cuts = [0];
  let whole = true;
  steps.forEach((step, i) => {
    if (step.do === 'ingest' && step.text !== '') whole = step.text.endsWith('\n');
    if (whole) cuts.push(i + 1);
  });
  return cuts;
}

test('the reference and a restored engine are in the same state, at any cut of the log', async () => {
  let firings = 0;
  let fromCheckpoints = 0;
  await fc.assert(
    fc.asyncProperty(chaos, fc.nat(), async ({ one: made }, place) => {
      const one = inRealTime(made);
      const cuts = cutsOf(one);
      const cut = cuts[place % cuts.length] as number;
      const expected = runReference(one);
      firings += expected.firings.length;
      const { checkpoint, ...restored } = await runRestored(one, cut, newFolder());
      if (checkpoint > 0) fromCheckpoints++;
      // Lines are counted from the beginning of each stream.
      const lines = { badLines: expected.badLines.map(() => 0) };
      expectSame({ ...restored, badLines: restored.badLines.map(() => 0) }, { ...expected, ...lines });
    }),
    { numRuns: runs },
  );
  expect(firings).toBeGreaterThan(runs);
  expect(fromCheckpoints).toBeGreaterThan(runs / 10);
});
