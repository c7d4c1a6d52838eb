import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, ensembleFile, eventually, main, newFolder, root } from '../support/cli.js';
import {
  allGood,
  describeFlux,
  type Instance,
  mock,
  reloadJobManager,
  reportOf,
  withInstance,
} from '../support/flux-instance.js';

const hello = ensembleFile(`
jobs: [{name: a, command: "true"}]
rules: [{trigger: start, action: {name: submit, label: a}}]
`);

/** Jobs of two groups, the second of which never start by themselves. */
const waiting = (count: number) =>
  ensembleFile(`
jobs:
  - {name: quick, command: quick, count: ${count}, attributes: ${mock(0.01)}}
  - {name: held, command: held, count: 4, urgency: 0, attributes: ${mock(0.01)}}
  - {name: follow, command: follow, count: 3, attributes: ${mock(0.01)}}
rules:
  - {trigger: start, action: {name: submit, label: held}}
  - {trigger: start, action: {name: submit, label: quick}}
  - {trigger: metric, name: count.held.canceled, when: 4, action: {name: submit, label: follow}}
`);

const quickAreDone = (instance: Instance, count: number) =>
  eventually(
    async () => (await instance.tally('{name} {result}'))['quick COMPLETED'] === count,
    'the quick jobs have ended',
  );

describeFlux('without an instance', () => {
  // Without FLUX_URI libflux-core looks for the system's instance, which is not there.
  test.each([
    ['no FLUX_URI', undefined],
    ['a FLUX_URI that leads nowhere', 'local:///nowhere/local'],
    ['a FLUX_URI that is none', 'rubbish'],
  ])('the error names the cause: %s', async (_, uri) => {
    const { status, stdout, stderr } = await cli(['run', '--executor', 'flux', '--json', hello], {
      env: { FLUX_URI: uri },
    });
    expect(status, stdout + stderr).toBe(3);
    const { summary, counts } = reportOf({ status, stdout, stderr, signal: null });
    expect(summary.error).toMatchObject({ code: 'ERR_MEMBER' });
    expect(summary.error?.message).toContain("can't connect to Flux");
    expect(summary.error?.message).toContain(uri ?? 'FLUX_URI is not set');
    expect(summary.error?.message).toContain('flux start');
    expect(counts.a).toMatchObject({ submitted: 0 });
  });

  test('a library that is missing or invalid is reported with each reason, and others run without it', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'libflux-core.so.2'), 'rubbish');
    const env = { PATH: '/nowhere', LD_LIBRARY_PATH: folder, FLUX_URI: 'local:///nowhere/local' };
    const broken = await cli(['run', hello], { env });
    expect(broken.status, broken.stderr).toBe(3);
    expect(broken.stderr).toContain("libflux-core can't be loaded:");
    expect(broken.stderr).toMatch(/libflux-core\.so\.2: (?:invalid ELF header|file too short)/);
    expect(broken.stderr).toContain('Put the `flux` of flux-core 0.61 or later on PATH');
    expect(broken.stderr).toContain('[ERR_MEMBER_UNAVAILABLE]');
    const local = await cli(['run', '--executor', 'local', hello], {
      env: { ...env, PATH: process.env.PATH },
    });
    expect(local.status, local.stderr).toBe(0);
  });
});

/** Another user of this host. */
const guest = { uid: 65_534, gid: 65_534 };

/** Returns why the test as another user can't run here, or null. */
function whyNoGuest(): string | null {
  if (process.getuid?.() !== 0) return 'only root can become somebody else';
  try {
    execFileSync(process.execPath, ['--check', main], { ...guest, stdio: 'ignore' });
    return null;
  } catch {
    return 'other users may not read this folder';
  }
}

const noGuest = whyNoGuest();

describeFlux('an instance of another user', () => {
  test.skipIf(noGuest !== null)(
    noGuest === null ? 'refuses the connection, and the error gives the reason' : `(skipped: ${noGuest})`,
    () =>
      withInstance(
        async ({ uri }) => {
          const args = [main, 'run', '--executor', 'flux', '--json', join(root, 'examples/hello-world.yaml')];
          const env = { ...process.env, FLUX_URI: uri };
          const { status, stdout } = spawnSync(process.execPath, args, { ...guest, env, encoding: 'utf8' });
          expect(status, stdout).toBe(3);
          const { summary } = reportOf({ status, stdout, stderr: '', signal: null });
          // The socket refuses the guest, or a folder above it does.
          expect(summary.error?.message).toMatch(/\[(EPERM|EACCES)\]/);
          expect(summary.error?.message).toContain('flux alloc');
        },
        { guests: true },
      ),
  );
});

