/** The buckets of sketches, by their definition, and states made of all numbers at once. */

import type { StreamState } from '../../src/model/metrics.js';

const perOctave = 64;
const mostBuckets = 4096;

/** Rounded down. */
function squareRoot(n: bigint): bigint {
  let root = 1n << BigInt(Math.ceil(n.toString(2).length / 2));
  for (;;) {
    const next = (root + n / root) / 2n;
    if (next >= root) return root;
    root = next;
  }
}

/** 2^(k/64) is six square roots of 2^k. Each edge is rounded down to a double. */
export const edges = Array.from({ length: perOctave + 1 }, (_, k) => {
  let power = 1n << BigInt(52 * perOctave + k);
  for (let i = 0; i < 6; i++) power = squareRoot(power);
  return Number(power) / 2 ** 52;
});

/** The index at scale 6; null for zero, subnormal numbers and the smallest normal number. */
export function bucketOf(x: number): number | null {
  if (x <= 2 ** -1022) return null;
  let octave = Math.floor(Math.log2(x));
  // The logarithm is rounded.
  if (2 ** octave > x) octave--;
  if (2 ** (octave + 1) <= x) octave++;
  const mantissa = x / 2 ** octave;
  return octave * perOctave + edges.findLastIndex((edge) => edge < mantissa);
}

/** The finest scale that has room for all buckets, which are indexes at scale 6. */
export function scaleFor(indexes: readonly number[]): number {
  const lowest = indexes.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const highest = indexes.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  let scale = 6;
  while (atScale(highest, scale) - atScale(lowest, scale) >= mostBuckets) scale--;
  return scale;
}

/** The bucket of a scale that includes a bucket of scale 6. */
export function atScale(index: number, scale: number): number {
  return Math.floor(index / 2 ** (6 - scale));
}

/** The value with the same relative distance from both ends of the bucket. */
export function bucketValue(index: number, scale: number): number {
  const width = 2 ** (6 - scale);
  const octave = Math.floor((index * width) / perOctave);
  const k = index * width - octave * perOctave;
  const [low, high] = [edges[k] as number, edges[k + width] as number];
  return ((2 * low * high) / (low + high)) * 2 ** octave;
}

/** The relative distance of the ends of a bucket from its value. */
export function errorAt(scale: number): number {
  const width = 2 ** (1 / 2 ** scale);
  return (width - 1) / (width + 1);
}

/** The state of these numbers, which must be finite and not negative. */
export function stateOf(numbers: readonly number[]): StreamState {
  let [count, mean, squares, sum] = [0, 0, 0, 0];
  for (const x of numbers) {
    count++;
    const before = mean;
    mean += (1 / count) * (x - before);
    squares += (x - before) * (x - mean);
    sum += x;
  }
  const [min, max] = count > 0 ? [Math.min(...numbers), Math.max(...numbers)] : [0, 0];
  const indexes = numbers.map(bucketOf).filter((index) => index !== null);
  const scale = scaleFor(indexes);
  const found = indexes.map((index) => atScale(index, scale));
  const first = found.length > 0 ? Math.min(...found) : 0;
  const buckets = new Float64Array(found.length > 0 ? Math.max(...found) - first + 1 : 0);
  for (const index of found) (buckets[index - first] as number)++;
  return { count, mean, squares, min, max, sum, zeros: count - indexes.length, scale, first, buckets };
}
