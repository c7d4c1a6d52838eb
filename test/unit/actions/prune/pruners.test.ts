import { describe, expect, test } from 'vitest';
import { AshaPruner, MedianPruner, type PruneOptions } from '../../../../src/actions/prune/pruners.js';

const options: PruneOptions = { direction: 'minimize', warmup: 1, peers: 3, first: 1, reduction: 3 };

describe('median', () => {
  test('cancels a job whose best value is worse than the median of the others', () => {
    const pruner = new MedianPruner(options);
    for (const [job, value] of [1, 2, 3].entries()) {
      expect(pruner.judge(BigInt(job), 2, value)).toBe(false);
    }
    expect(pruner.judge(10n, 2, 2.1)).toBe(true);
    // The values are 1, 2, 2.1 and 3: the job's best value, at an earlier step, counts.
    pruner.judge(11n, 1, 2);
    expect(pruner.judge(11n, 2, 50)).toBe(false);
    expect(pruner.judge(12n, 2, 2.05)).toBe(false);
  });

  test('waits for steps of warmup and for enough jobs', () => {
    const pruner = new MedianPruner({ ...options, warmup: 5, peers: 2 });
    for (const job of [1n, 2n, 3n]) expect(pruner.judge(job, 5, Number(job))).toBe(false);
    expect(pruner.judge(4n, 5, 100)).toBe(false);
    expect(pruner.judge(1n, 6, 1)).toBe(false);
    expect(pruner.judge(4n, 6, 100)).toBe(false);
    expect(pruner.judge(3n, 6, 100)).toBe(false);
  });

  test('takes larger values as better ones where asked to', () => {
    const pruner = new MedianPruner({ ...options, direction: 'maximize', peers: 1 });
    pruner.judge(1n, 2, 5);
    expect(pruner.judge(2n, 2, 6)).toBe(false);
    expect(pruner.judge(3n, 2, 5)).toBe(true);
  });
});

describe('asha', () => {
  test('lets the best one of three jobs go on at each of its steps', () => {
    const pruner = new AshaPruner(options);
    const judged = [9, 8, 7, 10, 6, 6.5, 1].map((value, job) => pruner.judge(BigInt(job), 1, value));
    // A job is the best one so far, or the second best of six.
    expect(judged).toEqual([false, false, false, true, false, false, false]);
    expect(pruner.judge(0n, 2, 100)).toBe(false);
    expect(pruner.judge(0n, 3, 100)).toBe(false);
    expect(pruner.judge(1n, 3, 101)).toBe(true);
    expect(pruner.judge(2n, 3, 99)).toBe(false);
  });

  test('compares a job at all steps that it has passed', () => {
    const pruner = new AshaPruner({ ...options, first: 2, reduction: 2 });
    expect(pruner.judge(1n, 1, 100)).toBe(false);
    expect(pruner.judge(1n, 9, 5)).toBe(false);
    expect(pruner.judge(2n, 2, 6)).toBe(true);
    expect(pruner.judge(3n, 4, 4)).toBe(false);
    expect(pruner.judge(3n, 8, 6)).toBe(true);
  });
});
