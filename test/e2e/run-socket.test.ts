/** The private socket by which other commands reach a run. */

import { chmodSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, ensembleFile, eventually, newFolder, start } from '../support/cli.js';
import { http } from '../support/http.js';
import { jsonOf } from '../support/service.js';

interface Listed {
  readonly ensemble: string;
  readonly path: string;
  readonly socket: string | null;
}

const waiting = ensembleFile(`jobs: [{name: a, command: sleep 100, count: 3}]
rules: [{trigger: start, action: {name: submit, label: a}}]
`);

test.concurrent('a run answers on a socket of its own, which goes with it', async () => {
  const env = { XDG_RUNTIME_DIR: newFolder(), XDG_STATE_HOME: newFolder() };
  const listed = async () => jsonOf<Listed>(await cli(['runs', '--json'], { env }))[0];
  const running = start(['run', waiting], { env });
  await eventually(async () => (await listed())?.socket != null, 'the run has a socket');
  const { ensemble, path, socket } = (await listed()) as Listed;
  const target = { socketPath: socket as string };
  expect(statSync(dirname(target.socketPath)).mode & 0o777).toBe(0o700);
  expect((await http(target, '/ensembles')).json.ensembles).toMatchObject([{ id: ensemble }]);
  expect((await http(target, '/ensembles', { headers: { host: 'evil.example.org' } })).status).toBe(421);
  const [job] = (await http(target, `/ensembles/${ensemble}/jobs?columns=id&skip=1`)).json.jobs;
  const act = (...args: string[]) => cli(['act', 'ensemble', ...args], { env });
  expect(await act('cancel', '--job', job.id)).toMatchObject({
    ...{ stdout: `${ensemble}: canceled 1 job of a\n`, stderr: '', status: 0 },
  });
  expect(await act('cancel', '--job', job.id)).toMatchObject({
    stderr: `ensemble: error: '${job.id}' is not an active job of this run [ERR_SERVICE]\n`,
    status: 1,
  });
  expect(readFileSync(join(path, 'audit.jsonl'), 'utf8')).toContain(`"job":"${job.id}"`);
  running.process.kill('SIGTERM');
  expect((await running.finished).stderr).not.toContain('warning');
  expect(existsSync(target.socketPath)).toBe(false);
  expect((await listed())?.socket).toBe(null);

  const resumed = start(['resume'], { env });
  await eventually(async () => (await listed())?.socket === socket, 'the resumed run has the same socket');
  resumed.process.kill('SIGKILL');
  await resumed.finished;
  expect(existsSync(target.socketPath)).toBe(true);
  await listed();
  expect(existsSync(target.socketPath)).toBe(false);
});

test.concurrent('a run goes on without a socket', async () => {
  const runtime = newFolder();
  const env = { XDG_RUNTIME_DIR: runtime, XDG_STATE_HOME: newFolder() };
  mkdirSync(join(runtime, 'flux-ensemble'));
  chmodSync(join(runtime, 'flux-ensemble'), 0o755);
  const file = ensembleFile(`jobs: [{name: a, command: 'true'}]
rules: [{trigger: start, action: {name: submit, label: a}}]
`);
  const { stderr, status } = await cli(['run', file], { env });
  expect(status).toBe(0);
  expect(stderr).toMatch(
    /^ensemble: warning: other commands, as ensemble top, can't reach this run: \S+ is open to others .*\n$/,
  );
});
