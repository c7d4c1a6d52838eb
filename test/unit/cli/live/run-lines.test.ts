import fc from 'fast-check';
import pc from 'picocolors';
import { describe, expect, test } from 'vitest';
import { EndRate } from '../../../../src/cli/live/rate.js';
import { type RunMoment, runLines, totalLine } from '../../../../src/cli/live/run-lines.js';
import type { RuleNow } from '../../../../src/run/rules-now.js';
import { widthOf } from '../../../../src/text/width.js';

const plain = pc.createColors(false);

const NONE = {
  ...{ submitted: 0, finished: 0, success: 0, failed: 0, canceled: 0, timeout: 0, exception: 0 },
  ...{ retried: 0, queued: 0, pending: 0, running: 0 },
};

const moment = (
  groups: Record<string, Partial<typeof NONE>>,
  other: Partial<Omit<RunMoment, 'metrics'>> = {},
): RunMoment => ({
  metrics: {
    groups: new Map(Object.entries(groups).map(([name, count]) => [name, { count: { ...NONE, ...count } }])),
  } as never,
  ...{ rules: [], paused: false, rate: 0, now: 1000, problem: null },
  ...other,
});

const rule = (
  index: number,
  text: string,
  value: number | null,
  threshold: number,
  other: Partial<RuleNow> = {},
): RuleNow =>
  ({
    report: { rule: index, due: text },
    ...{
      phase: 'inactive',
      ended: false,
      repetitionsLeft: 1,
      backoffLeft: 0,
      since: null,
      ready: null,
      next: null,
    },
    clauses: [
      { text, holds: false, values: { m: value }, bound: { metric: 'm', comparison: '>=', threshold } },
    ],
    ...other,
  }) as never;

describe('the lines of a run', () => {
  test('have a bar for each group with jobs, all jobs, and the rules that are nearest', () => {
    const lines = runLines(
      moment(
        {
          melt: { submitted: 100, success: 50, failed: 5, running: 5, pending: 40 },
          later: {},
          relax: { submitted: 10, success: 10 },
        },
        {
          rate: 2,
          problem: 'the disk is nearly full',
          rules: [
            rule(0, 'm >= 100', 10, 100),
            rule(1, 'm >= 60', 50, 60),
            rule(2, 'm >= 60', null, 60),
            rule(3, 'm >= 60', 59, 60, { repetitionsLeft: 0 }),
            rule(4, 'm >= 1', 1, 1, { phase: 'pending', next: 1030 }),
          ],
        },
      ),
      { width: 79, height: 14 },
      plain,
    );
    expect(lines).toEqual([
      'melt  ████████████████x▒░░░░░░░░░░░░ 55/100  5 failed, 5 running, 40 waiting',
      'relax ██████████████████████████████  10/10',
      '65 of 110 jobs done, 5 failed, 5 running, 40 waiting, 2/s, 23 s left',
      'rule 4 holds, and fires in 30 s if it lasts',
      'rule 1 waits for m >= 60: 50 now',
      'the disk is nearly full',
    ]);
  });

  test('sum up the groups that have no room, active groups last', () => {
    const groups = Object.fromEntries(
      Array.from({ length: 30 }, (_, i) => [
        `g${i}`,
        i === 25 ? { submitted: 3, running: 3 } : { submitted: 2, success: 2 },
      ]),
    );
    const lines = runLines(moment(groups), { width: 60, height: 6 }, plain);
    expect(lines).toHaveLength(5);
    expect(lines[2]).toMatch(/^g25 /);
    expect(lines[3]).toBe('and 27 more groups: 54/54');
    expect(lines[4]).toBe('58 of 61 jobs done, 3 running');
  });

  test('never exceed their room, for any numbers and names', () => {
    const count = fc.nat({ max: 1e7 });
    const jobs = fc.record({ success: count, failed: count, running: count, pending: count });
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'grapheme' }), jobs, { maxKeys: 20 }),
        fc.integer({ min: 10, max: 200 }),
        fc.integer({ min: 1, max: 20 }),
        fc.boolean(),
        (groups, width, height, paused) => {
          const counted = Object.fromEntries(
            Object.entries(groups).map(([name, parts]) => {
              const { success, failed, running, pending } = parts;
              return [name, { ...parts, submitted: success + failed + running + pending }];
            }),
          );
          const rules = [rule(0, 'a very long condition '.repeat(10), 5, 10)];
          const lines = runLines(moment(counted, { paused, rules, rate: 0.1 }), { width, height }, plain);
          expect(lines.length).toBeLessThanOrEqual(height);
          for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
        },
      ),
    );
  });

  test('say that no jobs were submitted, and that the run is paused', () => {
    expect(totalLine(moment({ a: {} }, { paused: true }), 79, plain)).toBe('no jobs submitted yet, paused');
  });
});

test('the rate is that of the last ten seconds', () => {
  const rate = new EndRate();
  expect(rate.add(0, 0)).toBe(0);
  expect(rate.add(10, 1000)).toBe(10);
  for (let second = 2; second <= 30; second++) rate.add(10 + second, second * 1000);
  expect(rate.add(41, 31_000)).toBeCloseTo(1, 1);
});
