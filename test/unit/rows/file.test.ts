import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetWriteFile } from 'hyparquet-writer';
import { beforeEach, describe, expect, test } from 'vitest';
import { checkRows } from '../../../src/config/check-rows.js';
import { configFromObject, parseConfig } from '../../../src/config/load.js';
import { ConfigError } from '../../../src/errors.js';
import type { FileSweep } from '../../../src/model/ensemble.js';
import { plainRow, textsOf } from '../../../src/model/written.js';
import { firstTable } from '../../../src/rows/tables.js';
import { newFolder } from '../../support/cli.js';

let folder: string;
beforeEach(() => {
  folder = newFolder();
});

/** The ensemble whose rows are in a file with this text. */
function ensembleOf(name: string, text: string, more = '', job = '') {
  writeFileSync(join(folder, name), text);
  return parse(`jobs: [{name: a, command: run, parameters: {file: ${name}${more}}${job}}]
rules: [{trigger: start, action: {name: submit, label: a}}]
`);
}
const parse = (yaml: string) => parseConfig(yaml, { file: join(folder, 'ensemble.yaml') });

function sweepOf({ config }: ReturnType<typeof parse>): FileSweep {
  return config.groups.get('a')?.entries[0]?.draft?.sweep as FileSweep;
}
const rowsOf = (loaded: ReturnType<typeof parse>) => [...firstTable(sweepOf(loaded))];
const valuesOf = (...of: Parameters<typeof ensembleOf>) => rowsOf(ensembleOf(...of)).map(plainRow);

/** The problems of a configuration, with their places. */
function problemsOf(read: () => ReturnType<typeof parse>): string[] {
  const lines = (all: ConfigError['diagnostics']) =>
    all.map(({ file, line, column, path, message }) => {
      const name = file?.split('/').pop();
      return `${name}:${line}:${column} ${path} ${message.replaceAll(`${folder}/`, '')}`;
    });
  try {
    return lines(read().warnings);
  } catch (error) {
    if (error instanceof ConfigError) return lines(error.diagnostics);
    throw error;
  }
}

describe('the rows of a file', () => {
  test('have the types that their first rows tell, and keep their texts', () => {
    const text = '\uFEFFid,x,ok,note\n007,1.10,True,\n12345678901234567890, 2e3 ,false,"a, b"\n';
    const loaded = ensembleOf('samples.csv', text);
    expect(sweepOf(loaded).file.columns.map(({ type }) => type)).toEqual([
      'number',
      'number',
      'boolean',
      'text',
    ]);
    const rows = rowsOf(loaded);
    expect(rows.map(plainRow)).toEqual([
      { id: 7, x: 1.1, ok: true, note: '' },
      { id: '12345678901234567890', x: 2000, ok: false, note: 'a, b' },
    ]);
    expect(textsOf(rows[0] ?? {})).toEqual({ id: '007', x: '1.10', ok: 'True' });
    expect(valuesOf('samples.csv', 'id\n007\n', ', types: {id: text}')).toEqual([{ id: '007' }]);
  });

  test('are JSON lines', () => {
    const text = '{"x": 1.10, "s": "1e3"}\n\n{"s": "b", "x": 12345678901234567890}\n';
    const rows = rowsOf(ensembleOf('samples.jsonl', text));
    expect(rows.map(plainRow)).toEqual([
      { x: 1.1, s: '1e3' },
      { x: '12345678901234567890', s: 'b' },
    ]);
    expect(textsOf(rows[0] ?? {})).toEqual({ x: '1.10' });
  });

  test('are those of a Parquet file', async () => {
    const rows = 30_000;
    parquetWriteFile({
      filename: join(folder, 'samples.parquet'),
      columnData: [
        { name: 'n', data: Array.from({ length: rows }, (_, i) => i), type: 'INT32' },
        { name: 'big', data: Array.from({ length: rows }, () => 2n ** 60n + 1n), type: 'INT64' },
        { name: 's', data: Array.from({ length: rows }, (_, i) => `s${i}`), type: 'STRING' },
        { name: 'not a name', data: Array.from({ length: rows }, () => 1), type: 'INT32' },
      ],
      rowGroupSize: [25_000],
    });
    const loaded = parse(
      'jobs: [{name: a, command: run, count: 2, parameters: {file: samples.parquet}}]\nrules: [{trigger: start, action: {name: submit, label: a}}]',
    );
    expect(loaded.config.groups.get('a')?.count).toBe(60_000);
    expect(loaded.warnings.map(({ message }) => message)).toEqual([
      "column 'not a name' can't be a parameter: names are letters, digits, _ and -, and begin with a letter; values are numbers, booleans or texts",
    ]);
    const all = rowsOf(loaded);
    expect(all).toHaveLength(rows);
    expect(all[29_999]).toEqual({ n: 29_999, big: '1152921504606846977', s: 's29999' });
  });

  test('are those of a range for which the condition holds', () => {
    const text = `x,s\n${Array.from({ length: 9 }, (_, i) => `${i + 1},${i % 2 ? 'odd' : 'even'}\n`).join('')}`;
    const xs = (more: string) => valuesOf('t.csv', text, more).map(({ x }) => x);
    expect(xs(', rows: 2..4')).toEqual([2, 3, 4]);
    expect(xs(', rows: 8..')).toEqual([8, 9]);
    expect(xs(', rows: ..2')).toEqual([1, 2]);
    expect(xs(', rows: 2..8, where: x > 4 and s == "even"')).toEqual([5, 7]);
  });
});

