/** Runs under Flux that were kept: their jobs, and the outputs that Flux holds. */

import { existsSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, ensembleFile, eventually, newFolder, start } from '../support/cli.js';
import { describeFlux, withInstance } from '../support/flux-instance.js';
import { http } from '../support/http.js';
import { jsonOf } from '../support/service.js';

interface Job {
  readonly id: string;
  readonly group: string;
  readonly result: string;
  readonly exit: number | null;
  readonly output: string | null;
  readonly hosts: string | null;
}

const study = (folder: string) =>
  ensembleFile(
    `jobs:
  - {name: kvs, command: "sh -c 'echo out; echo err >&2; exit 3'"}
  - {name: file, command: "sh -c 'echo in the file'", output: "{{id}}.txt"}
  - {name: wide, command: "true", nodes: 1, tasks: 2}
rules:
  - {trigger: start, action: {name: submit, label: kvs}}
  - {trigger: start, action: {name: submit, label: file}}
  - {trigger: start, action: {name: submit, label: wide}}
`,
    folder,
  );

describeFlux('a kept run under Flux', () => {
  test('has its jobs and their outputs, inside of the instance, outside of it, and after it', async () => {
    const [state, folder] = [newFolder(), newFolder()];
    const at = { cwd: folder };
    const ids = new Map<string, string>();
    const logs = (group: string) => cli(['logs', ids.get(group) ?? '', '--state', state], at);
    await withInstance(
      async (instance) => {
        const run = await instance.start(['run', study(folder), '--state', state], at).finished;
        expect(run).toMatchObject({ status: 1, stderr: '' });
        const jobs = jsonOf<Job>(await cli(['jobs', '--json', '--state', state], at));
        for (const { group, id } of jobs) ids.set(group, id);
        const facts = jobs.map(({ group, result, exit }) => [group, result, exit]);
        expect(facts.sort()).toEqual([
          ['file', 'completed', 0],
          ['kvs', 'failed', 3],
          ['wide', 'completed', 0],
        ]);
        expect(new Set(jobs.map(({ hosts }) => hosts))).toEqual(new Set([hostname()]));
        expect(await logs('kvs')).toMatchObject({ status: 0, stdout: 'out\n', stderr: 'err\n' });
        expect(await logs('file')).toMatchObject({ status: 0, stdout: 'in the file\n', stderr: '' });
        expect(jobs.find(({ group }) => group === 'file')?.output).toMatch(
          new RegExp(`^${folder}/[fƒ]\\w+\\.txt$`),
        );
      },
      { env: { LC_ALL: 'C.UTF-8' }, own: true },
    );
    const gone = await logs('kvs');
    expect(gone.status).toBe(3);
    expect(gone.stderr).toMatch(
      /the output of this job is in the Flux instance local:\/\/\S+, which does not answer/,
    );
    expect(await logs('file')).toMatchObject({ status: 0, stdout: 'in the file\n' });
  });

  test('lets a job be followed, and read over HTTP', () =>
    withInstance(async (instance) => {
      const [state, folder] = [newFolder(), newFolder()];
      const at = { cwd: folder };
      const file = ensembleFile(
        `jobs:
  - {name: a, command: "sh -c 'echo first; echo oh >&2; until [ -e go ]; do sleep 0.05; done; echo last'", workdir: ${folder}}
rules:
  - {trigger: start, action: {name: submit, label: a}}
`,
        folder,
      );
      const env = { XDG_RUNTIME_DIR: newFolder() };
      const run = instance.start(['run', file, '--name', 'run', '--state', state, '--http'], { ...at, env });
      const printed = await run.printed('submit a');
      const found = async () => {
        const { stdout } = await cli(['jobs', '--json', '--state', state], at);
        return stdout === '' ? null : (JSON.parse(stdout) as Job);
      };
      await eventually(async () => (await found().catch(() => null)) !== null, 'the job is in the log');
      const id = (await found())?.id ?? '';
      const follow = start(['logs', id, '-f', '--state', state], at);
      await follow.printed('first');
      expect(existsSync(join(folder, 'go'))).toBe(false);
      const socketPath = /HTTP on unix:(.*)/.exec(printed)?.[1] ?? '';
      const get = (path: string, headers = {}) =>
        http({ socketPath }, `/ensembles/run/jobs/${encodeURIComponent(id)}${path}`, { headers });
      const inFlux = { path: null, bytes: null };
      expect((await get('')).json).toMatchObject({ output: inFlux, error: inFlux });
      expect(await get('/output')).toMatchObject({ status: 200, text: 'first\n' });
      expect(await get('/output?stream=error')).toMatchObject({ status: 200, text: 'oh\n' });
      expect(await get('/output?tail=3')).toMatchObject({
        status: 206,
        text: 'st\n',
        headers: { 'content-range': 'bytes 3-5/6' },
      });
      expect((await get('/output', { range: 'bytes=9-' })).status).toBe(416);
      // Flux does not say its size to the member, so the nodes in use are a number.
      const { json } = await http({ socketPath }, '/ensembles/run/timeline?parts=3');
      expect(json).toMatchObject({ timeline: { used: { unit: 'nodes', size: null } }, latest: [{ id }] });
      expect(json.timeline.used.means.at(-1)).toBeCloseTo(1);
      writeFileSync(join(folder, 'go'), '');
      expect(await follow.finished).toMatchObject({ status: 0, stdout: 'first\nlast\n', stderr: 'oh\n' });
      await run.finished;
    }));
});
