/**
 * The buckets of the native sketch, bit for bit (native/stats/log_buckets.h has the reasons). At scale s, bucket i holds
 * the numbers above 2^(i/2^s), up to 2^((i+1)/2^s) inclusive. Pairs of buckets are one bucket of the next coarser scale.
 */

/** The finest scale. */
export const SCALE = 6;

const PER_OCTAVE = 2 ** SCALE;

/** The largest double that is not above 2^(k/64). */
function edgeOf(k: number): number {
  const power = 2n ** BigInt(52 * PER_OCTAVE + k);
  const degree = BigInt(PER_OCTAVE);
  // The floating-point power may be off by one.
  let mantissa = BigInt(Math.floor(2 ** (52 + k / PER_OCTAVE)));
  while (mantissa ** degree > power) mantissa--;
  while ((mantissa + 1n) ** degree <= power) mantissa++;
  return Number(mantissa) / 2 ** 52;
}

let edges: readonly number[] = [];

/** The edges from 1 to 2, computed at the first request. */
function edgesOfOctave(): readonly number[] {
  if (edges.length === 0) edges = Array.from({ length: PER_OCTAVE + 1 }, (_, k) => edgeOf(k));
  return edges;
}

/** The bits of a number. */
const double = new DataView(new ArrayBuffer(8));

function powerOfTwo(exponent: number): number {
  double.setUint32(0, (exponent + 1023) << 20);
  double.setUint32(4, 0);
  return double.getFloat64(0);
}

/** Returns whether `scale` is one of a sketch, and some double is in each of these buckets. */
export function areBuckets(scale: number, first: number, length: number): boolean {
  if (!Number.isInteger(scale) || scale < 0 || scale > SCALE) return false;
  const perOctave = 2 ** scale;
  return first >= -1022 * perOctave && first + length <= 1024 * perOctave;
}

/** The value of a bucket. At scale 6, no number of the bucket differs from it by more than 0.54 %. */
export function bucketValue(index: number, scale: number): number {
  const width = 2 ** (SCALE - scale);
  const octave = Math.floor((index * width) / PER_OCTAVE);
  const k = index * width - octave * PER_OCTAVE;
  const low = edgesOfOctave()[k] as number;
  const high = edgesOfOctave()[k + width] as number;
  return ((2 * low * high) / (low + high)) * powerOfTwo(octave);
}
