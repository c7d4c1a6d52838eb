/** SQL over the jobs of a run that was kept, on the command line. */

import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { widthOf } from '../../src/text/width.js';
import { cli, ensembleFile, newFolder, root } from '../support/cli.js';
import { withoutSql } from '../support/duckdb.js';
import { jsonOf } from '../support/service.js';
import { onTerminal } from './pty.js';

/** Jobs at more than 400 fail. Names that differ in case only are one name in SQL. */
const STUDY = `jobs:
  - name: melt
    command: sh -c 'test $0 -le 400 || exit 3' {{T}}
    parameters: {T: {from: 300, to: 500, step: 50}, t: [1.5], kind: ["fcc, or bcc"]}
  - {name: cool, command: "true", count: 3}
rules:
  - {trigger: start, action: {name: submit, label: melt}}
  - {trigger: start, action: {name: submit, label: cool}}
`;

const state = newFolder();
const folder = newFolder();
const sql = (...args: string[]) => cli(['sql', ...args, '--state', state], { cwd: folder });

beforeAll(async () => {
  const { status } = await cli(['run', ensembleFile(STUDY, folder), '--name', 'study', '--state', state], {
    cwd: folder,
  });
  expect(status).toBe(1);
});

test("one error says what to install where the package can't be loaded", async () => {
  const hook = `export function resolve(name, context, next) {
    if (name !== '@duckdb/node-api') return next(name, context);
    throw Object.assign(new Error('missing'), { code: 'ERR_MODULE_NOT_FOUND' });
  }`;
  const url = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`;
  const register = `import { register } from 'node:module'; register(${JSON.stringify(url(hook))});`;
  const { stdout, stderr, status } = await cli(['sql', 'study', 'FROM jobs', '--state', state], {
    env: { NODE_OPTIONS: `--import ${url(register)}` },
  });
  expect(stdout).toBe('');
  expect(stderr).toBe(
    `ensemble: error: SQL needs the optional package @duckdb/node-api, which can't be loaded (missing); to install it again, run \`npm install @duckdb/node-api\` in ${resolve(root)} [ERR_ADDON]\n`,
  );
  expect(status).toBe(3);
});

