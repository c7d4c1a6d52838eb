/** A sketch computed from all numbers: each is replaced by the value of its bucket. */

import { atScale, bucketOf, bucketValue, scaleFor } from './buckets.js';

/** Type 7 of Hyndman and Fan, of sorted numbers. */
function quantile(sorted: readonly number[], q: number): number {
  const position = q * (sorted.length - 1);
  const lower = sorted[Math.floor(position)] as number;
  const upper = sorted[Math.ceil(position)] as number;
  return lower + (position - Math.floor(position)) * (upper - lower);
}

const ascending = (a: number, b: number) => a - b;

/** The values of the buckets of sorted numbers. Numbers of either sign have one scale. */
function valuesOf(sorted: readonly number[]): number[] {
  const [min, max] = [sorted[0] as number, sorted.at(-1) as number];
  const indexes = sorted.map((x) => bucketOf(Math.abs(x)));
  const ofSign = (sign: number) =>
    indexes.filter((index, i) => index !== null && Math.sign(sorted[i] as number) === sign);
  const scale = Math.min(scaleFor(ofSign(1) as number[]), scaleFor(ofSign(-1) as number[]));
  return indexes.map((index, i) => {
    const value =
      index === null ? 0 : Math.sign(sorted[i] as number) * bucketValue(atScale(index, scale), scale);
    return Math.min(Math.max(value, min), max);
  });
}

/** Null without numbers. */
export function sketchValue(
  numbers: readonly number[],
  statistic: 'quantile' | 'piqr' | 'pmad',
  q: number,
): number | null {
  if (numbers.length === 0) return null;
  const sorted = numbers.toSorted(ascending);
  const values = valuesOf(sorted);
  // The minimum and the maximum are exact.
  const known = [sorted[0] as number, ...values.slice(1, -1), sorted.at(-1) as number].slice(
    0,
    numbers.length,
  );
  if (statistic === 'quantile') return quantile(known, q);
  if (statistic === 'piqr') return quantile(known, 0.75) - quantile(known, 0.25);
  const median = quantile(known, 0.5);
  return quantile(values.map((value) => Math.abs(value - median)).sort(ascending), 0.5);
}
