/** Probabilities of what chance alone does. They are logarithms, because those of clear causes are below 1e-308. */

import { quantile } from '../jobs/quantile.js';

/** Returns the natural logarithms of the factorials of 0 to `n`. */
export function logFactorials(n: number): Float64Array {
  const logs = new Float64Array(n + 1);
  for (let i = 2; i <= n; i++) logs[i] = (logs[i - 1] as number) + Math.log(i);
  return logs;
}

/** Counts of a 2x2 table. */
export interface Counts {
  /** Failed jobs among those with the cause, and jobs with the cause. */
  readonly failed: number;
  readonly jobs: number;
  /** The same for all jobs. */
  readonly allFailed: number;
  readonly allJobs: number;
}

/**
 * Returns the logarithm of the probability that at least this many of the jobs with the cause fail, when the failed
 * jobs are drawn from all jobs: the upper tail of the hypergeometric distribution, Fisher's exact test on one side
 * (Fisher 1935, The Design of Experiments, chapter 2). `logs` reaches at least to `allJobs`.
 */
export function logFisher({ failed, jobs, allFailed, allJobs }: Counts, logs: Float64Array): number {
  if (failed <= Math.max(0, jobs + allFailed - allJobs)) return 0;
  const choose = (n: number, k: number) =>
    (logs[n] as number) - (logs[k] as number) - (logs[n - k] as number);
  const first =
    choose(allFailed, failed) + choose(allJobs - allFailed, jobs - failed) - choose(allJobs, jobs);
  // Each further probability is computed from the one before it.
  let term = 1;
  let sum = 1;
  for (let i = failed; i < Math.min(jobs, allFailed) && term > sum * 1e-17; i++) {
    term *= ((allFailed - i) * (jobs - i)) / ((i + 1) * (allJobs - allFailed - jobs + i + 1));
    sum += term;
  }
  return Math.min(0, first + Math.log(sum));
}

/** Levels of the continued fraction, enough for all digits from 3 on. */
const LEVELS = 60;

/**
 * Returns the logarithm of the probability that a standard normal variable is above `z`: by the series 26.2.10 below 3,
 * and by the continued fraction 26.2.14 from 3 on (Abramowitz and Stegun 1964).
 */
export function logNormalTail(z: number): number {
  if (z < 0) return Math.log1p(-Math.exp(logNormalTail(-z)));
  const logDensity = -(z * z) / 2 - Math.log(2 * Math.PI) / 2;
  if (z < 3) {
    let term = z;
    let sum = z;
    for (let i = 3; term > sum * 1e-17; i += 2) {
      term *= (z * z) / i;
      sum += term;
    }
    return Math.log(0.5 - Math.exp(logDensity) * sum);
  }
  let fraction = z;
  for (let i = LEVELS; i > 0; i--) fraction = z + i / fraction;
  return logDensity - Math.log(fraction);
}

/** Ranks of values in one group, with those of some of its members. */
export interface RankSum {
  /** Members that are compared with the rest, and all members. */
  readonly jobs: number;
  readonly allJobs: number;
  /** Sum of their ranks, each minus the mean rank. */
  readonly sum: number;
  /** Sum of the squares of all ranks minus the mean rank; equal values share the mean of their ranks. */
  readonly squares: number;
}

/**
 * The rank sum test of Wilcoxon, Mann and Whitney over several groups (van Elteren 1960, On the combination of
 * independent two sample tests of Wilcoxon): ranks are compared within each group only. The variance is that of a sum
 * drawn without replacement, so it is also right for equal values.
 */
export class RankTest {
  #sum = 0;
  #variance = 0;
  #above = 0;
  #pairs = 0;

  add({ jobs, allJobs, sum, squares }: RankSum): void {
    const others = allJobs - jobs;
    if (jobs === 0 || others === 0) return;
    const weight = 1 / (allJobs + 1);
    this.#sum += weight * sum;
    this.#variance += (weight * weight * squares * jobs * others) / (allJobs * (allJobs - 1));
    this.#above += sum + (jobs * others) / 2;
    this.#pairs += jobs * others;
  }

  /** Standard deviations above the mean. */
  get z(): number {
    return this.#variance === 0 ? 0 : this.#sum / Math.sqrt(this.#variance);
  }

  /** The share of pairs of a member and another one in which the member has the larger value; equal values count half. */
  get larger(): number {
    return this.#pairs === 0 ? 0.5 : this.#above / this.#pairs;
  }
}

/** The median of numbers; NaN for an empty array. Sorts the array. */
export function medianOf(values: Float64Array): number {
  return quantile(values.sort(), 0.5);
}

/** The index of the first of ascending numbers for which `holds` is true; their length without one. */
export function firstPlace(sorted: Float64Array, holds: (number: number) => boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(sorted[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low;
}
