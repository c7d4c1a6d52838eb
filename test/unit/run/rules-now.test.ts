/** The rules of a running ensemble as they stand. */

import { expect, test } from 'vitest';
import type { RuleInput } from '../../../src/config/schema/input.js';
import { Ensemble } from '../../../src/run/ensemble.js';
import { eventually } from '../../support/cli.js';

const rule = (
  when: string,
  more: Omit<Partial<RuleInput>, 'trigger'> = {},
  action: object = {},
): RuleInput => ({
  ...{ trigger: 'metric', name: 'count.a.success', when, ...more },
  action: { name: 'submit', label: 'b', ...action },
});

test('rules are inactive, pending, held back, firing or exhausted', async () => {
  const ensemble = Ensemble.fromObject(
    {
      jobs: [
        { name: 'a', command: 'true' },
        { name: 'b', command: 'true' },
        { name: 'c', command: 'false' },
      ],
      rules: [
        { trigger: 'start', action: { name: 'submit', label: 'a' } },
        rule('>= 5'),
        rule('>= 1', { for: '1h' }),
        rule('>= 1', { cooldown: '1h' }, { repetitions: 3 }),
        rule('>= 1', { in: 'other' }),
        {
          ...{ trigger: 'metric', when: 'count.a.success >= 1 and count.c.failed == 0' },
          action: { name: 'submit', label: 'b', repetitions: 3 },
        },
        {
          trigger: 'job-fail',
          name: 'c',
          cooldown: '1h',
          action: { name: 'submit', label: 'b', repetitions: 2 },
        },
      ],
      states: ['first', 'other'],
    },
    { watch: true, slots: 2 },
  );
  try {
    expect((await ensemble.rules()).map(({ phase }) => phase)).toEqual(Array(7).fill('inactive'));
    const problems: string[] = [];
    void (async () => {
      for await (const problem of ensemble.problems()) problems.push(problem.message);
    })();
    void ensemble.run();
    expect([ensemble.started !== null, ensemble.ending, ensemble.result]).toEqual([true, null, null]);
    const first = async () => (await ensemble.metrics()).groups.get('a')?.count.success === 1;
    await eventually(first, 'the first job ends');
    await ensemble.settled();
    const phases = async () => (await ensemble.rules()).map(({ phase }) => phase);
    expect((await phases()).slice(0, 6)).toEqual([
      'exhausted',
      'inactive',
      'pending',
      'held-back',
      'inactive',
      'firing',
    ]);
    const before = await ensemble.rules();
    expect(before[1]).toMatchObject({
      clauses: [
        {
          text: 'count.a.success >= 5',
          holds: false,
          values: { 'count.a.success': 1 },
          bound: { metric: 'count.a.success', comparison: '>=', threshold: 5 },
        },
      ],
      ...{ repetitionsLeft: 1, since: null, ready: null, state: 'first', ended: false },
    });
    expect(before[2]?.since).toEqual(expect.any(Number));
    expect(before[3]?.ready).toEqual(expect.any(Number));

    await ensemble.act({ name: 'submit', label: 'c' }, 'test');
    const failed = async () => (await ensemble.failures()).get('c')?.failed === 1;
    await eventually(failed, 'a job fails');
    await ensemble.settled();
    expect(await ensemble.failures()).toEqual(
      new Map([
        [
          'c',
          expect.objectContaining({ failed: 1, jobs: 1, reasons: [expect.objectContaining({ count: 1 })] }),
        ],
      ]),
    );
    const after = await ensemble.rules();
    // A rule on events waits for the end of its cooldown.
    expect(after[6]).toMatchObject({ phase: 'held-back', report: { firings: 1 } });
    // Rules without a change stay the same objects.
    expect(after.map((now, index) => now === before[index])).toEqual([
      true,
      true,
      true,
      true,
      true,
      false,
      false,
    ]);

    await expect(ensemble.act({ name: 'submit', label: 'd' }, 'test')).rejects.toThrow('unknown job group');
    await ensemble.act({ name: 'terminate' }, 'test');
    await eventually(() => ensemble.result !== null, 'the run ends');
    expect(ensemble.ending).toMatchObject({ end: 'terminated' });
    expect((await ensemble.rules()).every(({ ended }) => ended)).toBe(true);
    expect(problems).toEqual([]);
  } finally {
    await ensemble.close();
  }
  await expect(ensemble.rules()).rejects.toMatchObject({ code: 'ERR_CLOSED' });
});
