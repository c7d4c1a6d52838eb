/** Names of local jobs' files: plugins receive the names of the written files. */

import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, type Finished } from '../support/cli.js';
import { inLocale, type Study, study, toldIn } from '../support/job-files.js';

const run = (one: Study, environment: NodeJS.ProcessEnv = { LC_ALL: 'C.UTF-8' }): Promise<Finished> =>
  cli(['run', '--json', '--slots', '4', one.file], inLocale(one, environment));

const outputs = ({ folder }: Study) =>
  readdirSync(folder)
    .filter((name) => /\.(out|err)$/.test(name))
    .sort();

describe.concurrent('output files of local jobs', () => {
  test('names may contain {{index}} and parameters', async () => {
    const one = study(
      `
  - name: a
    command: sh -c 'echo 9{{index}}; echo oops >&2'
    count: 2
    output: "{{n}}-{{index}}.out"
    error: "{{group}}-{{n}}-{{index}}.err"
    parameters: {n: [7, 8]}
    probes: [{probe: files.number}]
`,
    );
    const { told, problems, groups } = toldIn(await run(one));
    expect(problems).toEqual([]);
    const names = ['7-0', '7-1', '8-2', '8-3'];
    expect(outputs(one)).toEqual([
      ...names.map((name) => `${name}.out`),
      ...names.map((name) => `a-${name}.err`),
    ]);
    expect(told.map(({ output, error, text }) => ({ output, error, text }))).toEqual(
      names.map((name, i) => ({
        output: join(one.folder, `${name}.out`),
        error: join(one.folder, `a-${name}.err`),
        text: `9${i}`,
      })),
    );
    expect(groups.a).toMatchObject({ probes: { number: { count: 4, mean: 91.5 } } });
  });

  test('each entry has its files, and a retried job has the same ones', async () => {
    const one = study(
      `
  - {name: a, command: echo 1, output: first.out}
  - {name: a, command: echo 2, output: second.out}
  - {name: b, command: "sh -c 'echo {{index}}; test -e again || { touch again; exit 1; }'", output: "b-{{index}}.out", retry: 1}
`,
    );
    const { told, problems } = toldIn(await run(one));
    expect(problems).toEqual([]);
    expect(told.map(({ output, text }) => [output?.slice(one.folder.length + 1), text])).toEqual([
      ['b-0.out', '0'],
      ['b-0.out', '0'],
      ['first.out', '1'],
      ['second.out', '2'],
    ]);
  });

  test('every tag of Flux is filled in, in names and in commands', async () => {
    const tags = [
      ...[
        'id',
        'id.f58',
        'id.f58plain',
        'id.dec',
        'id.hex',
        'id.dothex',
        'id.kvs',
        'id.words',
        'jobid',
        'jobid.dec',
      ],
      ...['name', 'size', 'ntasks', 'nnodes', 'taskid', 'task.id', 'task.rank', 'task.index', 'task.localid'],
      ...[
        'node.id',
        'node.name',
        'node.broker_rank',
        'node.ntasks',
        'node.taskids',
        'node.ncores',
        'node.cores',
      ],
    ].map((tag) => `{{${tag}}}`);
    const one = study(
      `  - {name: a, command: "echo ${tags.join(' ')}", tasks: 2, output: "${tags.join('_')}.out"}`,
    );
    const { told, problems } = toldIn(await run(one));
    expect(problems).toEqual([]);
    const [{ output, text } = { output: null, text: '' }] = told;
    const values = (text ?? '').split(' ');
    expect(outputs(one)).toEqual([`${values.join('_')}.out`]);
    expect(output).toBe(join(one.folder, `${values.join('_')}.out`));
    const [id = '', ...more] = values;
    expect(id).toMatch(/^ƒ\w+$/);
    expect(more).toEqual([
      id,
      id.replace('ƒ', 'f'),
      expect.stringMatching(/^\d+$/),
      expect.stringMatching(/^0x[\da-f]+$/),
      expect.stringMatching(/^([\da-f]{4}\.){3}[\da-f]{4}$/),
      expect.stringMatching(/^job\.([\da-f]{4}\.){3}[\da-f]{4}$/),
      expect.stringMatching(/^[a-z]+-[a-z]+-[a-z]+--[a-z]+-academy-academy$/),
      id,
      more[2],
      ...['echo', '2', '2', '1', '0', '0', '0', '0', '0', '0'],
      ...[hostname(), '0', '2', '0-1', '2', '0-1'],
    ]);
  });

  const ascii = /^f\w+\.out$/;
  const unicode = /^ƒ\w+\.out$/;
  test.each([
    [{ LC_ALL: 'C.UTF-8' }, unicode],
    [{ LANG: 'en_US.utf8' }, unicode],
    [{ LC_ALL: '', LC_CTYPE: 'de_DE.UTF-8@euro', LANG: 'C' }, unicode],
    [{}, ascii],
    [{ LC_ALL: 'C', LANG: 'C.UTF-8' }, ascii],
    [{ LC_CTYPE: 'POSIX', LANG: 'C.UTF-8' }, ascii],
    [{ LANG: 'en_US.ISO-8859-1' }, ascii],
    [{ LC_ALL: 'C.UTF-8', FLUX_F58_FORCE_ASCII: '' }, ascii],
  ])('ids have the notation of the environment %o', async (environment, form) => {
    const one = study(
      '  - {name: a, command: "echo {{id}}", output: "{{id}}.out"}',
      '{read: path, path: "{{id}}.out"}',
    );
    const { told, problems } = toldIn(await run(one, environment));
    expect(problems).toEqual([]);
    const [name = ''] = outputs(one);
    expect(name).toMatch(form);
    expect(told).toMatchObject([{ output: join(one.folder, name), text: name.replace('.out', '') }]);
  });

  test("the job's own FLUX_F58_FORCE_ASCII decides its notation of ids", async () => {
    const one = study(
      `  - {name: a, command: "echo {{id}}", output: "{{id}}.out", environment: {FLUX_F58_FORCE_ASCII: 1}, inheritEnvironment: false}`,
    );
    const { told } = toldIn(await run(one));
    expect(outputs(one)).toEqual([expect.stringMatching(ascii)]);
    expect(told[0]?.output).toMatch(/\/f\w+\.out$/);
  });

  test("a job's name, one file for both streams, and a working directory are respected", async () => {
    const one = study(
      `
  - name: a
    command: sh -c 'echo out; echo err >&2'
    output: "{{name}}.out"
    error: "my-name.out"
    workdir: "in{{n}}er"
    parameters: {n: [n]}
    attributes: {system: {job: {name: my-name}}}
`,
    );
    mkdirSync(join(one.folder, 'inner'));
    const { told } = toldIn(await run(one));
    expect(readFileSync(join(one.folder, 'inner/my-name.out'), 'utf8')).toBe('out\nerr\n');
    const path = join(one.folder, 'inner/my-name.out');
    expect(told).toMatchObject([{ output: path, error: path, workdir: join(one.folder, 'inner') }]);
  });

  test('a missing file is reported with every name that was tried', async () => {
    const one = study('  - {name: a, command: "rm {{id}}.out", output: "{{id}}.out"}');
    const { told, problems } = toldIn(await run(one));
    expect(told).toEqual([]);
    expect(problems).toEqual([
      expect.stringMatching(/ENOENT: .* open '(.*)\/ƒ(\w+)\.out'; \1\/f\2\.out does not exist either$/),
    ]);
  });

  test("a stalled job's files can be read", async () => {
    const one = study(
      `
  - name: a
    command: sh -c 'echo {{n}}; sleep 1.5'
    output: "{{n}}-{{index}}.out"
    parameters: {n: [5]}
    stalled: 0.3
`,
      '{}',
      '  - {trigger: job-stalled, action: {name: files.tell, with: {path: .}}}',
    );
    const { told, problems } = toldIn(await run(one));
    expect(problems).toEqual([]);
    const output = join(one.folder, '5-0.out');
    expect(told.map(({ output, parameters, text }) => [output, parameters, text])).toEqual([
      [output, { n: 5 }, null],
      [output, { n: 5 }, null],
    ]);
  });
});
