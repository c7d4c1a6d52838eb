import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { EnsembleState, MergedGroup, WatchResponse } from '../../src/service/ensembles/proto.js';
import { cli, ensembleFile, eventually, newFolder, root, serverProgram, start } from '../support/cli.js';
import { jsonOf, startService } from '../support/service.js';

/** Two quick jobs at the start, and more only on request. */
const study = `
jobs:
  - {name: quick, command: "true", count: 2}
  - {name: slow, command: 'sleep {{time}}', parameters: {time: 100}}
rules:
  - {trigger: start, action: {name: submit, label: quick}}
  - {trigger: job-success, name: quick, action: {name: submit, label: quick, value: 1, repetitions: 3}}
`;

const named = (ensembles: readonly EnsembleState[], name: string) =>
  ensembles.find(({ run }) => run?.name === name);

describe.concurrent('many ensembles, one service', () => {
  test('runs register, and are listed, shown and merged', async () => {
    const service = await startService();
    const file = ensembleFile(study);
    const one = service.start('run', file, '--service', '--name', 'one', '--slots', '2', '--watch');
    const two = service.start('run', file, '--service', '--name', 'two', '--slots', '1', '--watch', '--json');
    const done = async (name: string) => named(await service.client.list(), name)?.counts?.success === 5;
    await eventually(() => done('one'), 'the jobs of one');
    await eventually(() => done('two'), 'the jobs of two');

    expect(named(await service.client.list(), 'one')).toMatchObject({
      run: { member: 'local', pid: one.process.pid, file },
      status: 'RUNNING',
      size: 2,
      totals: { firings: 4, decodeErrors: 0 },
      groups: [],
    });
    const table = await service.cli('ls');
    expect(table.stdout).toMatch(/^one +one-[0-9a-f]{12} +running +local +2 +0 +0 +5 +0 +4 /m);

    const state = await service.client.get('one');
    const quick = state.groups.find(({ name }) => name === 'quick');
    expect(quick?.duration).toMatchObject({ count: 5, values: { mean: quick?.duration?.mean } });
    expect(state.firings.map(({ name, action, label }) => [name, action, label])).toEqual([
      ['start', 'submit', 'quick'],
      ...Array.from({ length: 3 }, () => ['quick', 'submit', 'quick']),
    ]);
    const text = await service.cli('status', 'one');
    expect(text.stdout).toMatch(/^quick-duration +5 /m);
    expect(text.stdout).toMatch(/ submit quick {2}start$/m);

    const [merged] = jsonOf<MergedGroup>(await service.cli('status', '--group', 'quick', '--json'));
    expect(merged?.ensembles).toHaveLength(2);
    expect(merged?.group?.counts).toMatchObject({ submitted: 10, success: 10, pending: 0 });
    expect(merged).toMatchObject({ unmerged: [], group: { duration: { count: 10 } } });
    const { min = 0, q50 = 0, max = 0 } = merged?.group?.duration?.values ?? {};
    expect([min < q50, q50 < max]).toEqual([true, true]);
    const misspelt = await service.cli('status', '--group', 'quik');
    expect(misspelt).toMatchObject({ status: 1, stderr: expect.stringContaining("did you mean 'quick'?") });

    for (const name of ['one', 'two']) await service.client.act(name, { name: 'terminate' });
    const [ended, alsoEnded] = await Promise.all([one.finished, two.finished]);
    expect([ended.status, alsoEnded.status]).toEqual([0, 0]);
    // The warning concerns `slow`, which only actions from outside submit.
    for (const { stderr } of [ended, alsoEnded]) expect(stderr).toMatch(/^.*warning.*no rule submits.*\n$/);
    await service.stop();
  });

  test('the run performs requested actions, and the audit logs them', async () => {
    const service = await startService();
    const { client } = service;
    const run = service.start(
      'run',
      ensembleFile(study),
      '--service',
      '--name',
      'one',
      '--slots',
      '2',
      '--watch',
    );
    await eventually(async () => (await client.list())[0]?.counts?.success === 5, 'it runs');
    const state = async () => named(await client.list(), 'one');

    expect(await service.cli('act', 'one', 'grow', '--value', '3')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^one-[0-9a-f]+: grew from 2 to 5\n$/),
    });
    expect(await client.act('one', { name: 'shrink' })).toMatchObject({ before: 5, after: 4 });
    const slow = ['act', 'one', 'submit', 'slow', '--value', '2', '--parameters', 'time=77'];
    expect(await service.cli(...slow)).toMatchObject({ status: 0, stderr: '' });
    await eventually(async () => (await state())?.counts?.running === 2, 'slow jobs run');
    expect((await state())?.size).toBe(4);
    expect(await service.cli('act', 'one', 'cancel', 'slow')).toMatchObject({
      stdout: expect.stringContaining('canceled 2 jobs of slow'),
    });
    expect(await service.cli('act', 'one', 'submit', 'slwo')).toMatchObject({
      status: 1,
      stderr: "ensemble: error: unknown job group 'slwo'; did you mean 'slow'? [ERR_SERVICE]\n",
    });
    await expect(client.act('oen', { name: 'grow' })).rejects.toMatchObject({ code: 'ERR_SERVICE' });
    expect(await service.cli('act', 'one', 'explode')).toMatchObject({ status: 2 });
    await client.act('one', { name: 'pause' });
    expect((await state())?.status).toBe('PAUSED');
    await client.act('one', { name: 'resume' });
    expect((await state())?.status).toBe('RUNNING');
    await client.act('one', { name: 'terminate' });
    const ended = await run.finished;
    expect(ended.status).toBe(0);
    expect(ended.stdout).toMatch(/=> asked by uid:\d+\n {3}grow \(from 2 to 5\)\n/);
    expect(ended.stdout).toContain('sleep 77');
    expect(await state()).toMatchObject({ status: 'ENDED', end: { end: 'terminated', error: '' } });
    await expect(client.act('one', { name: 'grow' })).rejects.toThrow('has ended');

    const { stderr } = await service.stop();
    const audit = stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const acts = audit.filter(({ call }) => call === 'Act');
    expect(acts.map(({ result }) => result)).toEqual([
      ...['done', 'done', 'done', 'done', 'ABORTED', 'NOT_FOUND'],
      ...['done', 'done', 'done', 'FAILED_PRECONDITION'],
    ]);
    expect(acts[0]).toEqual({
      time: expect.any(String),
      call: 'Act',
      who: `uid:${process.getuid?.()}`,
      peer: 'unix',
      what: { ensemble: 'one', action: 'grow', label: '', value: 3 },
      result: 'done',
      reason: 'grew from 2 to 5',
    });
    const what = { ensemble: 'one', action: 'submit', label: 'slow', value: 2, parameters: 'time=77' };
    expect(acts[2]).toMatchObject({ what });
  });

  test('watch shows an ensemble until its end', async () => {
    const service = await startService();
    const run = service.start('run', ensembleFile(study), '--service', '--name', 'one', '--watch');
    await eventually(async () => (await service.client.list()).length === 1, 'it registers');
    const watching = [service.start('watch', 'one', '--json'), service.start('watch', 'one')] as const;
    await Promise.all([watching[0].printed('RUNNING'), watching[1].printed('is running')]);
    await service.client.act('one', { name: 'submit', label: 'quick' });
    await watching[1].printed('asked by');
    await service.client.act('one', { name: 'terminate' });
    const [json, text] = await Promise.all(watching.map(({ finished }) => finished));
    if (json === undefined || text === undefined) throw new Error('no output');
    const changes = jsonOf<WatchResponse>(json);
    expect(changes.at(-1)?.ensemble).toMatchObject({ status: 'ENDED', end: { end: 'terminated' } });
    const firings = changes.flatMap(({ ensemble }) => ensemble?.firings.map(({ name }) => name) ?? []);
    const asked = `asked by uid:${process.getuid?.()}`;
    expect(firings).toEqual(['start', 'quick', 'quick', 'quick', asked, asked]);
    // Once as it was, and then only what changed.
    const unchanged = changes.filter(({ ensemble }) => ensemble?.groups.some(({ name }) => name === 'slow'));
    expect(unchanged).toHaveLength(1);
    expect(text.stdout).toMatch(
      /^one \(one-[0-9a-f]+\) is running\n(.*\n)*one \(one-[0-9a-f]+\) is terminated by request of uid:\d+\n$/,
    );
    expect((await run.finished).status).toBe(0);
    await service.stop();
  });

  test('a killed service does not disturb the run, and receives its whole state after the restart', async () => {
    const service = await startService();
    const file = ensembleFile(study);
    const run = service.start('run', file, '--service', '--name', 'one', '--watch', '--slots', '2');
    await eventually(async () => (await service.client.list())[0]?.counts?.success === 5, 'it is known');
    const [before] = await service.client.list();
    await service.stop('SIGKILL');
    // The socket of the killed service does not block a new one.
    expect(existsSync(join(service.folder, 'flux-ensemble/service.sock'))).toBe(true);
    const again = await startService([], service.folder);
    // The run registers first, and then sends its state.
    await eventually(
      async () => (await again.client.list())[0]?.counts?.success === 5,
      'it has told all anew',
    );
    const [after, ...others] = await again.client.list();
    expect(after).toMatchObject({ run: { id: before?.run?.id }, status: 'RUNNING' });
    expect(others).toEqual([]);
    const state = await again.client.get('one');
    expect(state.groups.map(({ name }) => name)).toEqual(['quick', 'slow']);
    await again.client.act('one', { name: 'terminate' });
    const { status, stderr } = await run.finished;
    expect(status).toBe(0);
    expect(stderr).toMatch(
      /the service at unix:.* is unavailable: .*; the run continues without it\n.*is back\n/,
    );
    await again.stop();
  });

  test('a killed run is shown as lost and refuses actions', async () => {
    const service = await startService(['--lost-after', '1']);
    const run = service.start('run', ensembleFile(study), '--service', '--name', 'one', '--watch');
    await eventually(async () => (await service.client.list()).length === 1, 'it is known');
    run.process.kill('SIGKILL');
    await eventually(async () => (await service.client.list())[0]?.status === 'LOST', 'it is lost');
    expect(await service.cli('act', 'one', 'submit', 'quick')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('is not connected'),
    });
    await service.stop();
  });

  test('a stopped run is shown as lost until it continues', async () => {
    const service = await startService(['--lost-after', '1']);
    const run = service.start('run', ensembleFile(study), '--service', '--name', 'one', '--watch');
    await eventually(async () => (await service.client.list()).length === 1, 'it is known');
    run.process.kill('SIGSTOP');
    await eventually(async () => (await service.client.list())[0]?.status === 'LOST', 'it is lost');
    run.process.kill('SIGCONT');
    await eventually(async () => (await service.client.list())[0]?.status === 'RUNNING', 'it is back');
    await service.client.act('one', { name: 'terminate' });
    expect((await run.finished).status).toBe(0);
    await service.stop();
  });

  test('SIGTERM ends the service: watchers are notified, its socket is removed, and runs continue', async () => {
    const service = await startService();
    const run = service.start('run', ensembleFile(study), '--service', '--name', 'one', '--watch');
    await eventually(async () => (await service.client.list()).length === 1, 'it is known');
    const watching = service.start('watch', 'one');
    await watching.printed('is running');
    expect(await service.stop()).toMatchObject({ status: 0 });
    expect(existsSync(join(service.folder, 'flux-ensemble/service.sock'))).toBe(false);
    expect(await watching.finished).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('the service is shutting down'),
    });
    expect(run.process.exitCode).toBe(null);
    run.process.kill('SIGTERM');
    expect((await run.finished).status).toBe(130);
  });

  test('a full standard error does not end the service', async () => {
    const folder = newFolder();
    const env = { XDG_RUNTIME_DIR: folder, ENSEMBLE_SERVICE: '' };
    const script = `exec ${process.execPath} ${serverProgram} start 2> /dev/full`;
    const server = spawn('bash', ['-c', script], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      let said = '';
      server.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
      await eventually(() => said.includes('listening on'), 'the service listens');
      const path = ensembleFile(study, folder);
      const running = start(['run', path, '--service', '--name', 'study', '--watch'], { env });
      await running.printed('trigger start');
      await eventually(
        async () => (await cli(['ls'], { env })).stdout.includes('running'),
        'the run is listed',
      );
      expect((await cli(['act', 'study', 'pause'], { env })).status).toBe(0);
      expect((await cli(['act', 'study', 'no-such-group'], { env })).status).toBe(2);
      expect((await cli(['act', 'study', 'cancel', 'nothing'], { env })).status).toBe(1);
      expect((await cli(['act', 'study', 'terminate'], { env })).status).toBe(0);
      expect((await running.finished).status).toBe(0);
      expect(server.exitCode).toBeNull();
    } finally {
      server.kill('SIGTERM');
    }
    await eventually(() => server.exitCode !== null, 'the service ends');
    expect(server.exitCode).toBe(4);
  });

  // The private sockets of runs make the folder, with or without a service.
  test.each(['missing', 'present'])(
    'a run without its service continues, and reports this once: the folder is %s',
    async (folder) => {
      const env = { XDG_RUNTIME_DIR: newFolder() };
      if (folder === 'present') mkdirSync(join(env.XDG_RUNTIME_DIR, 'flux-ensemble'), { mode: 0o700 });
      const { status, stderr } = await cli(['run', ensembleFile(study), '--service'], { env });
      expect(status).toBe(0);
      expect(stderr.match(/^ensemble: warning.*/gm)).toEqual([
        expect.stringMatching(/no service has been started at .*: `ensemble-server start` starts one/),
      ]);
      expect(await cli(['ls'], { env })).toMatchObject({
        status: 3,
        stderr: expect.stringContaining('no service has been started'),
      });
    },
  );

  test('two runs with the same name are distinguished by their ids', async () => {
    const service = await startService();
    const file = ensembleFile(study);
    const runs = [0, 1].map(() => service.start('run', file, '--service', '--name', 'twin', '--watch'));
    await eventually(async () => (await service.client.list()).length === 2, 'both are known');
    const ids = (await service.client.list()).map(({ run }) => run?.id ?? '');
    const refused = await service.cli('act', 'twin', 'terminate');
    expect(refused.status).toBe(1);
    for (const id of ids) expect(refused.stderr).toContain(id);
    await service.client.act(ids[0] ?? '', { name: 'terminate' });
    await eventually(async () => (await service.client.list())[0]?.status === 'ENDED', 'the first has ended');
    // Only one live ensemble has this name now.
    await service.client.act('twin', { name: 'terminate' });
    for (const run of runs) expect((await run.finished).status).toBe(0);
    await service.stop();
  });

  test('the state of a state machine is shown', async () => {
    const service = await startService();
    const machine = `
states: [explore, refine]
jobs: [{name: quick, command: "true"}]
rules:
  - {trigger: start, action: {name: submit, label: quick}}
  - {trigger: job-success, name: quick, in: explore, action: {goto: refine}}
`;
    const run = service.start('run', ensembleFile(machine), '--service', '--name', 'one', '--watch');
    await eventually(async () => (await service.client.list())[0]?.state === 'refine', 'it has gone on');
    expect((await service.cli('ls')).stdout).toMatch(/^one +one-[0-9a-f]+ +running in refine +local /m);
    await service.client.act('one', { name: 'terminate' });
    expect((await run.finished).status).toBe(0);
    await service.stop();
  });

  test('the example works as described', async () => {
    const script = join(root, 'examples/service/try.sh');
    const { stdout } = await promisify(execFile)('sh', [script], {
      env: { ...process.env, TMPDIR: newFolder() },
    });
    expect(stdout).toMatch(/^simulation-[0-9a-f]+: grew from 2 to 4$/m);
    expect(stdout).toMatch(/^simulation-[0-9a-f]+: submitted 4 jobs of simulate$/m);
    expect(stdout).toMatch(/^simulate +\d+ /m);
    expect(stdout).toMatch(/^over 2 ensembles: /m);
    expect(stdout).toMatch(/^analysis +analysis-[0-9a-f]+ +terminated by \S.* +local +1 /m);
    expect(stdout).toContain('"what":{"ensemble":"simulation","action":"grow","label":"","value":2}');
  });
});
