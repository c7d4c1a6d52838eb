/** The values of a job entry's parameters, row by row: each row is one kind of job. */

import { randomNormal, randomUniform } from 'd3-random';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { mersenne } from 'pure-rand/generator/mersenne';
import type { Distribution, ValueSweep, Values } from '../model/ensemble.js';
import { type Given, given, type Row } from '../model/written.js';
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
export function steps(from: number, to: number, step: number): Values {
  // The last digits of a quotient like (0.9 - 0.1) / 0.2 are not exact.
  const count = Math.floor((to - from) / step + 1e-9) + 1;
  const decimals = Math.min(100, Math.max(decimalsOf(from), decimalsOf(step)));
  return { kind: 'steps', from, step, decimals, count };
}

/** The number of values. */
export function countValues(values: Values): number {
  return values.kind === 'list' ? values.values.length : values.count;
}

/** The value with an index, counted from 0, which must be below the number of values. */
export function valueAt(values: Values, index: number): Given {
  switch (values.kind) {
    case 'list':
      return values.values[index] as Given;
    case 'steps':
      return Number((values.from + index * values.step).toFixed(values.decimals)) + 0;
    case 'spread': {
      const { from, to, scale, count } = values;
      if (index === 0) return from;
      if (index === count - 1) return to;
      const share = index / (count - 1);
      return tidy(scale === 'log' ? from * (to / from) ** share : from + (to - from) * share);
    }
    case 'integers': {
      const value = values.from + BigInt(index) * values.step;
      const number = Number(value);
      // A number that would round it is only its text.
      return Number.isSafeInteger(number) ? given(number, null) : String(value);
    }
  }
}

/** The rows of the parameters that are not drawn. The last one of a product changes fastest. */
export function* fixedRows(fixed: ValueSweep['fixed']): Generator<Row, void, void> {
  if (!('product' in fixed)) {
    yield* fixed;
    return;
  }
  const { product } = fixed;
  const places = product.map(() => 0);
  if (product.some(([, values]) => countValues(values) === 0)) return;
  for (;;) {
    yield Object.fromEntries(product.map(([name, values], i) => [name, valueAt(values, places[i] ?? 0)]));
    let last = product.length - 1;
    while (last >= 0 && (places[last] ?? 0) + 1 === countValues((product[last] as (typeof product)[0])[1])) {
      places[last--] = 0;
    }
    if (last < 0) return;
    places[last] = (places[last] ?? 0) + 1;
  }
}

/** The number of rows of a table. */
export function countRows({ fixed, draws, samples }: ValueSweep): number {
  const combinations =
    'product' in fixed
      ? fixed.product.reduce((all, [, values]) => all * countValues(values), 1)
      : fixed.length;
  return combinations * (draws.length === 0 ? 1 : samples);
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
function* drawnTables({ draws, samples, seed, design }: ValueSweep): Generator<(sample: number) => Given[]> {
  if (design === 'random') {
    // Its first numbers are as random as later ones, also for seeds like 0, 1 and 2.
    const generator = mersenne(seed);
    const drawn = draws.map(([, distribution]) => drawFrom(distribution, generator));
    for (;;) yield () => drawn.map((draw) => draw());
  }
  for (const pointAt of pointsOf(design, { dimensions: draws.length, count: samples, seed })) {
    yield (sample) => {
      const point = pointAt(sample);
      return draws.map(([, distribution], i) => quantile(distribution, point[i] ?? 0.5));
    };
  }
}

function* drawnRows(sweep: ValueSweep, drawn: (sample: number) => Given[]): Generator<Row, void, void> {
  const { names, fixed, draws, samples } = sweep;
  for (const row of fixedRows(fixed)) {
    for (let sample = 0; sample < samples; sample++) {
      const values: Record<string, Given> = { ...row };
      for (const [i, value] of drawn(sample).entries()) values[draws[i]?.[0] ?? ''] = value;
      yield Object.fromEntries(names.map((name) => [name, values[name] as Given]));
    }
  }
}

/**
 * The rows of a sweep, as an endless sequence of tables, whose rows are made as they are taken. A table is taken in full
 * before the next one. The first table is that of the file; later ones have the same fixed values and continue the drawing.
 * The same seed always gives the same tables. Combinations of fixed values get the same points of a design, so that they can
 * be compared.
 */
export function* tablesOfValues(sweep: ValueSweep): Generator<Iterable<Row>, never, void> {
  const { fixed, draws } = sweep;
  if (draws.length === 0) for (;;) yield fixedRows(fixed);
  const tables = drawnTables(sweep);
  for (;;) yield drawnRows(sweep, tables.next().value as (sample: number) => Given[]);
}
