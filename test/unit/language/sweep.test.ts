import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  countRows,
  countValues,
  fixedRows,
  steps,
  tablesOfValues,
  valueAt,
} from '../../../src/language/sweep.js';
import type { ValueSweep, Values } from '../../../src/model/ensemble.js';
import type { Given, Row } from '../../../src/model/written.js';

const sweep = (parts: Partial<ValueSweep>): ValueSweep => ({
  kind: 'values',
  names: ['x'],
  fixed: [{}],
  draws: [],
  samples: 1,
  seed: 0,
  design: 'random',
  ...parts,
});

const listOf = (values: Values) => Array.from({ length: countValues(values) }, (_, i) => valueAt(values, i));
const spread = (from: number, to: number, count: number, scale: 'linear' | 'log') =>
  listOf({ kind: 'spread', from, to, count, scale });
const product = (lists: readonly (readonly [string, readonly Given[]])[]) => [
  ...fixedRows({ product: lists.map(([name, values]) => [name, { kind: 'list', values }]) }),
];
/** The tables of a sweep as lists of rows. */
function* tablesOf(of: ValueSweep): Generator<Row[], never, void> {
  for (const table of tablesOfValues(of)) yield [...table];
  throw new Error('the tables end');
}

describe('a range', () => {
  test.each([
    [0.1, 0.9, 0.2, [0.1, 0.3, 0.5, 0.7, 0.9]],
    [0, 1, 0.3, [0, 0.3, 0.6, 0.9]],
    [-0.3, 0.1, 0.1, [-0.3, -0.2, -0.1, 0, 0.1]],
    [300, 100, -100, [300, 200, 100]],
    [1e-6, 3e-6, 1e-6, [1e-6, 2e-6, 3e-6]],
    [5, 5, 1, [5]],
  ])('from %d to %d by %d', (from, to, step, values) => {
    expect(listOf(steps(from, to, step))).toEqual(values);
  });

  test('has the requested number of values', () => {
    expect(spread(0, 1, 5, 'linear')).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(spread(1, 1000, 4, 'log')).toEqual([1, 10, 100, 1000]);
    expect(spread(1000, 0.1, 5, 'log')).toEqual([1000, 100, 10, 1, 0.1]);
    expect(spread(7, 9, 1, 'linear')).toEqual([7]);
    expect(spread(0, 1, 4, 'linear')).toEqual([0, 0.333333333333333, 0.666666666666667, 1]);
  });

  test('has no value beyond its end, and no value with a long tail of digits', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -500, max: 500 }),
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: 0, max: 4 }),
        (start, distance, count, decimals) => {
          const unit = 10 ** -decimals;
          const at = (i: number) => Number((unit * (start + i * distance)).toFixed(decimals));
          expect(listOf(steps(at(0), at(count), Number((unit * distance).toFixed(decimals))))).toEqual(
            Array.from({ length: count + 1 }, (_, i) => at(i) + 0),
          );
        },
      ),
    );
  });
});

test('a product has every combination once, and the last parameter changes fastest', () => {
  expect(
    product([
      ['a', [1, 2]],
      ['b', ['x', 'y']],
    ]),
  ).toEqual([
    { a: 1, b: 'x' },
    { a: 1, b: 'y' },
    { a: 2, b: 'x' },
    { a: 2, b: 'y' },
  ]);
  fc.assert(
    fc.property(
      fc.array(fc.uniqueArray(fc.integer(), { minLength: 1, maxLength: 5 }), { maxLength: 4 }),
      (lists) => {
        const rows = product(lists.map((values, i) => [`p${i}`, values]));
        expect(rows).toHaveLength(lists.reduce((all, { length }) => all * length, 1));
        expect(new Set(rows.map((row) => JSON.stringify(row))).size).toBe(rows.length);
        for (const row of rows) expect(Object.keys(row)).toEqual(lists.map((_, i) => `p${i}`));
      },
    ),
  );
});