describeFlux('an instance that fails', () => {
  test('a killed broker fails the run', async () => {
    await withInstance(
      async (instance) => {
        const running = instance.start(['run', '--json', waiting(20)]);
        await quickAreDone(instance, 20);
        process.kill(Number(await instance.flux('getattr', 'broker.pid')), 'SIGKILL');
        const { finished, summary, counts } = reportOf(await running.finished);
        expect(finished.status, finished.stderr).toBe(3);
        expect(summary.end).toBe('failed');
        expect(summary.error).toMatchObject({ code: 'ERR_MEMBER' });
        expect(summary.error?.message).toMatch(/the connection to Flux is lost: .*\[E[A-Z]+\]/);
        expect(counts.quick).toEqual(allGood(20));
        expect(counts.held).toMatchObject({ submitted: 4, pending: 4 });
      },
      { cores: 16, own: true },
    );
  });

  test('a killed broker during submissions fails the run', async () => {
    await withInstance(
      async (instance) => {
        const running = instance.start(['run', '--json', waiting(20_000)]);
        await eventually(async () => ((await instance.tally('{name}')).quick ?? 0) > 50, 'some are there');
        process.kill(Number(await instance.flux('getattr', 'broker.pid')), 'SIGKILL');
        const { finished, summary, counts } = reportOf(await running.finished);
        expect(finished.status, finished.stderr).toBe(3);
        expect(summary.error?.message).toContain('the connection to Flux is lost');
        expect(counts.quick?.submitted).toBeGreaterThan(50);
      },
      { cores: 16, own: true },
    );
  });

  test('a shutdown of the instance fails the run', () =>
    withInstance(
      async (instance) => {
        const running = instance.start(['run', '--json', waiting(5)]);
        await quickAreDone(instance, 5);
        await instance.flux('shutdown', '--quiet').catch(() => '');
        const { finished, summary, counts } = reportOf(await running.finished);
        // Its last act is to cancel all jobs, so the rule may still have fired, in vain.
        expect(finished.status, finished.stdout).toBe(3);
        expect(summary.error).toMatchObject({ code: 'ERR_MEMBER' });
        expect(counts.quick).toEqual(allGood(5));
      },
      { cores: 16, own: true },
    ));

  test('the run continues after a reload of the job manager, and counts every event once', () =>
    withInstance(
      async (instance) => {
        const running = instance.start(['run', '--json', waiting(20)]);
        await quickAreDone(instance, 20);
        await reloadJobManager(instance);
        // Its module was gone, so what it knew of ended jobs is.
        await eventually(async () => (await instance.tally('{status}')).SCHED === 4, 'the held are back');
        await instance.flux('cancel', '--all');
        const { finished, counts, summary } = reportOf(await running.finished);
        expect(finished).toMatchObject({ status: 0, stderr: '' });
        expect(summary.end).toBe('idle');
        expect(counts.quick).toEqual(allGood(20));
        expect(counts.held).toMatchObject({
          submitted: 4,
          canceled: 4,
          finished: 0,
          exception: 4,
          pending: 0,
        });
        expect(counts.follow).toEqual(allGood(3));
        expect(await instance.tally('{name} {result}')).toEqual({
          'quick COMPLETED': 20,
          'held CANCELED': 4,
          'follow COMPLETED': 3,
        });
      },
      { cores: 16, own: true },
    ));

  test('jobs that ended during the reload are looked up', () =>
    withInstance(
      async (instance) => {
        const running = instance.start(['run', '--json', waiting(20)]);
        await quickAreDone(instance, 20);
        const { pid } = running.process;
        if (pid === undefined) throw new Error('it does not run');
        // It sleeps through it all: the stream's end, the jobs' end, the new job manager.
        process.kill(pid, 'SIGSTOP');
        await reloadJobManager(instance);
        const held = (await instance.jobs('{id} {name}')).filter((line) => line.endsWith('held'));
        const ids = held.map((line) => line.split(' ')[0] ?? '');
        await instance.flux('cancel', ...ids.slice(0, 2));
        await instance.flux('job', 'urgency', ids[2] ?? '', '16');
        await instance.flux('job', 'wait-event', '-t', '20', ids[2] ?? '', 'clean');
        // And what is left of this one is only its name.
        await instance.flux('cancel', ids[3] ?? '');
        await instance.flux('job', 'wait-event', '-t', '20', ids[3] ?? '', 'clean');
        await instance.flux('job', 'purge', '--force', ids[3] ?? '');
        process.kill(pid, 'SIGCONT');
        const { finished, counts, summary } = reportOf(await running.finished);
        expect(finished.status).toBe(0);
        expect(summary.end).toBe('idle');
        expect(counts.quick).toEqual(allGood(20));
        expect(counts.held).toMatchObject({
          submitted: 4,
          canceled: 2,
          success: 1,
          finished: 1,
          exception: 2,
          pending: 0,
          running: 0,
        });
      },
      { cores: 16, own: true },
    ));

  test('a long absence of the job manager fails the run', () =>
    withInstance(
      async (instance) => {
        const running = instance.start(['run', '--json', waiting(5)]);
        await quickAreDone(instance, 5);
        await instance.flux('module', 'remove', '-f', 'job-manager');
        const { finished, summary, counts } = reportOf(await running.finished);
        expect(finished.status).toBe(3);
        expect(summary.error?.message).toContain('its job manager is not loaded');
        expect(summary.error?.message).toContain('[ENOSYS]');
        expect(counts.quick).toEqual(allGood(5));
        await instance.flux('module', 'load', 'job-manager');
      },
      { cores: 16, own: true },
    ));
});

