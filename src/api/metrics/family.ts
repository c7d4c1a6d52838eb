/** Families of metrics, whichever format they are written in. */

import type { StreamState } from '../../model/metrics.js';

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** A histogram is a sketch. Each format makes the buckets that it knows. */
export interface HistogramSample {
  readonly labels: Labels;
  readonly state: StreamState;
}

interface Described {
  /** The name of a counter is without its suffix `_total`. */
  readonly name: string;
  readonly help: string;
  readonly unit?: 'seconds';
}

export interface NumberFamily extends Described {
  readonly type: 'counter' | 'gauge';
  readonly samples: readonly Sample[];
}

export interface HistogramFamily extends Described {
  readonly type: 'histogram';
  readonly samples: readonly HistogramSample[];
}

export type Family = NumberFamily | HistogramFamily;
