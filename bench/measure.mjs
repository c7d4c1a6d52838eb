// Measurement: several rounds, the candidates in turn within each, medians of the rounds.

/** Median of a list of numbers. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Runs the candidates (name -> async function) in turn, `rounds` times after one warm-up, and returns for each
 * the wall seconds: { median, min, max }.
 */
export async function compare(candidates, rounds = 5) {
  const seconds = Object.fromEntries(Object.keys(candidates).map((name) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (const [name, run] of Object.entries(candidates)) {
      globalThis.gc?.();
      const begin = process.hrtime.bigint();
      await run();
      const elapsed = Number(process.hrtime.bigint() - begin) / 1e9;
      if (round >= 0) seconds[name].push(elapsed);
    }
  }
  return Object.fromEntries(
    Object.entries(seconds).map(([name, values]) => [
      name,
      { median: median(values), min: Math.min(...values), max: Math.max(...values) },
    ]),
  );
}

/** Formats with three significant digits. */
export const show = (value) => String(Number(value.toPrecision(3)));

/** Formats the median and spread of some values: `7.1 ms (6.8 to 9.2)`. */
export const spread = (values, unit) =>
  `${show(median(values))} ${unit} (${show(Math.min(...values))} to ${show(Math.max(...values))})`;