describeFlux('an interrupted run', () => {
  test('cancels its own jobs, pending and running', () =>
    withInstance(
      async (instance) => {
        await instance.flux('submit', '--urgency=0', 'other');
        const file = ensembleFile(`
jobs:
  - {name: running, command: running, count: 5, attributes: ${mock(600)}}
  - {name: held, command: held, count: 5, urgency: 0}
rules:
  - {trigger: start, action: {name: submit, label: held}}
  - {trigger: start, action: {name: submit, label: running}}
`);
        const running = instance.start(['run', '--json', file]);
        await eventually(async () => (await instance.tally('{status}')).RUN === 5, 'five run');
        running.process.kill('SIGINT');
        const { finished, summary, counts } = reportOf(await running.finished);
        expect(finished.status).toBe(130);
        expect(summary.end).toBe('interrupted');
        expect(counts.running).toMatchObject({ submitted: 5, canceled: 5, running: 0 });
        expect(counts.held).toMatchObject({ submitted: 5, canceled: 5, pending: 0 });
        expect(await instance.tally('{name} {status}')).toEqual({
          'other SCHED': 1,
          'running CANCELED': 5,
          'held CANCELED': 5,
        });
      },
      { cores: 16 },
    ));

  test('leaves no job when it is interrupted during submissions', () =>
    withInstance(
      async (instance) => {
        const running = instance.start(['run', '--json', waiting(1500)]);
        await eventually(async () => (await instance.jobs('{id}')).length > 100, 'some are there');
        running.process.kill('SIGINT');
        const { finished, counts } = reportOf(await running.finished);
        expect(finished.status).toBe(130);
        const { quick, held } = counts;
        if (quick === undefined || held === undefined) throw new Error('no counts');
        expect(quick.success + quick.canceled).toBe(quick.submitted);
        // Jobs of a low urgency are queued until the others have left.
        expect(held.canceled).toBe(held.submitted);
        expect(quick.queued + held.queued).toBe(0);
        const left = await instance.tally('{state}');
        expect(left).toEqual({ INACTIVE: quick.submitted + held.submitted });
      },
      { cores: 16 },
    ));

  test('ends at a second signal even if the instance hangs', () =>
    withInstance(
      async (instance) => {
        const running = instance.start(['run', '--json', waiting(5)]);
        await quickAreDone(instance, 5);
        const broker = Number(await instance.flux('getattr', 'broker.pid'));
        process.kill(broker, 'SIGSTOP');
        try {
          running.process.kill('SIGINT');
          await new Promise((resolve) => setTimeout(resolve, 300));
          running.process.kill('SIGINT');
          expect((await running.finished).status).toBe(130);
        } finally {
          process.kill(broker, 'SIGCONT');
        }
      },
      { cores: 16 },
    ));
});
