/** A sketch computed from all numbers: each is replaced by the value of its bucket. */

const root = 1.0200016094211992;
const edges = Array.from({ length: 36 }, (_, k) => k);
edges.forEach((k) => {
  edges[k] = k === 0 ? 1 : k === 35 ? 2 : (edges[k - 1] as number) * root;
});

/**
 * 35 buckets per power of two. A number is replaced by the value with the same relative distance from both
 * ends of its bucket.
 */
function bucketValue(x: number, min: number, max: number): number {
  if (x < 0) return -bucketValue(-x, -max, -min);
  if (x < 2 ** -1022) return Math.min(Math.max(0, min), max);
  let octave = Math.floor(Math.log2(x));
  // The logarithm is rounded.
  if (2 ** octave > x) octave--;
  if (2 ** (octave + 1) <= x) octave++;
  const mantissa = x / 2 ** octave;
  const k = edges.findLastIndex((edge) => edge <= mantissa);
  const [low, high] = [edges[k] as number, edges[k + 1] as number];
  return Math.min(Math.max(((2 * low * high) / (low + high)) * 2 ** octave, min), max);
}

/** Type 7 of Hyndman and Fan, of sorted numbers. */
function quantile(sorted: readonly number[], q: number): number {
  const position = q * (sorted.length - 1);
  const lower = sorted[Math.floor(position)] as number;
  const upper = sorted[Math.ceil(position)] as number;
  return lower + (position - Math.floor(position)) * (upper - lower);
}

const ascending = (a: number, b: number) => a - b;

/** Null without numbers. */
export function sketchValue(
  numbers: readonly number[],
  statistic: 'quantile' | 'piqr' | 'pmad',
  q: number,
): number | null {
  if (numbers.length === 0) return null;
  const sorted = numbers.toSorted(ascending);
  const [min, max] = [sorted[0] as number, sorted.at(-1) as number];
  const values = sorted.map((x) => bucketValue(x, min, max));
  // The minimum and the maximum are exact.
  const known = [min, ...values.slice(1, -1), max].slice(0, numbers.length);
  if (statistic === 'quantile') return quantile(known, q);
  if (statistic === 'piqr') return quantile(known, 0.75) - quantile(known, 0.25);
  const median = quantile(known, 0.5);
  return quantile(values.map((value) => Math.abs(value - median)).sort(ascending), 0.5);
}
