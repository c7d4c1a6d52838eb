/** A distribution as bars: their places are exponents, so that each bar has the same width. */

import type { HistogramResource } from '../api/types.js';

export interface Bars {
  readonly places: readonly number[];
  readonly counts: readonly number[];
  /** The places of the quantiles that are known. */
  readonly marks: readonly { readonly name: string; readonly place: number; readonly value: number }[];
}

/** The place of a number on the axis. */
export function placeOf(value: number, scale: number): number {
  return Math.log2(value) * 2 ** scale;
}

/** The number at a place. */
export function numberAt(place: number, scale: number): number {
  return 2 ** (place / 2 ** scale);
}

/** The bars of a distribution; null for an empty one. */
export function barsOf({ scale, first, buckets, quantiles }: HistogramResource): Bars | null {
  if (buckets.length === 0) return null;
  const marks = Object.entries(quantiles).flatMap(([name, value]) =>
    value === null || value <= 0 ? [] : [{ name: name.toUpperCase(), place: placeOf(value, scale), value }],
  );
  return { places: buckets.map((_count, index) => first + index + 0.5), counts: buckets, marks };
}
