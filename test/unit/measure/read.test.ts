/** The files of a job, read as the process that reads files does. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readJob } from '../../../src/measure/read.js';
import { Taken } from '../../../src/measure/taken.js';
import type { JobGroup } from '../../../src/model/ensemble.js';
import type { Measurement, Take } from '../../../src/model/measure.js';
import { newFolder } from '../../support/cli.js';
import { read, withJob } from '../../support/config.js';

/** The measurement of `measure:` as a file has it. */
function measurementOf(measure: object): Measurement {
  const group = read(withJob({ measure, parameters: { T: 300 } })).config.groups.get('a') as JobGroup;
  return group.probes[0] as Measurement;
}

interface Files {
  readonly [name: string]: string | Buffer;
}

/** A folder of a job with these files; `out.txt` is its output. */
function folderWith(files: Files): string {
  const folder = newFolder();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

async function answerOf(
  measure: object,
  files: Files,
  stamps: Record<string, string> = {},
  folder = folderWith(files),
) {
  const facts = {
    ...{ id: 17n, group: 'a', parameters: { T: 300 }, values: { T: '300', group: 'a', index: '0' } },
    ...{
      workdir: folder,
      output: 'out.txt',
      error: 'err.txt',
      name: 'a',
      nodes: 1,
      tasks: 1,
      ascii: true,
      node: null,
    },
  };
  const { entries } = measurementOf(measure);
  return readJob({ kind: 'read', number: 1, job: { facts, kept: null, log: null }, entries, stamps });
}

/** The values by name; the reason of a missing one, without the folder. */
async function valuesOf(measure: object, files: Files): Promise<Record<string, number | string>> {
  const folder = folderWith(files);
  const { findings } = await answerOf(measure, files, {}, folder);
  return Object.fromEntries(
    findings.map((found) => [found.name, found.value ?? found.reason.replaceAll(`${folder}/`, '')]),
  );
}

const LOG = `step 1 energy: -1.5D+01 T= 300
step 2 energy: -16.25 T= 310
WARNING: slow
step 3 energy: -16.5 T= 290\r\n`;

describe('a pattern', () => {
  const energy = 'energy: (\\S+)';

  test('finds the last number of the output, or another one of several', async () => {
    const takes: readonly Take[] = ['first', 'last', 'min', 'max', 'mean', 'sum', 'count'];
    const measure = Object.fromEntries(takes.map((take) => [take, { pattern: energy, take }]));
    expect(await valuesOf({ energy: { pattern: energy }, ...measure }, { 'out.txt': LOG })).toEqual({
      energy: -16.5,
      first: -15,
      last: -16.5,
      min: -16.5,
      max: -15,
      mean: -47.75 / 3,
      sum: -47.75,
      count: 3,
    });
  });

  test('shows the line where the number is', async () => {
    const { findings } = await answerOf({ e: { pattern: energy } }, { 'out.txt': LOG });
    expect(findings).toMatchObject([
      { name: 'e', value: -16.5, line: 4, text: 'step 3 energy: -16.5 T= 290' },
    ]);
  });

  test('with named groups has several values', async () => {
    const measure = { log: { pattern: 'energy: (?<E>\\S+) T= *(?<T>\\S+)', take: 'max' } };
    expect(measurementOf(measure).values).toEqual(['E', 'T']);
    expect(await valuesOf(measure, { 'out.txt': LOG })).toEqual({ E: -15, T: 310 });
  });

  test('is searched in the files that the job names, with its tags', async () => {
    const files = { 'out.txt': 'x 1', 'err.txt': 'x 2', 'log-300-f5N.txt': '' };
    const measure = {
      o: { pattern: 'x (\\d)' },
      e: { pattern: 'x (\\d)', from: 'error' },
      f: { pattern: 'x (\\d)', from: 'log-{{T}}-{{id.dec}}.txt' },
    };
    expect(await valuesOf(measure, { ...files, 'log-300-17.txt': 'x 3' })).toEqual({ o: 1, e: 2, f: 3 });
  });

  test('counts matches on one line, and an empty match ends', async () => {
    const measure = { a: { pattern: 'x(\\d)', take: 'sum' }, b: { pattern: 'y*', take: 'count' } };
    expect(await valuesOf(measure, { 'out.txt': 'x1 x2 x3' })).toEqual({ a: 6, b: 9 });
  });

  test('that matches nothing says how many lines were searched, and shows the last ones', async () => {
    const answer = await answerOf({ e: { pattern: 'enregy: (.*)' } }, { 'out.txt': LOG });
    const reason = expect.stringMatching(
      /^\/enregy: \(\.\*\)\/ matches none of the 4 lines of .*\/out\.txt$/,
    );
    expect(answer.findings).toEqual([{ name: 'e', value: null, reason }]);
    expect(answer.tail).toEqual([
      'step 2 energy: -16.25 T= 310',
      'WARNING: slow',
      'step 3 energy: -16.5 T= 290',
    ]);
  });

  test.each([
    ['last', "'***' is not a number on line 2 of out.txt"],
    ['min', "'***' is not a number on line 2 of out.txt"],
    ['first', 1],
  ] as const)('with a text that is not a number, as the %s, gives %s', async (take, expected) => {
    expect(await valuesOf({ e: { pattern: 'e=(.*)', take } }, { 'out.txt': 'e=1\ne=***\n' })).toEqual({
      e: expected,
    });
  });

  test('takes a number after a text that is not one', async () => {
    expect(await valuesOf({ e: { pattern: 'e=(.*)' } }, { 'out.txt': 'e=nan\ne=2\n' })).toEqual({ e: 2 });
    const measure = { e: { pattern: 'e=(.*)', take: 'mean' } };
    expect(await valuesOf(measure, { 'out.txt': 'e=nan\ne=2\n' })).toEqual({
      e: "'nan' is not a finite number on line 1 of out.txt",
    });
  });

  test('finds a number in a file of any size and any bytes, at the end of a long line', async () => {
    const noise = Buffer.alloc(3_000_000, 0x80);
    const text = Buffer.concat([noise, Buffer.from(`\n${'z'.repeat(300_000)} e=5\n`), noise]);
    expect(await valuesOf({ e: { pattern: ' e=(\\d)' } }, { 'out.txt': text })).toEqual({ e: 5 });
  });

  test('of a missing file, of a folder and of no file has a reason', async () => {
    const measure = { a: { pattern: '(x)', from: 'b.txt' }, d: { pattern: '(x)', from: '.' } };
    expect(await valuesOf(measure, {})).toMatchObject({ a: 'the file b.txt does not exist' });
    expect((await valuesOf(measure, {})).d).toMatch(/is not a regular file$/);
    const csv = { csv: 'b.csv', column: 1 };
    const others = { j: { json: 'b.json', path: '$' }, c: csv, s: { ...csv, separator: ';' } };
    expect(await valuesOf(others, {})).toEqual({
      j: 'the file b.json does not exist',
      c: 'the file b.csv does not exist',
      s: 'the file b.csv does not exist',
    });
    const { entries } = measurementOf({ a: { pattern: '(x)' } });
    const facts = { id: 1n, values: {}, workdir: '/', output: null, error: null };
    const job = { facts, kept: null, log: null } as unknown as Parameters<typeof readJob>[0]['job'];
    const { findings } = readJob({ kind: 'read', number: 1, job, entries, stamps: {} });
    expect(findings).toEqual([
      { name: 'a', value: null, reason: 'its output is in no file; give the group a file with `output:`' },
    ]);
  });
});

test('the output that Flux keeps is read from its eventlog', async () => {
  const event = (stream: string, data: string) =>
    JSON.stringify({ timestamp: 1, name: 'data', context: { stream, rank: '0', data } });
  const log = `${event('stdout', 'e=1\ne=')}\n${event('stderr', 'e=7\n')}\n${event('stdout', '2\n')}\n`;
  const { entries } = measurementOf({ a: { pattern: 'e=(.)' }, b: { pattern: 'e=(.)', from: 'error' } });
  const facts = { id: 1n, values: {}, workdir: '/', output: null, error: null };
  const job = { facts, kept: null, log } as unknown as Parameters<typeof readJob>[0]['job'];
  const { findings } = readJob({ kind: 'read', number: 1, job, entries, stamps: {} });
  expect(findings.map(({ value }) => value)).toEqual([2, 7]);
});

test('a file that has not changed is not read again', async () => {
  const measure = { e: { pattern: 'e=(.)' } };
  const folder = folderWith({ 'out.txt': 'x' });
  const first = await answerOf(measure, {}, {}, folder);
  expect(first.findings).toHaveLength(1);
  expect((await answerOf(measure, {}, first.stamps, folder)).findings).toEqual([]);
  writeFileSync(join(folder, 'out.txt'), 'x\ne=3\n');
  expect((await answerOf(measure, {}, first.stamps, folder)).findings).toMatchObject([{ value: 3 }]);
});

describe('a JSON file', () => {
  const file = JSON.stringify({ loss: 0.25, runs: [{ e: 1 }, { e: 3, name: 'x' }], text: '1.5D1', no: null });

  test.each([
    ['$.loss', 'last', 0.25],
    ['$.runs[-1].e', 'last', 3],
    ['$.runs[*].e', 'sum', 4],
    ['$.runs[*].e', 'count', 2],
    ['$.text', 'last', 15],
    ["$['loss']", 'min', 0.25],
    ['$.none', 'last', 'r.json has no $.none'],
    ['$.no', 'last', "'null' is not a number of r.json"],
    ['$.runs', 'last', /^'\[\{"e":1\}.*' is not a number of r\.json$/],
  ] as const)('has the number at %s, the %s', async (path, take, expected) => {
    const { v } = await valuesOf({ v: { json: 'r.json', path, take } }, { 'r.json': file });
    expect(v).toEqual(typeof expected === 'object' ? expect.stringMatching(expected) : expected);
  });

  test('may have one value on each line', async () => {
    const measure = { v: { json: 'r.jsonl', path: '$.e', take: 'mean' } };
    expect(await valuesOf(measure, { 'r.jsonl': '{"e":1}\n\n{"e":2}\n{}\n' })).toEqual({ v: 1.5 });
  });

  test('that is cut off, or has the NaN of Python, has a reason', async () => {
    const measure = { v: { json: 'r.json', path: '$.e' } };
    expect((await valuesOf(measure, { 'r.json': '{"e":1' })).v).toMatch(/^r\.json is not JSON: /);
    expect(await valuesOf(measure, { 'r.json': '{"e": NaN, "s": "a NaN"}' })).toEqual({
      v: "'NaN' is not a finite number of r.json",
    });
  });
});

describe('a table', () => {
  const rows = 'T,E\n1,-1\n2,-2.5\n3,\n';

  test.each([
    ['with commas', rows],
    ['with semicolons', rows.replaceAll(',', ';')],
    ['with tabs', rows.replaceAll(',', '\t')],
    ['with CRLF and a BOM', `\ufeff${rows.replaceAll('\n', '\r\n')}`],
    ['with quotes', '"T","E"\n"1","-1"\n"2","-2.5"\n'],
    ['with a comment', '# T,E\n1,-1\n# note, 7\n2,-2.5\n'],
    ['with a header that is repeated', 'T,E\n1,-1\nT,E\n2,-2.5\n'],
    ['with blanks', '  T     E\n  1    -1\n\n  2  -2.5D0\n'],
    ['with blanks and a comment', '# T  E\n1 -1\n# 7 7\n2 -2.5\n'],
    ['with quotes over several lines', 'T,"E",note\n1,-1,"two\nlines, ""quoted"""\n2,"-2.5",5"\n'],
  ])('%s has a column', async (_, text) => {
    const measure = {
      e: { csv: 't.csv', column: 'E', take: 'min' },
      n: { csv: 't.csv', column: 2, take: 'count' },
    };
    expect(await valuesOf(measure, { 't.csv': text })).toEqual({ e: -2.5, n: 2 });
  });

  test('without names has columns by number', async () => {
    const sum = { e: { csv: 't.dat', column: 2, take: 'sum' } };
    const reason = "'NaN' is not a finite number on line 1 of t.dat";
    expect(await valuesOf(sum, { 't.dat': '1.D0 NaN\n' })).toEqual({ e: reason });
    expect(await valuesOf({ e: { csv: 't.dat', column: 2 } }, { 't.dat': '1 10\n2 20\n' })).toEqual({
      e: 20,
    });
    expect(await valuesOf({ e: { csv: 't.csv', column: 2, separator: '|' } }, { 't.csv': '1|7\n' })).toEqual({
      e: 7,
    });
  });

  test.each([
    ['Energy', "t.csv has no column 'Energy'; it has T and E"],
    ['e', "t.csv has no column 'e'; did you mean 'E'?"],
    [3, 't.csv has 2 columns, and no column 3'],
  ])('without the column %j has a reason', async (column, reason) => {
    expect(await valuesOf({ e: { csv: 't.csv', column } }, { 't.csv': rows })).toEqual({ e: reason });
  });

  test('with quotes that do not end has a reason', async () => {
    const measure = { e: { csv: 't.csv', column: 'E' } };
    expect(await valuesOf(measure, { 't.csv': 'T,E\n1,2\n3,"4\n5,6\n' })).toEqual({
      e: 'the quotes that begin on line 3 of t.csv do not end',
    });
  });

  test('of names only has a reason', async () => {
    const measure = { e: { csv: 't.csv', column: 'E' } };
    expect(await valuesOf(measure, { 't.csv': 'T,E\n' })).toEqual({ e: "column 'E' of t.csv has no values" });
  });
});

test('one number of many is the same as that of all of them', () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1 }), (numbers) => {
      const taken = (take: Take) => {
        const all = new Taken(take);
        for (const number of numbers) all.add(String(number), null, null);
        return all.result('x', null, '').value;
      };
      const sum = numbers.reduce((whole, number) => whole + number, 0);
      expect([taken('sum'), taken('mean')]).toEqual([sum, sum / numbers.length]);
      expect([taken('min'), taken('max')]).toEqual([Math.min(...numbers), Math.max(...numbers)]);
      expect([taken('first'), taken('last'), taken('count')]).toEqual([
        numbers[0],
        numbers.at(-1),
        numbers.length,
      ]);
    }),
  );
});

test('a sum does not lose small numbers beside large ones', () => {
  const all = new Taken('sum');
  for (const number of [1e16, 1, 1, -1e16]) all.add(number, null, null);
  expect(all.result('x', null, '').value).toBe(2);
});
