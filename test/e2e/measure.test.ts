/** `measure:` of a file: the values of its jobs in rules, reports and the table of jobs, and `ensemble measure`. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, ensembleFile, jsonLines, newFolder, root } from '../support/cli.js';

const example = join(root, 'examples/measure-example.yaml');

describe.concurrent('measured values', () => {
  test('of the example decide what runs next, and are columns of the table of jobs', async () => {
    const cwd = newFolder();
    const state = join(cwd, 'state');
    const { summary } = jsonLines(await cli(['run', '--json', '--state', state, example], { cwd }));
    const { probes } = summary.groups.scf as unknown as { probes: Record<string, object> };
    expect(probes).toMatchObject({
      energy: { count: 7, min: -15.85, max: -15.8482 },
      iterations: { count: 7, min: 7, max: 7 },
      force: { count: 7 },
    });
    expect(readFileSync(join(cwd, 'relax.txt'), 'utf8')).toBe('the lowest energy is -15.85 Ry\n');
    const columns = 'parameters.a,measured.energy,measured.iterations';
    const jobs = await cli(['jobs', '--state', state, '--csv', '--group', 'scf', '--columns', columns], {
      cwd,
    });
    expect(jobs.stdout.split('\n').slice(0, 2)).toEqual([columns, '9.96,-15.8482,7']);
  });

  test('that are missing are reported once, slow expressions end at their timeout, and Python reads the rest', async () => {
    const folder = newFolder();
    writeFileSync(
      join(folder, 'read.py'),
      'import os\ndef read(job):\n    return {"size": os.path.getsize(job.output), "nothing": float("nan")}\n',
    );
    const path = ensembleFile(
      `jobs:
  - name: a
    command: sh -c "echo e={{n}}; echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; [ {{n}} -lt 2 ]"
    parameters: {n: [0, 1, 3]}
    output: out-{{id}}.txt
    measure:
      e: {pattern: 'e=(\\d)', on: always}
      loss: {json: 'loss-{{n}}.json', path: $.loss}
      slow: {pattern: '^(?:a+)+(b)', timeout: 300ms}
      size: {python: ./read.py}
      nothing: {python: ./read.py}
rules:
  - {trigger: start, action: {name: submit, label: a}}
`,
      folder,
    );
    const run = await cli(['run', '--json', '--no-log', '--allow-failures', path], { cwd: folder });
    const { lines, summary } = jsonLines(run);
    const { probes } = summary.groups.a as unknown as { probes: Record<string, object> };
    expect(probes).toMatchObject({
      e: { count: 3, max: 3 },
      size: { count: 2, mean: 57 },
      loss: { count: 0 },
      slow: { count: 0 },
      nothing: { count: 0 },
    });
    const problems = lines.flatMap(({ type, code, message }) =>
      type === 'problem' ? [`${code} ${message}`] : [],
    );
    for (const expected of [
      /^ERR_MEASURE 'loss' of job \S+ of group 'a': the file \S+loss-[01]\.json does not exist\. Its output ends with:\ne=[01]\na+$/,
      /^ERR_MEASURE 'loss' of group 'a' was not found for 2 of \d jobs, for example \S+$/,
      /^ERR_MEASURE 'slow' of job \S+ of group 'a': reading took longer than 0\.3s \(its timeout\)/,
      /^ERR_MEASURE 'slow' of group 'a' was not found for 2 of/,
      /^ERR_MEASURE 'nothing' of job \S+ of group 'a': read\(\) of \S+read\.py returned nan for 'nothing', which is not/,
    ]) {
      expect(problems.filter((problem) => expected.test(problem))).toHaveLength(1);
    }
    expect(problems).toHaveLength(6);
  });

  test('of the output of a job are shown before a run, with an error for a missing one', async () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'job'));
    writeFileSync(join(folder, 'job', 'pw.out'), '\n!    total energy              =  -15.8482 Ry\n');
    const shown = await cli(['measure', example, '--on', 'job/pw.out'], { cwd: folder });
    expect(shown.stderr).toBe('');
    expect(shown.stdout.replaceAll(folder, '')).toBe(`measured           value  line  in
scf-energy      -15.8482     2  !    total energy              =  -15.8482 Ry
scf-iterations         0     -  /job/pw.out
scf-force              -     -  not found

scf-force: the file /job/forces-*.csv does not exist
`);
    expect(shown.status).toBe(1);
    writeFileSync(join(folder, 'job', 'forces-9.96.csv'), 'step,force\n1,0.5\n');
    const found = await cli(['measure', example, '--on', 'job/pw.out', '--json'], { cwd: folder });
    expect(found.status).toBe(0);
    const values = found.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(values.map(({ group, name, value, line }) => [group, name, value, line])).toEqual([
      ['scf', 'energy', -15.8482, 2],
      ['scf', 'iterations', 0, null],
      ['scf', 'force', 0.5, 2],
    ]);
  });

  test('of a reader with a mistake keep a run from beginning', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'read.py'), 'def raed(job): return 1\n');
    const path = ensembleFile(
      `jobs: [{name: a, command: 'true', measure: {e: {python: ./read.py}}}]
rules: [{trigger: start, action: {name: submit, label: a}}]
`,
      folder,
    );
    const { stdout, status } = await cli(['validate', path]);
    expect(status).toBe(2);
    expect(stdout).toMatch(
      /the reader \S+read\.py of group 'a' can't be used: \S+read\.py has no function 'read'/,
    );
  });
});
