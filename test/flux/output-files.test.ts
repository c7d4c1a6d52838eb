/** Names of jobs' files under Flux: plugins receive the names of the files that Flux writes. */

import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Finished } from '../support/cli.js';
import { describeFlux, type Instance, withInstance } from '../support/flux-instance.js';
import { inLocale, type Study, study, toldIn } from '../support/job-files.js';

const run = (instance: Instance, one: Study, environment: NodeJS.ProcessEnv = {}): Promise<Finished> =>
  instance.start(['run', '--json', one.file], inLocale(one, environment)).finished;

const outputs = ({ folder }: Study) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.out'))
    .sort();
const none = { LC_ALL: undefined, LC_CTYPE: undefined, LANG: undefined, FLUX_F58_FORCE_ASCII: undefined };

/** A job whose output has the id in its name, and in its text as Flux gives it. */
const named = (more = '') =>
  study(
    `  - {name: a, command: "/bin/echo {{id}}", output: "{{id}}.out"${more}}`,
    '{read: output, path: "{{id}}"}',
  );

const forced = ', environment: {FLUX_F58_FORCE_ASCII: 1}';
const bare = ', inheritEnvironment: false';

/** Environment of the broker, ours, what is special about the job, and the first letter of the file that Flux writes. */
const locales: readonly (readonly [NodeJS.ProcessEnv, NodeJS.ProcessEnv, string, string])[] = [
  [{ LC_ALL: 'C.UTF-8' }, { LC_ALL: 'C.UTF-8' }, '', 'ƒ'],
  [{ LC_ALL: 'C.UTF-8' }, { LC_ALL: 'C' }, '', 'ƒ'],
  [{ LC_ALL: 'C.UTF-8' }, { LC_ALL: 'C' }, bare, 'ƒ'],
  [{ LC_ALL: 'C.UTF-8' }, { LC_ALL: 'C.UTF-8' }, forced, 'f'],
  [{ LC_ALL: 'C.UTF-8' }, { LC_ALL: 'C.UTF-8', FLUX_F58_FORCE_ASCII: '1' }, '', 'f'],
  [{ LC_ALL: 'C.UTF-8' }, { LC_ALL: 'C.UTF-8', FLUX_F58_FORCE_ASCII: '1' }, bare, 'ƒ'],
  [{}, { LC_ALL: 'C.UTF-8' }, '', 'f'],
  [{ LC_ALL: 'C' }, {}, bare, 'f'],
  [{ LANG: 'C.UTF-8', LC_CTYPE: 'C' }, { LANG: 'C.UTF-8' }, '', 'f'],
  [{ LANG: 'xx_XX.UTF-8' }, { LANG: 'xx_XX.UTF-8' }, '', 'f'],
  [{ LC_ALL: 'C.UTF-8', FLUX_F58_FORCE_ASCII: '1' }, { LC_ALL: 'C.UTF-8' }, bare, 'f'],
];

describeFlux('output files of jobs under Flux', () => {
  test.each(locales)(
    'have the names of a broker with %o and a run with %o%s: %s...',
    (broker, environment, more, letter) =>
      withInstance(
        async (instance) => {
          const one = named(more);
          const { told, problems } = toldIn(await run(instance, one, environment));
          expect(problems).toEqual([]);
          const [name = ''] = outputs(one);
          expect(name[0]).toBe(letter);
          expect(told).toMatchObject([{ output: join(one.folder, name), text: name.replace('.out', '') }]);
        },
        { env: { ...none, ...broker } },
      ),
  );

  test('may contain every tag, as commands may', () =>
    withInstance(async (instance) => {
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
        ...[
          'name',
          'size',
          'ntasks',
          'nnodes',
          'taskid',
          'task.id',
          'task.rank',
          'task.index',
          'task.localid',
        ],
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
      const one = study(`
  - name: a
    command: "echo ${tags.join(' ')}"
    output: "${tags.join('_')}.out"
`);
      const { told, problems } = toldIn(await run(instance, one));
      expect(problems).toEqual([]);
      const [{ output, text } = { output: null, text: null }] = told;
      expect(outputs(one)).toEqual([`${text?.split(' ').join('_')}.out`]);
      expect(output).toBe(join(one.folder, outputs(one)[0] ?? ''));
    }));

  test('can be separate for each task or node', () =>
    withInstance(
      async (instance) => {
        const one = study(`
  - {name: a, command: "echo {{taskid}}", nodes: 2, tasks: 2, output: "a-{{taskid}}.out"}
  - {name: b, command: "echo {{node.id}}", nodes: 2, tasks: 2, output: "b-{{node.id}}.out"}
  - {name: c, command: "echo {{ntasks}}", nodes: 2, tasks: 2, output: "c-{{ntasks}}-{{nnodes}}.out"}
`);
        const { told, problems } = toldIn(await run(instance, one));
        expect(problems).toEqual([]);
        expect(outputs(one)).toEqual(['a-0.out', 'a-1.out', 'b-0.out', 'b-1.out', 'c-2-2.out']);
        expect(told.map(({ output, text }) => [output?.slice(one.folder.length + 1), text])).toEqual([
          ['a-0.out', '0'],
          ['b-0.out', '0'],
          ['c-2-2.out', '2\n2'],
        ]);
      },
      { size: 2 },
    ));

  test('may contain {{index}}, parameters, a relative working directory and a name', () =>
    withInstance(async (instance) => {
      const one = study(`
  - name: a
    command: "echo {{n}}{{index}}"
    count: 2
    output: "{{name}}-{{index}}.out"
    workdir: "{{n}}"
    parameters: {n: [inner]}
    attributes: {system: {job: {name: mine}}}
`);
      mkdirSync(join(one.folder, 'inner'));
      const { told, problems } = toldIn(await run(instance, one));
      expect(problems).toEqual([]);
      expect(told.map(({ output, text }) => [output?.slice(one.folder.length + 1), text])).toEqual([
        ['inner/mine-0.out', 'inner0'],
        ['inner/mine-1.out', 'inner1'],
      ]);
    }));

  test('are reported with every name that was tried if they are missing', () =>
    withInstance(async (instance) => {
      const one = study('  - {name: a, command: "rm {{id}}.out", output: "{{id}}.out"}');
      const { problems } = toldIn(await run(instance, one));
      expect(problems).toEqual([
        expect.stringMatching(/ENOENT: .* open '(.*)\/f(\w+)\.out'; \1\/ƒ\2\.out does not exist either$/),
      ]);
    }));
});
