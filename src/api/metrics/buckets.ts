/** Histograms of Prometheus from sketches of times, which are never negative. */

import { type BucketRow, halved } from '../../engine/mergeable.js';
import type { StreamState } from '../../model/metrics.js';

/** Bounds are powers of two, from 2^-7 (8 ms) to 2^20 (12 days). A sketch has an edge at each, so the counts are exact. */
const FIRST = -7;
const LAST = 20;

/** The finite bounds of a classic histogram, and how many numbers are not above each. */
export function* classicBuckets(state: StreamState): Generator<[bound: number, count: number]> {
  const { zeros, scale, first, buckets } = state;
  const perOctave = 2 ** scale;
  let passed = zeros;
  let next = 0;
  for (let power = FIRST; power <= LAST; power++) {
    // The bucket i ends at 2^((i+1)/perOctave).
    for (; next < buckets.length && first + next + 1 <= power * perOctave; next++)
      passed += buckets[next] ?? 0;
    yield [2 ** power, passed];
  }
}

/** Buckets of a native histogram. Prometheus refuses long ones where its `native_histogram_bucket_limit` says so. */
const MOST_BUCKETS = 160;
/** The coarsest schema of Prometheus. */
const COARSEST = -4;
/** Up to this number of empty buckets cost less than a new span. */
const MOST_EMPTY = 2;

export interface NativeBuckets {
  /** The scale of the buckets. */
  readonly schema: number;
  /** Buckets in a row. `offset` is the index of the first one in the first span, and else the distance from the span before. */
  readonly spans: readonly { readonly offset: number; readonly length: number }[];
  /** The count of each bucket, less that of the bucket before it. */
  readonly deltas: readonly number[];
}

function nativeRow({ scale, first, buckets }: BucketRow): NativeBuckets {
  const spans: { offset: number; length: number }[] = [];
  const deltas: number[] = [];
  let next = 0;
  let previous = 0;
  const add = (count: number) => {
    deltas.push(count - previous);
    previous = count;
  };
  for (const [i, count] of buckets.entries()) {
    if (count === 0) continue;
    // The bucket that ends at 1 has the index 0 for Prometheus, and -1 in a sketch.
    const index = first + i + 1;
    const gap = index - next;
    const span = spans.at(-1);
    if (span === undefined || gap > MOST_EMPTY) {
      spans.push({ offset: gap, length: 1 });
    } else {
      for (let empty = 0; empty < gap; empty++) add(0);
      span.length += gap + 1;
    }
    add(count);
    next = index + 1;
  }
  return { schema: scale, spans, deltas };
}

/** The buckets of a native histogram: those of the sketch, or pairs of them until they are few. */
export function nativeBuckets(state: StreamState): NativeBuckets {
  let row: BucketRow = state;
  for (;;) {
    const native = nativeRow(row);
    if (native.deltas.length <= MOST_BUCKETS || native.schema === COARSEST) return native;
    row = halved(row);
  }
}
