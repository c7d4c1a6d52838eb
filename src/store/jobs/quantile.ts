/** Quantiles of numbers that are all in memory. */

/** The quantile of ascending numbers, interpolated linearly; NaN without a number. */
export function quantile(sorted: Float64Array, q: number): number {
  const place = q * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[Math.ceil(place)] ?? low;
  return low + (high - low) * (place - below);
}
