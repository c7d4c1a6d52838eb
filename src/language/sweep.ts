/** The values of a job entry's parameters, row by row: each row is one kind of job. */

import { randomNormal, randomUniform } from 'd3-random';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { mersenne } from 'pure-rand/generator/mersenne';
import type { Distribution, Sweep } from '../model/ensemble.js';
import type { Given, Row } from '../model/written.js';
import { pointsOf } from './design/design.js';
import { normalQuantile } from './design/normal-quantile.js';

type Draw = () => Given;

/** Numbers are rounded to 15 significant digits, so that three times a tenth is 0.3. */
const tidy = (number: number) => Number(number.toPrecision(15));

/** The decimals with which a number is written. */
function decimalsOf(number: number): number {
  const [mantissa = '', exponent = '0'] = String(number).split('e');
  return Math.max(0, (mantissa.split('.')[1] ?? '').length - Number(exponent));
}

/** `from`, `from + step`, ... up to and including `to`, which the steps must reach. */
export function steps(from: number, to: number, step: number): number[] {
  // The last digits of a quotient like (0.9 - 0.1) / 0.2 are not exact.
  const count = Math.floor((to - from) / step + 1e-9) + 1;
  const decimals = Math.min(100, Math.max(decimalsOf(from), decimalsOf(step)));
  return Array.from({ length: count }, (_, i) => Number((from + i * step).toFixed(decimals)) + 0);
}

/** `count` values from `from` to `to`, both included, with equal distances or, on a log scale, equal ratios. */
export function spread(from: number, to: number, count: number, scale: 'linear' | 'log'): number[] {
  return Array.from({ length: count }, (_, i) => {
    if (i === 0) return from;
    if (i === count - 1) return to;
    const share = i / (count - 1);
    return tidy(scale === 'log' ? from * (to / from) ** share : from + (to - from) * share);
  });
}

/** Every combination of one value each; the last parameter changes fastest. */
export function product(dimensions: readonly (readonly [string, readonly Given[]])[]): Row[] {
  let rows: Row[] = [{}];
  for (const [name, values] of dimensions) {
    rows = rows.flatMap((row) => values.map((value) => ({ ...row, [name]: value })));
  }
  return rows;
}

function drawFrom(distribution: Distribution, generator: ReturnType<typeof mersenne>): Draw {
  const uniform = () => uniformFloat64(generator);
  switch (distribution.kind) {
    case 'uniform':
      return randomUniform.source(uniform)(distribution.from, distribution.to);
    case 'loguniform': {
      const { from, to } = distribution;
      const exponent = randomUniform.source(uniform)(Math.log(from), Math.log(to));
      return () => Math.min(Math.max(Math.exp(exponent()), from), to);
    }
    case 'normal':
      return randomNormal.source(uniform)(distribution.mean, distribution.deviation);
    case 'integer':
      return () => uniformInt(generator, distribution.from, distribution.to);
    case 'choice': {
      const { values } = distribution;
      return () => values[uniformInt(generator, 0, values.length - 1)] as Given;
    }
  }
}

/** The value of a distribution below which its variable lies with this probability, above 0 and below 1. */
function quantile(distribution: Distribution, probability: number): Given {
  switch (distribution.kind) {
    case 'uniform':
      return distribution.from + probability * (distribution.to - distribution.from);
    case 'loguniform': {
      const { from, to } = distribution;
      return Math.min(Math.max(from * (to / from) ** probability, from), to);
    }
    case 'normal':
      return distribution.mean + distribution.deviation * normalQuantile(probability);
    case 'integer': {
      const { from, to } = distribution;
      return Math.min(to, from + Math.floor(probability * (to - from + 1)));
    }
    case 'choice': {
      const { values } = distribution;
      return values[Math.floor(probability * values.length)] as Given;
    }
  }
}

/** The drawn values of a sample, for one table after the other. */
function* drawnTables({ draws, samples, seed, design }: Sweep): Generator<(sample: number) => Given[]> {
  if (design === 'random') {
    // Its first numbers are as random as later ones, also for seeds like 0, 1 and 2.
    const generator = mersenne(seed);
    const drawn = draws.map(([, distribution]) => drawFrom(distribution, generator));
    for (;;) yield () => drawn.map((draw) => draw());
  }
  for (const points of pointsOf(design, { dimensions: draws.length, count: samples, seed })) {
    yield (sample) => draws.map(([, distribution], i) => quantile(distribution, points[sample]?.[i] ?? 0.5));
  }
}

/**
 * The rows of a sweep, as an endless sequence of tables. The first table is that of the file; later ones have the
 * same fixed values and continue the drawing. The same seed always gives the same tables. Combinations of fixed values get
 * the same points of a design, so that they can be compared.
 */
export function* tablesOf(sweep: Sweep): Generator<Row[], never, void> {
  const { names, rows, draws, samples } = sweep;
  if (draws.length === 0) for (;;) yield [...rows];
  const tables = drawnTables(sweep);
  for (;;) {
    const drawn = tables.next().value as (sample: number) => Given[];
    yield rows.flatMap((row) =>
      Array.from({ length: samples }, (_, sample) => {
        const values: Record<string, Given> = { ...row };
        for (const [i, value] of drawn(sample).entries()) values[draws[i]?.[0] ?? ''] = value;
        return Object.fromEntries(names.map((name) => [name, values[name] as Given]));
      }),
    );
  }
}
