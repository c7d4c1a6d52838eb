/** Classic histograms of Prometheus from sketches. */

import type { StreamState } from '../../model/metrics.js';
import type { Labels, Sample } from './text.js';

/** Bounds are powers of two, from 2^-7 (8 ms) to 2^20 (12 days). A sketch has an edge at each, so the counts are exact. */
const FIRST = -7;
const LAST = 20;

/** `1.0`: OpenMetrics wants a decimal point in bounds. */
const boundOf = (bound: number) => (Number.isInteger(bound) ? `${bound}.0` : String(bound));

/** The samples of a histogram. */
export function histogramSamples(state: StreamState, labels: Labels): Sample[] {
  const { count, sum, zeros, scale, first, buckets } = state;
  const perOctave = 2 ** scale;
  const samples: Sample[] = [];
  let passed = zeros;
  let next = 0;
  for (let power = FIRST; power <= LAST; power++) {
    // The bucket i ends at 2^((i+1)/perOctave).
    for (; next < buckets.length && first + next + 1 <= power * perOctave; next++)
      passed += buckets[next] ?? 0;
    samples.push({ suffix: '_bucket', labels: { ...labels, le: boundOf(2 ** power) }, value: passed });
  }
  samples.push({ suffix: '_bucket', labels: { ...labels, le: '+Inf' }, value: count });
  samples.push({ suffix: '_sum', labels, value: sum }, { suffix: '_count', labels, value: count });
  return samples;
}