describe('a mistake in a file', () => {
  test.each([
    ['x,y\n1,2\n3,\n', ['t.csv:3:2 y the value is missing; the column has numbers']],
    ['x,y\n1,2\n3\n', ['t.csv:3:1  the row has 1 cells, and the first line 2']],
    ['x,x\n1,2\n', ['t.csv:1:2 x column 1 has the same name']],
    [
      '',
      [
        "ensemble.yaml:1:51 jobs[0].parameters.file 't.csv': the file is empty; its first line must name the columns",
      ],
    ],
    [
      'x,index,\n1,2,3\n',
      [
        "ensemble.yaml:1:51 jobs[0].parameters.file columns 'index' and number 3 can't be a parameter: names are letters, digits, _ and -, and begin with a letter; values are numbers, booleans or texts",
      ],
    ],
    ['x\n', ["ensemble.yaml:1:51 jobs[0].parameters.file 't.csv' has no rows, so there are no jobs"]],
  ])('is reported with its place: %j', (text, problems) => {
    expect(problemsOf(() => ensembleOf('t.csv', text))).toEqual(problems);
  });

  test('that comes after the first rows is reported where the row is taken', () => {
    const numbers = Array.from({ length: 1500 }, (_, i) => `${i}\n`).join('');
    const loaded = ensembleOf('t.csv', `x\n${numbers}abc\n7\n`);
    expect(() => rowsOf(loaded)).toThrow(
      "t.csv, line 1502, column 1 (x): 'abc' is not a number, as the column has them; to read it as texts, add it to `types`",
    );
    const many = `x\n${numbers}${'abc\n'.repeat(15)}7\n`;
    const { rows, faults, count } = checkRows(ensembleOf('t.csv', many).config);
    expect({ rows, count, listed: faults.length }).toEqual({ rows: 1501, count: 15, listed: 10 });
    expect(faults[9]).toMatchObject({ line: 1511, column: 1, path: 'x' });
  });

  test('in its words is reported', () => {
    const text = 'x,s\n1,a\n';
    const told = (more: string, job = '') =>
      problemsOf(() => ensembleOf('t.csv', text, more, job)).join('\n');
    expect(told(', wher: x > 1')).toContain("unknown key 'wher'; did you mean 'where'?");
    expect(told(', where: y > 1')).toContain(
      "jobs[0].parameters.where unknown name 'y'; the columns are x and s",
    );
    expect(told(', where: s > 1')).toContain("'>' can't compare a text with a number");
    expect(told(', rows: 5..2')).toContain('5 is more than 2');
    expect(told(', rows: 5')).toContain('must be numbers of rows like 1000..2000');
    expect(told(', types: {z: text}')).toContain("the file has no column 'z'");
    expect(told('', ', nodes: "{{s}}"')).toContain(
      "jobs[0].nodes must be an integer from 0 to 2147483647; {{s}} is the string 'a' (x=1, s=a)",
    );
    expect(told('', ', output: "{{y}}"')).toContain("unknown name '{{y}}'; the parameters are x, s");
    const refused = (name: string) => problemsOf(() => ensembleOf(name, text)).join();
    expect(refused('t.csv.gz')).toContain(
      'must end in .csv, .tsv, .jsonl, .ndjson or .parquet; unpack it first',
    );
    expect(
      problemsOf(() => parse('jobs: [{name: a, command: x, parameters: {file: none.csv}}]')).join(),
    ).toContain("'none.csv': can't be read: ENOENT");
  });

  test('a parameter with the name `file` is a list', () => {
    const job = { name: 'a', command: 'run {{file}}', parameters: { file: ['x.csv', 'y.csv'] } };
    const rules = [{ trigger: 'start', action: { name: 'submit', label: 'a' } }];
    expect(configFromObject({ jobs: [job], rules }).config.groups.get('a')?.entries).toHaveLength(2);
  });
});
