/** The table of a run's jobs: its columns, expressions, sorting, summaries and files. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { writeJobs } from '../../../src/cli/write-jobs.js';
import { jobsBy } from '../../../src/store/jobs/by.js';
import { csvLines, jsonLines } from '../../../src/store/jobs/export.js';
import { selectJobs } from '../../../src/store/jobs/query.js';
import { jobRow } from '../../../src/store/jobs/row.js';
import { JobTable } from '../../../src/store/jobs/table.js';
import { newFolder } from '../../support/cli.js';
import { type JobFacts, jobColumns } from '../../support/job-columns.js';

const place = { nodes: 2, tasks: 4, output: '/o', error: null };
const tableOf = (jobs: readonly JobFacts[]) =>
  new JobTable({
    jobs: jobColumns(jobs),
    titleOf: (rule) => ['start', 'more'][rule] ?? null,
    variablesOf: () => ['energy', 'steps'],
    textsOf: () => [],
    place: () => place,
  });

const ended = { submit: 100, start: 101, finish: 111 };
const table = tableOf([
  {
    group: 'melt',
    ...ended,
    result: 'completed',
    status: 0,
    parameters: '{"T":300,"kind":"a"}',
    rule: 0,
    measured: [-1.5, 7],
  },
  {
    group: 'melt',
    ...ended,
    finish: 131,
    result: 'failed',
    status: 256,
    parameters: '{"T":400}',
    attempt: 1,
  },
  { group: 'melt', ...ended, finish: 121, result: 'timeout', status: 9, parameters: '{"T":"hot"}', rule: 1 },
  { group: 'cool', submit: 100, result: 'canceled', exception: 'cancel', note: 'by "me",\nhere', rule: -1 },
  { group: 'cool', result: 'refused', parameters: '{"T":12345678901234567890,"x":true}', rule: 7 },
  { group: 'cool', submit: 105, start: 106 },
]);

const rows = (query: Parameters<typeof selectJobs>[1]) => [...selectJobs(table, query)];

describe('a query', () => {
  test.each([
    ['duration > 15', [1, 2]],
    ['duration == 20', [2]],
    ['duration > 10s and duration < 0.5m', [2]],
    ['not duration > 15', [0]],
    ['duration > 15 or group == "cool"', [1, 2, 3, 4, 5]],
    ['parameters.T >= 400', [1]],
    ['job.parameters.T >= 400', [1]],
    ['parameters.T == "hot"', [2]],
    ['parameters.T != "hot"', [0, 1, 4]],
    ['parameters.T == "12345678901234567890"', [4]],
    ['parameters.x == "true"', [4]],
    ['measured.energy < 0', [0]],
    ['measured.steps == 7', [0]],
    ['exit == 137', [2]],
    ['signal == "SIGKILL"', [2]],
    ['exit != 0', [1, 2]],
    ['attempt > 0', [1]],
    ['rule == -1', [3]],
    ['rule.name == "requested"', [3]],
    ['rule.name == "more"', [2]],
    ['result == "canceled"', [3]],
    ['pending + duration == 11', [0]],
    ['nodes > 1 and tasks == 4 and group == "melt"', [0, 1, 2]],
    ['submit > 104', [5]],
    ['id == "ƒ3"', [1]],
    ['jobid == "2"', [1]],
  ])('where %s', (where, expected) => {
    expect(rows({ where })).toEqual(expected);
  });

  test.each([
    ['nodez > 1', /^'nodez > 1', character 1: unknown name 'nodez'; did you mean 'nodes'\?; there are id, /],
    ['duration', /, character 1: this is a number; compare it with something/],
    ['duration > "x"', /, character 10: '>' can't compare a number with a text/],
    ['group > "x"', /'>' compares numbers only; texts are == or !=/],
    ['duration and 1', /'and' takes a comparison, which is true or false; this is a number/],
    ['-group > 1', /'-' takes a number; this is a text/],
    ['mean(group, 3) > 1', /'mean' is a function of metrics, not of one job/],
    ['(duration > 1) == 2', /'==' compares numbers or texts/],
    ['duration >', /the condition ends where a number/],
    ['result == failed', /unknown name 'failed'/],
  ])('refuses %s', (where, message) => {
    expect(() => rows({ where })).toThrow(expect.objectContaining({ code: 'ERR_RUN' }));
    expect(() => rows({ where })).toThrow(message);
  });

  test('selects groups and results', () => {
    expect(rows({ groups: ['melt'] })).toEqual([0, 1, 2]);
    expect(rows({ groups: ['melt', 'cool'] })).toHaveLength(6);
    expect(rows({ results: ['failed'] })).toEqual([1, 2, 4]);
    expect(rows({ results: ['timeout', 'active'] })).toEqual([2, 5]);
    expect(() => rows({ groups: ['mel'] })).toThrow("no job of group 'mel'; did you mean 'melt'?");
    expect(() => rows({ results: ['fail'] })).toThrow("unknown result 'fail'; did you mean 'failed'?");
  });

  test('sorts by numbers and texts, unknown values last', () => {
    expect(rows({ sort: 'duration' })).toEqual([0, 2, 1, 3, 4, 5]);
    expect(rows({ sort: 'duration:desc' })).toEqual([1, 2, 0, 3, 4, 5]);
    expect(rows({ sort: 'group' })).toEqual([3, 4, 5, 0, 1, 2]);
    expect(rows({ sort: 'result:desc', groups: ['melt'] })).toEqual([2, 1, 0]);
    expect(rows({ sort: 'parameters.T', groups: ['melt'] })).toEqual([0, 1, 2]);
    expect(() => rows({ sort: 'length' })).toThrow("unknown column 'length'");
  });
});

describe('a summary', () => {
  const values = [...Array(20).keys()].map((i) => ({
    ...ended,
    finish: 101 + i,
    result: i % 4 === 0 ? ('failed' as const) : ('completed' as const),
    parameters: `{"T":${i % 2 === 0 ? 300 : 400}}`,
  }));
  const summary = tableOf([...values, { result: 'canceled' as const }]);
  const all = selectJobs(summary, {});

  test('has counts and durations for each value', () => {
    const [cold, hot, none] = jobsBy(summary, all, 'parameters.T', undefined);
    // Durations 0, 2, ..., 18.
    expect(cold).toEqual({
      value: '300',
      count: 10,
      failed: 5,
      mean: 9,
      median: 9,
      p95: expect.closeTo(17.1),
    });
    expect(hot).toEqual({
      value: '400',
      count: 10,
      failed: 0,
      mean: 10,
      median: 10,
      p95: expect.closeTo(18.1),
    });
    expect(none).toMatchObject({ value: null, count: 1, failed: 0, mean: Number.NaN, median: Number.NaN });
  });

  test('is sorted by the value, by numbers in it, and by a statistic', () => {
    const order = (sort?: string) => jobsBy(summary, all, 'parameters.T', sort).map(({ value }) => value);
    expect(order()).toEqual(['300', '400', null]);
    expect(order('parameters.T:desc')).toEqual([null, '400', '300']);
    expect(order('failed:desc')).toEqual(['300', '400', null]);
    expect(order('mean:desc')).toEqual(['400', '300', null]);
    const numbers = tableOf([9, 10, 100].map((n) => ({ parameters: `{"n":${n}}` })));
    const found = jobsBy(numbers, selectJobs(numbers, {}), 'parameters.n', undefined);
    expect(found.map(({ value }) => value)).toEqual(['9', '10', '100']);
  });
});

describe('an export', () => {
  const named = (...names: string[]) => names.map((name) => table.column(name));

  test('quotes fields of CSV', () => {
    expect([...csvLines([1, 3], named('id', 'result', 'duration', 'note'))]).toEqual([
      'id,result,duration,note',
      'ƒ3,failed,30,',
      'ƒ5,canceled,,"by ""me"",\nhere"',
    ]);
  });

  test('has a JSON object for each job, with its parameters as they are', () => {
    const lines = [...jsonLines(table, [0, 4], named('jobid', 'exit', 'finish', 'note'), true)];
    expect(lines).toEqual([
      '{"jobid":"1","exit":0,"finish":111,"note":null,"parameters":{"T":300,"kind":"a"}}',
      '{"jobid":"5","exit":null,"finish":null,"note":null,"parameters":{"T":12345678901234567890,"x":true}}',
    ]);
    expect([...jsonLines(table, [2, 4], named('parameters.T'), false)]).toEqual([
      '{"parameters.T":"hot"}',
      '{"parameters.T":"12345678901234567890"}',
    ]);
    const broken = tableOf([{ parameters: '{"T":' }]);
    expect([...jsonLines(broken, [0], [], true)]).toEqual(['{"parameters":{}}']);
  });

  test('is written as the name of the file says', async () => {
    const folder = newFolder();
    const all = selectJobs(table, {});
    const text = (name: string) => readFileSync(join(folder, name), 'utf8');
    for (const name of ['a.csv', 'a.json', 'a.jsonl', 'a.parquet'])
      await writeJobs(join(folder, name), table, all);
    const lines = text('a.jsonl').trimEnd().split('\n');
    expect(lines).toHaveLength(6);
    expect(JSON.parse(text('a.json'))).toEqual(lines.map((line) => JSON.parse(line)));
    expect(text('a.csv').split('\n')[0]).toBe(table.names.join(','));
    expect(text('a.csv').split('\n')[1]).toContain('ƒ2,1,melt,');
    await expect(writeJobs(join(folder, 'a.txt'), table, all)).rejects.toThrow('must end with .csv, .json');
    await expect(writeJobs('/nowhere/a.csv', table, all)).rejects.toMatchObject({ code: 'ERR_FILE' });
    await expect(writeJobs('/nowhere/a.parquet', table, all)).rejects.toMatchObject({ code: 'ERR_FILE' });
    await writeJobs(join(folder, 'none.json'), table, new Uint32Array());
    expect(JSON.parse(text('none.json'))).toEqual([]);
  });

  test('in Parquet has types', async () => {
    const { asyncBufferFromFile, parquetReadObjects } = await import('hyparquet');
    const path = join(newFolder(), 'a.parquet');
    const many = tableOf(
      [...Array(120_000).keys()].map((i) => ({
        ...ended,
        finish: 101.5 + i,
        rule: i % 2,
        parameters: i === 1 ? '{"n":1.5}' : '',
      })),
    );
    await writeJobs(path, many, selectJobs(many, {}));
    const read = await parquetReadObjects({ file: await asyncBufferFromFile(path) });
    expect(read).toHaveLength(120_000);
    expect(read[119_999]).toMatchObject({
      group: 'sim',
      duration: 120_000 - 0.5,
      rule: 1n,
      'rule.name': 'more',
      submit: new Date(100_000),
      result: 'active',
      output: '/o',
      note: null,
      'parameters.n': null,
    });
    expect(read[1]).toMatchObject({ 'parameters.n': 1.5 });
    const mixed = join(newFolder(), 'mixed.parquet');
    await writeJobs(mixed, table, selectJobs(table, {}));
    const [first, , third] = await parquetReadObjects({ file: await asyncBufferFromFile(mixed) });
    expect([first?.['parameters.T'], third?.['parameters.T']]).toEqual(['300', 'hot']);
  });
});

test('a job is a plain object for programs', () => {
  expect(jobRow(table, 0)).toEqual({
    id: 1n,
    source: null,
    group: 'melt',
    entry: null,
    attempt: 0,
    parameters: { T: 300, kind: 'a' },
    rule: 0,
    ruleName: 'start',
    firing: null,
    part: 0,
    index: null,
    submit: 100,
    start: 101,
    finish: 111,
    pending: 1,
    duration: 10,
    result: 'completed',
    exit: 0,
    exception: null,
    note: null,
    nodes: 2,
    tasks: 4,
    output: '/o',
    error: null,
  });
});

test('a million jobs take little memory and time', () => {
  const size = 1_000_000;
  const one = jobColumns([{ ...ended, result: 'completed', status: 0 }]);
  const repeat = <T extends { fill(value: never): T }>(array: T, value: unknown) =>
    array.fill(value as never);
  const jobs = {
    ...one,
    ids: BigUint64Array.from({ length: size }, (_, i) => BigInt(i)),
    group: new Uint32Array(size),
    entry: new Int32Array(size),
    attempt: new Uint32Array(size),
    rule: new Int32Array(size),
    firing: new Float64Array(size),
    part: new Uint32Array(size),
    index: Float64Array.from({ length: size }, (_, i) => i),
    submit: repeat(new Float64Array(size), 100),
    start: repeat(new Float64Array(size), 101),
    finish: Float64Array.from({ length: size }, (_, i) => 101 + ((i * 7919) % size)),
    clean: new Float64Array(size),
    status: new Int32Array(size),
    result: repeat(new Uint8Array(size), 1),
    exception: new Uint32Array(size),
    note: new Uint32Array(size),
    parameters: new Uint32Array(size),
    hosts: new Uint32Array(size),
  };
  const large = new JobTable({
    jobs,
    titleOf: () => null,
    variablesOf: () => [],
    textsOf: () => [],
    place: () => place,
  });
  global.gc?.();
  const before = process.memoryUsage().rss;
  const found = selectJobs(large, { where: 'duration >= 500000 and exit == 0', sort: 'duration:desc' });
  expect(found).toHaveLength(size / 2);
  expect(large.column('duration').number(found[0] ?? 0)).toBe(size - 1);
  let bytes = 0;
  for (const line of csvLines(found, [large.column('jobid'), large.column('duration')])) bytes += line.length;
  expect(bytes).toBeGreaterThan(5_000_000);
  expect(process.memoryUsage().rss - before).toBeLessThan(400 * 2 ** 20);
});
