/**
 * The buckets of the native sketch (native/stats/log_buckets.h has the reasons): 35 to a power of two, each as wide as
 * the one before times the 35th root of two. The same numbers fall into the same buckets here and there, bit for bit.
 */

const PER_OCTAVE = 35;
const ROOT = 1.0200016094211992;

/** Smaller numbers, zero and the subnormal ones, have no bucket. */
const SMALLEST = 2 ** -1022;

const edges = [1];
for (let k = 1; k < PER_OCTAVE; k++) edges.push((edges[k - 1] as number) * ROOT);
edges.push(2);

/** The bits of a number, and the number of bits. */
const double = new DataView(new ArrayBuffer(8));

function powerOfTwo(exponent: number): number {
  double.setUint32(0, (exponent + 1023) << 20);
  double.setUint32(4, 0);
  return double.getFloat64(0);
}

/** The index of the bucket of a number above 0; null for numbers that count as 0. */
export function bucketOf(x: number): number | null {
  if (!(x >= SMALLEST)) return null;
  double.setFloat64(0, x);
  const high = double.getUint32(0);
  double.setUint32(0, (high & 0xfffff) | 0x3ff00000);
  const mantissa = double.getFloat64(0);
  let k = 0;
  while ((edges[k + 1] as number) <= mantissa) k++;
  return ((high >>> 20) - 1023) * PER_OCTAVE + k;
}

/** The value of a bucket: no number of the bucket differs from it by more than 1 %. */
export function bucketValue(index: number): number {
  const octave = Math.floor(index / PER_OCTAVE);
  const k = index - octave * PER_OCTAVE;
  const low = edges[k] as number;
  const high = edges[k + 1] as number;
  return ((2 * low * high) / (low + high)) * powerOfTwo(octave);
}
