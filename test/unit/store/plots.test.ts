/** Plots of jobs: over time, and by their parameters. */

import { describe, expect, test } from 'vitest';
import { latestStarted } from '../../../src/store/jobs/latest.js';
import {
  hostIntervals,
  intervalsOf,
  meansOf,
  occupationOf,
  spanOf,
} from '../../../src/store/jobs/occupation.js';
import { MOST_PLACES } from '../../../src/store/jobs/plots/axis.js';
import { heatMapOf } from '../../../src/store/jobs/plots/heat-map.js';
import { scatterOf } from '../../../src/store/jobs/plots/scatter.js';
import { variablesOf } from '../../../src/store/jobs/plots/variables.js';
import { JobTable } from '../../../src/store/jobs/table.js';
import { type JobFacts, jobColumns } from '../../support/job-columns.js';

const nothing = { nodes: null, tasks: null, output: null, error: null };

function tableOf(facts: readonly JobFacts[]): { table: JobTable; rows: Uint32Array } {
  const table = new JobTable({
    jobs: jobColumns(facts),
    titleOf: () => null,
    variablesOf: () => ['energy'],
    textsOf: () => [],
    place: () => nothing,
  });
  return { table, rows: Uint32Array.from(facts, (_, row) => row) };
}

const ended = (parameters: object, seconds: number, more: JobFacts = {}): JobFacts => ({
  ...{ submit: 0, start: 10, finish: 10 + seconds, result: 'completed' },
  parameters: JSON.stringify(parameters),
  ...more,
});

describe('jobs over time', () => {
  const jobs: JobFacts[] = [
    { submit: 100, start: 100, finish: 110, result: 'completed', hosts: 'node[1-2]' },
    { submit: 100, start: 105, result: 'active', hosts: 'node2' },
    { submit: 110, result: 'active' },
    // Its end is unknown, so it counts for no time.
    { submit: 100, start: 100, result: 'lost', hosts: 'node1' },
  ];
  const { table, rows } = tableOf(jobs);
  const span = spanOf(table, rows, 120) ?? { begin: 0, end: 0 };
  const { running, pending } = intervalsOf(table, rows, span);

  test('are counted in equal parts, with their weights', () => {
    expect(span).toEqual({ begin: 100, end: 120 });
    const ran = occupationOf(running, span, 4);
    expect([...ran.means]).toEqual([1, 2, 1, 1]);
    expect(ran).toMatchObject({ peak: 2, seconds: 25 });
    expect([...meansOf(pending, span, 4).means]).toEqual([1, 0, 1, 1]);
    const weight = (index: number) => (index === 0 ? 4 : 1);
    expect([...meansOf({ ...running, weight }, span, 4).means]).toEqual([4, 5, 1, 1]);
  });

  test('have hosts, each of which counts once', () => {
    const hosts = hostIntervals(table, rows, running);
    expect([...meansOf(hosts ?? running, span, 4).means]).toEqual([2, 2, 1, 1]);
    expect(hostIntervals(table, rows.subarray(2, 3), running)).toBe(null);
  });

  test('are counted from the first submission, where a clock was set back later', () => {
    const back = tableOf([{ submit: 100, start: 90, finish: 105, result: 'completed' }]);
    const of = spanOf(back.table, back.rows, 110) ?? span;
    expect([...meansOf(intervalsOf(back.table, back.rows, of).running, of, 2).means]).toEqual([1, 0]);
    expect(spanOf(table, rows.subarray(0, 0), 120)).toBe(null);
  });

  test('are the latest by their start, then those that wait', () => {
    expect([...latestStarted(table, rows, 2)]).toEqual([1, 3]);
    expect([...latestStarted(table, rows, 10)]).toEqual([1, 3, 0, 2]);
    expect([...latestStarted(table, rows, 0)]).toEqual([]);
  });
});

