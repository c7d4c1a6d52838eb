/** The tests of chance, against known values. */

import { describe, expect, test } from 'vitest';
import {
  type Counts,
  logFactorials,
  logFisher,
  logNormalTail,
  medianOf,
  RankTest,
} from '../../../src/store/blame/statistics.js';

const logs = logFactorials(10_000);
const fisher = (failed: number, jobs: number, allFailed: number, allJobs: number) =>
  Math.exp(logFisher({ failed, jobs, allFailed, allJobs }, logs));

function choose(n: number, k: number): bigint {
  let result = 1n;
  for (let i = 1; i <= k; i++) result = (result * BigInt(n - k + i)) / BigInt(i);
  return result;
}

/** The natural logarithm of a fraction, also of one that is too small for a number. */
function logOf(numerator: bigint, denominator: bigint): number {
  const log = (value: bigint) => {
    const digits = String(value);
    return Math.log(Number(`0.${digits.slice(0, 17)}`)) + digits.length * Math.LN10;
  };
  return log(numerator) - log(denominator);
}

/** The same probability with integers. */
function exactFisher({ failed, jobs, allFailed, allJobs }: Counts): number {
  let sum = 0n;
  for (let i = failed; i <= Math.min(jobs, allFailed); i++) {
    sum += choose(allFailed, i) * choose(allJobs - allFailed, jobs - i);
  }
  return logOf(sum, choose(allJobs, jobs));
}

describe("Fisher's exact test", () => {
  test('has the probabilities of the lady tasting tea', () => {
    expect(fisher(4, 4, 4, 8)).toBeCloseTo(1 / 70, 12);
    expect(fisher(3, 4, 4, 8)).toBeCloseTo(17 / 70, 12);
    expect(fisher(2, 4, 4, 8)).toBeCloseTo(53 / 70, 12);
    expect(fisher(0, 4, 4, 8)).toBe(1);
  });

  test.each([
    { failed: 37, jobs: 40, allFailed: 40, allJobs: 200 },
    { failed: 5, jobs: 5, allFailed: 5, allJobs: 10 },
    { failed: 8, jobs: 9, allFailed: 8, allJobs: 9 },
    { failed: 300, jobs: 400, allFailed: 500, allJobs: 2000 },
    { failed: 900, jobs: 1000, allFailed: 1000, allJobs: 3000 },
  ])('agrees with integers for $failed of $jobs', (counts) => {
    expect(logFisher(counts, logs)).toBeCloseTo(exactFisher(counts), 8);
  });
});

test('the normal tail has the values of tables', () => {
  expect(Math.exp(logNormalTail(0))).toBeCloseTo(0.5, 14);
  expect(Math.exp(logNormalTail(1.96))).toBeCloseTo(0.024997895148220435, 14);
  expect(Math.exp(logNormalTail(-1.96))).toBeCloseTo(0.9750021048517795, 14);
  expect(Math.exp(logNormalTail(6)) / 9.865876450376946e-10).toBeCloseTo(1, 10);
  // The series and the continued fraction meet at 3.
  expect(logNormalTail(3 - 1e-9)).toBeCloseTo(logNormalTail(3), 7);
  // Far out, the tail is the density divided by z, with the relative error 1 / z².
  expect(logNormalTail(1000)).toBeCloseTo(-500_000 - Math.log(Math.sqrt(2 * Math.PI) * 1000), 5);
});

/** The ranks of a group whose first jobs are the compared ones. */
function ranked(members: readonly number[], others: readonly number[]) {
  const all = [...members, ...others];
  const rankOf = (value: number) =>
    all.filter((other) => other < value).length + (all.filter((other) => other === value).length + 1) / 2;
  const middle = (all.length + 1) / 2;
  const sum = members.reduce((total, value) => total + rankOf(value) - middle, 0);
  const squares = all.reduce((total, value) => total + (rankOf(value) - middle) ** 2, 0);
  return { jobs: members.length, allJobs: all.length, sum, squares };
}

describe('the rank test', () => {
  test('is that of Mann and Whitney in one group', () => {
    const rank = new RankTest();
    rank.add(ranked([6, 7, 8, 9, 10], [1, 2, 3, 4, 5]));
    // U = 25, its mean is 12.5, and its variance 5 * 5 * 11 / 12.
    expect(rank.z).toBeCloseTo(12.5 / Math.sqrt(275 / 12), 12);
    expect(rank.larger).toBe(1);
  });

  test('corrects the variance for equal values', () => {
    const rank = new RankTest();
    rank.add(ranked([2, 3, 3, 5], [1, 2, 2, 3, 4]));
    // U = 14 with half of each tie; two ties of three: n1 n2 / 12 (N + 1 - sum(t³ - t) / (N (N - 1))).
    expect(rank.z).toBeCloseTo(4 / Math.sqrt((20 / 12) * (10 - 48 / 72)), 12);
    expect(rank.larger).toBeCloseTo(14 / 20, 12);
  });

  test('compares values within their groups only', () => {
    const rank = new RankTest();
    rank.add(ranked([100, 101, 102], [100, 101, 102]));
    rank.add(ranked([1, 2], [1, 2]));
    expect(rank.z).toBe(0);
    rank.add(ranked([1, 2, 3], []));
    rank.add(ranked([], [1, 2, 3]));
    expect(rank.larger).toBe(0.5);
  });
});

test('the median of an even number of values is between two', () => {
  expect(medianOf(Float64Array.of(4, 1, 10, 2))).toBe(3);
  expect(medianOf(Float64Array.of(9, 1, 2))).toBe(2);
  expect(medianOf(new Float64Array())).toBeNaN();
});