describe.skipIf(withoutSql !== null)(
  `ensemble sql${withoutSql === null ? '' : ` (skipped: ${withoutSql})`}`,
  () => {
    test('has the columns of ensemble jobs, with types', async () => {
      const { stdout } = await cli(['jobs', '--csv', '--state', state], { cwd: folder });
      const names = stdout.split('\n')[0]?.split(',') ?? [];
      const columns = jsonOf<{ column_name: string; column_type: string }>(
        await sql('DESCRIBE jobs', '--json'),
      );
      expect(columns.map(({ column_name }) => column_name)).toEqual(
        names.map((name) => (name === 'parameters.t' ? 'parameters.t_1' : name)),
      );
      const types = new Map(columns.map(({ column_name, column_type }) => [column_name, column_type]));
      expect(types.get('group')).toBe('VARCHAR');
      expect(types.get('exit')).toBe('BIGINT');
      expect(types.get('start')).toBe('TIMESTAMP');
      expect(types.get('duration')).toBe('DOUBLE');
      expect(types.get('parameters.T')).toBe('DOUBLE');
      expect(types.get('parameters.kind')).toBe('VARCHAR');
    });

    test('answers in JSON, CSV and a table', async () => {
      const counts = 'SELECT "group", exit, count(*) AS n FROM jobs GROUP BY ALL ORDER BY ALL';
      expect(jsonOf(await sql('study', counts, '--json'))).toEqual([
        { group: 'cool', exit: 0, n: 3 },
        { group: 'melt', exit: 0, n: 3 },
        { group: 'melt', exit: 3, n: 2 },
      ]);
      expect((await sql(counts, '--csv')).stdout).toBe('group,exit,n\ncool,0,3\nmelt,0,3\nmelt,3,2\n');
      expect((await sql(counts)).stdout).toBe(
        'group  exit  n\ncool      0  3\nmelt      0  3\nmelt      3  2\n',
      );
      const kinds = 'SELECT DISTINCT "parameters.kind" AS kind FROM jobs ORDER BY kind NULLS LAST';
      expect((await sql(kinds, '--csv')).stdout).toBe('kind\n"fcc, or bcc"\n\n');
    });

    test('has the values of ensemble jobs', async () => {
      const jobs = await cli(['jobs', '--json', '--state', state], { cwd: folder });
      const expected = jsonOf<Record<string, number | string>>(jobs);
      const found = jsonOf<Record<string, unknown>>(
        await sql('SELECT *, epoch(start) AS seconds FROM jobs', '--json'),
      );
      for (const [i, job] of expected.entries()) {
        const { id, jobid, result, exit, duration, start, output } = job;
        expect(found[i]).toMatchObject({ id, jobid, result, exit, duration, output });
        // DuckDB has microseconds.
        expect(found[i]?.seconds).toBeCloseTo(Number(start), 5);
      }
      expect(found.length).toBe(8);
      expect(found.map((job) => job['parameters.T']).slice(0, 5)).toEqual([300, 350, 400, 450, 500]);
    });

    test('keeps numbers and nested values', async () => {
      const values =
        "SELECT 1.5 AS d, 9007199254740993 AS big, [1, 2] AS l, {'a': 'x'} AS s, NULL AS u, true AS b";
      expect(jsonOf(await sql(values, '--json'))).toEqual([
        { d: 1.5, big: '9007199254740993', l: [1, 2], s: { a: 'x' }, u: null, b: true },
      ]);
      expect((await sql(values, '--csv')).stdout).toBe(
        'd,big,l,s,u,b\n1.5,9007199254740993,"[1,2]","{""a"":""x""}",,true\n',
      );
    });

    test('runs several statements, and writes files', async () => {
      const { stdout } = await sql(
        "COPY (FROM jobs) TO 'all.csv'; SELECT count(*) AS n FROM jobs WHERE false",
        '--csv',
      );
      expect(stdout).toBe('n\n0\n');
      expect(readFileSync(join(folder, 'all.csv'), 'utf8').trimEnd().split('\n')).toHaveLength(9);
      expect((await sql('SELECT * FROM jobs WHERE false')).stdout).toBe('no rows\n');
    });

    test('shortens long tables only', async () => {
      const { stdout } = await sql('SELECT range AS i FROM range(10001)');
      const lines = stdout.trimEnd().split('\n');
      expect(lines.slice(-2)).toEqual(['9999', 'the first 10000 rows shown; LIMIT sets another number']);
      expect((await sql('SELECT range AS i FROM range(10001)', '--csv')).stdout.split('\n')).toHaveLength(
        10_003,
      );
      expect((await sql('SELECT range AS i FROM range(10000)')).stdout).not.toContain('shown');
    });

    test.each([
      ['SELEC 1', /^ensemble: error: Parser Error: syntax error at or near "SELEC"/],
      ['SELECT nothing FROM jobs', /Referenced column "nothing" not found/],
      ['SELECT group FROM jobs', /stands in double quotes: "group" \[ERR_RUN\]$/],
      ['SELECT parameters.T FROM jobs', /stands in double quotes: "parameters\.T" \[ERR_RUN\]$/],
      ["SELECT error('boom') FROM jobs", /boom \[ERR_RUN\]$/],
      [' ;', /^ensemble: error: the SQL statement is empty \[ERR_RUN\]$/],
    ])('reports %s without a stack', async (statement, expected) => {
      const { stdout, stderr, status } = await sql(statement);
      expect(stdout).toBe('');
      expect(stderr.trimEnd()).toMatch(expected);
      expect(stderr).not.toMatch(/^ +at /m);
      expect(status).toBe(2);
    });

    test('fits into 80 columns, and escapes texts', async () => {
      const text = await onTerminal(['sql', 'study', 'FROM jobs', '--state', state]);
      for (const line of stripVTControlCharacters(text).split('\n'))
        expect(widthOf(line)).toBeLessThanOrEqual(80);
      const hostile = "SELECT chr(27) || '[31mred' AS text";
      expect((await sql(hostile)).stdout).not.toContain('\x1b[31m');
      expect(existsSync(join(folder, '.tmp'))).toBe(false);
    });
  },
);