describe('jobs by their parameters', () => {
  const grid = tableOf([
    ended({ T: 400, kind: 'fcc' }, 2, { measured: [-1] }),
    ended({ T: 300, kind: 'fcc' }, 4, { measured: [-2] }),
    ended({ T: 300, kind: 'bcc' }, 6, { result: 'failed' }),
    ended({ T: 300, kind: 'bcc' }, 8, { measured: [-4] }),
    // Neither has an outcome.
    ended({ T: 300, kind: 'bcc' }, 1, { result: 'canceled' }),
    { submit: 0, start: 10, result: 'active', parameters: '{"T":300,"kind":"bcc"}' },
    ended({}, 3),
  ]);

  test('have variables with their values', () => {
    expect(variablesOf(grid.table, grid.rows)).toEqual([
      { name: 'parameters.T', kind: 'number', jobs: 6, distinct: 2, min: 300, max: 400 },
      { name: 'parameters.kind', kind: 'text', jobs: 6, distinct: 2, min: null, max: null },
      { name: 'measured.energy', kind: 'number', jobs: 3, distinct: 3, min: -4, max: -1 },
      { name: 'duration', kind: 'number', jobs: 6, distinct: 6, min: 1, max: 8 },
      { name: 'pending', kind: 'number', jobs: 7, distinct: 1, min: 10, max: 10 },
    ]);
  });

  test('have a heat map of means, or of the share of failures', () => {
    const of = (value: string, y: string | null = 'parameters.kind') =>
      heatMapOf(grid.table, grid.rows, { x: 'parameters.T', y, value });
    expect(of('failure')).toMatchObject({
      x: { values: [300, 400], width: null, left: 0 },
      y: { values: ['bcc', 'fcc'], width: null, left: 0 },
      cells: [
        { x: 0, y: 0, count: 2, mean: 0.5 },
        { x: 0, y: 1, count: 1, mean: 0 },
        { x: 1, y: 1, count: 1, mean: 0 },
      ],
      jobs: 4,
    });
    expect(of('measured.energy').cells.map(({ mean }) => mean)).toEqual([-4, -2, -1]);
    expect(of('failure', null).cells).toEqual([
      { x: 0, y: 0, count: 3, mean: expect.closeTo(1 / 3) },
      { x: 1, y: 0, count: 1, mean: 0 },
    ]);
    expect(() => of('parameters.P')).toThrow(/unknown column 'parameters.P'.*did you mean 'parameters.T'/s);
  });

  test('have equal parts of a range, and the most frequent texts, where there are many values', () => {
    const facts = Array.from({ length: 1000 }, (_, i) => ended({ x: i, name: `n${i % 40}`, half: i % 2 }, i));
    const { table, rows } = tableOf([...facts, ended({ x: 0, name: 'n7', half: 0 }, 0)]);
    const { x, y, cells, jobs } = heatMapOf(table, rows, {
      x: 'parameters.x',
      y: 'parameters.name',
      value: 'duration',
    });
    expect(x.values).toHaveLength(MOST_PLACES);
    expect(x.width).toBeCloseTo(33.3);
    expect(x.values[0]).toBeCloseTo(16.65);
    expect([y.values.length, y.left, y.values.includes('n7')]).toEqual([MOST_PLACES, 250, true]);
    expect([jobs, cells.reduce((sum, { count }) => sum + count, 0)]).toEqual([751, 751]);
  });

  test('have points in the order of x, with the means of all jobs', () => {
    const { table, rows } = grid;
    const query = { x: 'parameters.T', y: 'duration', color: 'measured.energy', points: 100 };
    expect(scatterOf(table, rows, query)).toEqual({
      x: [300, 300, 300, 300, 400],
      y: [4, 6, 8, 1, 2],
      results: ['completed', 'failed', 'completed', 'canceled', 'completed'],
      colors: [-2, null, -4, null, -1],
      means: [
        { x: 300, count: 4, mean: 4.75 },
        { x: 400, count: 1, mean: 2 },
      ],
      jobs: 5,
    });
    expect(scatterOf(table, rows, { ...query, y: 'failure', color: null }).means[0]?.mean).toBeCloseTo(1 / 3);
  });

  test('have a random sample of points, the same one again', () => {
    // Every 100th job would have the same parameter.
    const { table, rows } = tableOf(Array.from({ length: 3000 }, (_, i) => ended({ T: i % 100 }, i % 7)));
    const query = { x: 'parameters.T', y: 'duration', color: null, points: 200 };
    const sample = scatterOf(table, rows, query);
    expect([sample.x.length, sample.jobs, sample.means.length]).toEqual([200, 3000, MOST_PLACES]);
    expect(new Set(sample.x).size).toBeGreaterThan(50);
    // Ten jobs for each mean.
    expect(scatterOf(table, rows.subarray(0, 90), query).means.map(({ count }) => count)).toEqual(
      Array(9).fill(10),
    );
    expect(scatterOf(table, rows, query)).toEqual(sample);
  });
});