describe('a drawn value', () => {
  const draws: ValueSweep['draws'] = [
    ['u', { kind: 'uniform', from: 2, to: 3 }],
    ['l', { kind: 'loguniform', from: 1e-4, to: 1e2 }],
    ['n', { kind: 'normal', mean: 10, deviation: 2 }],
    ['i', { kind: 'integer', from: 1, to: 6 }],
    ['c', { kind: 'choice', values: ['a', 'b', true] }],
  ];
  const names = ['u', 'l', 'n', 'i', 'c'];
  const table = (seed: number, samples: number) =>
    tablesOf(sweep({ names, draws, samples, seed })).next().value;

  test('is the same for the same seed, and differs for another', () => {
    expect(table(7, 50)).toEqual(table(7, 50));
    expect(table(7, 50)).not.toEqual(table(8, 50));
  });

  test('has the requested distribution', () => {
    const rows = table(1, 20_000);
    const column = (name: string) => rows.map((row) => row[name] as number);
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(Math.min(...column('u'))).toBeGreaterThanOrEqual(2);
    expect(Math.max(...column('u'))).toBeLessThan(3);
    expect(mean(column('u'))).toBeCloseTo(2.5, 1);
    expect(Math.min(...column('l'))).toBeGreaterThanOrEqual(1e-4);
    expect(Math.max(...column('l'))).toBeLessThanOrEqual(1e2);
    expect(mean(column('l').map(Math.log10))).toBeCloseTo(-1, 1);
    expect(mean(column('n'))).toBeCloseTo(10, 0);
    expect(Math.sqrt(mean(column('n').map((value) => (value - 10) ** 2)))).toBeCloseTo(2, 1);
    expect([...new Set(column('i'))].sort()).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...new Set(rows.map(({ c }) => c))].sort()).toEqual(['a', 'b', true]);
  });

  test('is as random for the first job of many seeds as for many jobs of one seed', () => {
    for (const [name, from, width] of [
      ['u', 2, 1],
      ['i', 0.5, 6],
    ] as const) {
      const first = Array.from({ length: 2000 }, (_, seed) => table(seed, 1)[0]?.[name] as number).sort(
        (a, b) => a - b,
      );
      // The distance of Kolmogorov and Smirnov. It exceeds 0.05 by chance once in ten thousand times.
      const places = first.map((value) => (value - from) / width);
      const far = Math.max(...places.map((place, i) => Math.abs(place - (i + 0.5) / first.length)));
      expect(far, name).toBeLessThan(name === 'u' ? 0.05 : 1 / 6);
    }
  });

  test('continues from table to table, next to the same fixed values', () => {
    const tables = tablesOf(
      sweep({
        names: ['x', 'i'],
        fixed: [{ x: 1 }, { x: 2 }],
        draws: [['i', { kind: 'integer', from: 0, to: 1e9 }]],
      }),
    );
    const [first, second] = [tables.next().value, tables.next().value];
    expect(first.map(({ x }) => x)).toEqual([1, 2]);
    expect(second.map(({ x }) => x)).toEqual([1, 2]);
    expect(new Set([...first, ...second].map(({ i }) => i)).size).toBe(4);
    expect(Object.keys(first[0] as object)).toEqual(['x', 'i']);
  });
});

describe('a design', () => {
  const draws: ValueSweep['draws'] = [
    ['x', { kind: 'uniform', from: 10, to: 20 }],
    ['y', { kind: 'loguniform', from: 0.001, to: 1 }],
    ['z', { kind: 'normal', mean: 5, deviation: 2 }],
    ['n', { kind: 'integer', from: 1, to: 4 }],
    ['c', { kind: 'choice', values: ['a', 'b'] }],
  ];
  const of = (design: ValueSweep['design'], fixed: readonly Row[] = [{}]) =>
    sweep({
      names: [...Object.keys(fixed[0] ?? {}), ...draws.map(([name]) => name)],
      fixed,
      draws,
      samples: 16,
      design,
    });

  test.each(['lhs', 'halton', 'sobol'] as const)(
    '%s spreads values of each distribution evenly',
    (design) => {
      const table = tablesOf(of(design)).next().value;
      const column = (name: string) => table.map((row) => row[name]);
      const numbers = (name: string) => column(name) as number[];
      const below = (name: string, limit: number) => numbers(name).filter((value) => value < limit).length;
      expect(table).toHaveLength(16);
      const off = (count: number) => Math.abs(count - 8);
      expect(off(below('x', 15))).toBeLessThanOrEqual(1);
      expect(off(below('y', 10 ** -1.5))).toBeLessThanOrEqual(1);
      expect(off(below('z', 5))).toBeLessThanOrEqual(2);
      expect(new Set(numbers('n'))).toEqual(new Set([1, 2, 3, 4]));
      expect(new Set(column('c'))).toEqual(new Set(['a', 'b']));
      expect(Math.min(...numbers('x'))).toBeGreaterThanOrEqual(10);
      expect(Math.max(...numbers('x'))).toBeLessThanOrEqual(20);
    },
  );

  test('gives each combination of the others the same points, and goes on in the next table', () => {
    const tables = tablesOf(of('sobol', [{ mesh: 'coarse' }, { mesh: 'fine' }]));
    const [first, second] = [tables.next().value, tables.next().value];
    const without = (rows: typeof first) => rows.map(({ mesh: _, ...values }) => values);
    expect(first.map(({ mesh }) => mesh)).toEqual([...Array(16).fill('coarse'), ...Array(16).fill('fine')]);
    expect(without(first.slice(0, 16))).toEqual(without(first.slice(16)));
    const one = tablesOf({ ...of('sobol'), samples: 32 }).next().value;
    expect([...without(first.slice(0, 16)), ...without(second.slice(0, 16))]).toEqual(one);
  });
});

test('rows of a sweep are made as they are taken', () => {
  const range = { kind: 'spread', from: 0, to: 1, count: 1_000_000, scale: 'linear' } as const;
  const fixed = {
    product: [
      ['a', range],
      ['b', range],
    ],
  } as const;
  const draws: ValueSweep['draws'] = [['x', { kind: 'uniform', from: 0, to: 1 }]];
  for (const design of ['random', 'halton', 'sobol'] as const) {
    const large = sweep({ names: ['a', 'b', 'x'], fixed, draws, samples: 1_000_000, design });
    expect(countRows(large)).toBe(1e18);
    const rows = tablesOfValues(large).next().value[Symbol.iterator]();
    expect([rows.next().value, rows.next().value]).toMatchObject([
      { a: 0, b: 0 },
      { a: 0, b: 0 },
    ]);
  }
});
