/** Runs that `ensemble run` keeps: how they are listed and removed. */

import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { widthOf } from '../../src/text/width.js';
import { cli, ensembleFile, jsonLines, main, newFolder, start } from '../support/cli.js';
import { jsonOf } from '../support/service.js';
import { onTerminal } from './pty.js';

interface Listed {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly path: string;
  readonly exit: number | null;
  readonly counts: { readonly jobs: number; readonly failed: number } | null;
}

const study = (command: string, count = 1) =>
  ensembleFile(`jobs:
  - {name: sim, command: "${command}", count: ${count}}
rules:
  - {trigger: start, action: {name: submit, label: sim}}
`);

const runsOf = async (state: string) => jsonOf<Listed>(await cli(['runs', '--json', '--state', state]));
const idsOf = async (state: string) => (await runsOf(state)).map(({ id }) => id);

describe.concurrent('ensemble runs', () => {
  test('lists a run with its counts, its end and its exit status', async () => {
    const state = newFolder();
    const good = await cli(['run', study('true', 3), '--state', state, '--name', 'good']);
    expect(good).toMatchObject({ status: 0, stderr: '' });
    const bad = await cli(['run', study('false', 2), '--state', state, '--json']);
    expect(bad.status).toBe(1);
    const [second, first] = await runsOf(state);
    expect(first).toMatchObject({ name: 'good', state: 'done', exit: 0, counts: { jobs: 3, failed: 0 } });
    expect(second).toMatchObject({
      name: 'ensemble',
      state: 'done',
      exit: 1,
      counts: { jobs: 2, failed: 2 },
    });
    expect(jsonLines(bad).summary).toMatchObject({ runFolder: second?.path });
    const { stdout, stderr } = await cli(['runs', '--state', state]);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^id +name +state +jobs +failed +started +duration +size +folder$/m);
    expect(stdout).toMatch(new RegExp(`^${first?.id} +good +done +3 +0 +\\d{4}-`, 'm'));
  });

  test('is empty without runs, and shows 20 of many', async () => {
    const state = newFolder();
    expect(await cli(['runs', '--state', state])).toMatchObject({
      status: 0,
      stdout: `no runs in ${state}\n`,
      stderr: '',
    });
    await cli(['run', study('true'), '--state', state]);
    const [only] = await runsOf(state);
    const runs = join(state, 'runs');
    const text = readFileSync(join(only?.path ?? '', 'run.json'), 'utf8');
    const { cpSync } = await import('node:fs');
    for (let i = 0; i < 21; i++) {
      cpSync(only?.path ?? '', join(runs, `copy${i}`), { recursive: true });
      writeFileSync(join(runs, `copy${i}`, 'run.json'), text.replaceAll(only?.id ?? '', `copy${i}`));
    }
    const shown = (await cli(['runs', '--state', state])).stdout.split('\n');
    expect(shown.at(-2)).toBe('2 older runs not shown; --all shows all');
    expect(shown).toHaveLength(1 + 20 + 1 + 1);
    expect((await cli(['runs', '--all', '--state', state])).stdout.split('\n')).toHaveLength(1 + 22 + 1);
  });

  test('shows a run that goes on, and one whose process was killed', async () => {
    const state = newFolder();
    const run = start(['run', study('sleep 60'), '--state', state]);
    await run.printed('submit sim');
    const [{ id } = { id: '' }] = await runsOf(state);
    expect(await runsOf(state)).toMatchObject([{ state: 'running', exit: null }]);
    expect(await cli(['runs', 'prune', id, '--state', state])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(`run ${id} goes on (process ${run.process.pid} on host `),
    });
    expect(await cli(['runs', 'prune', '--keep', '0', '--state', state])).toMatchObject({
      status: 0,
      stdout: '0 runs removed, 0 B\n',
    });
    run.process.kill('SIGKILL');
    await run.finished;
    expect(await runsOf(state)).toMatchObject([{ id, state: 'lost', exit: null }]);
    expect((await cli(['runs', 'prune', id, '--state', state])).stdout).toContain(
      `removed ${id} (ensemble), `,
    );
    expect(await runsOf(state)).toEqual([]);
  });

  test('says how an interrupted run ended', async () => {
    const state = newFolder();
    const run = start(['run', study('sleep 60'), '--state', state]);
    await run.printed('submit sim');
    run.process.kill('SIGINT');
    await run.finished;
    expect(await runsOf(state)).toMatchObject([{ state: 'interrupted', exit: 130 }]);
  });

  test('fits into 80 columns, and escapes names', async () => {
    const state = newFolder();
    await cli([
      'run',
      study('false', 120),
      '--state',
      state,
      '--name',
      `a-very-long-name-\u001b[31m-${'x'.repeat(90)}`,
    ]);
    const shown = stripVTControlCharacters(await onTerminal(['runs', '--state', state], { columns: 80 }));
    const lines = shown.trimEnd().split(/\r*\n/);
    for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(80);
    expect(lines[0]).toMatch(/^id +name +state +jobs +failed +started +duration/);
    expect(lines[1]).toMatch(/ a-very-\S*…\S+ +done +120 +120 /);
  });

  test('reports a damaged folder and lists the others', async () => {
    const state = newFolder();
    await cli(['run', study('true'), '--state', state]);
    await cli(['run', study('true'), '--state', state]);
    const [one, other] = await runsOf(state);
    writeFileSync(join(one?.path ?? '', 'run.json'), '{"format": 1');
    const { status, stdout, stderr } = await cli(['runs', '--state', state]);
    expect(status).toBe(0);
    expect(stdout).toContain(other?.id);
    expect(stderr).toContain(`ensemble: warning: ${one?.path}/run.json is damaged: `);
  });
});

describe.concurrent('ensemble runs prune', () => {
  test('is mentioned when a run begins and ended runs take much room', async () => {
    const state = newFolder();
    const run = () => cli(['run', study('true'), '--state', state]);
    expect((await run()).stderr).toBe('');
    const [first] = await runsOf(state);
    const file = join(first?.path ?? '', 'run.json');
    const manifest = JSON.parse(readFileSync(file, 'utf8'));
    expect(manifest.bytes).toBeGreaterThan(4096);
    writeFileSync(file, JSON.stringify({ ...manifest, bytes: 25e9 }));
    expect((await run()).stderr).toBe(
      `ensemble: 1 run that ended takes 25 GB in ${state}/runs
  to remove those that ended more than 30 days ago: ensemble runs prune --older 30d --state ${state}
`,
    );
  });

  test('needs to know which runs', async () => {
    expect(await cli(['runs', 'prune'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('missing runs; name them, or pass --older TIME or --keep N'),
    });
    expect((await cli(['runs', 'prune', 'x', '--keep', '3'])).status).toBe(2);
  });

  test('removes old runs, and those beyond the newest', async () => {
    const state = newFolder();
    for (let i = 0; i < 3; i++) await cli(['run', study('true'), '--state', state]);
    const [newest = '', middle = '', oldest = ''] = await idsOf(state);
    const prune = (...args: string[]) => cli(['runs', 'prune', '--state', state, ...args]);
    expect((await prune('--older', '1h')).stdout).toBe('0 runs removed, 0 B\n');
    const dry = await prune('--keep', '1', '--dry-run');
    expect(dry.stdout).toContain(`would remove ${middle} (ensemble), `);
    expect(dry.stdout).toMatch(/^2 runs would be removed, /m);
    expect(await idsOf(state)).toHaveLength(3);
    expect((await prune('--keep', '2')).stdout).toContain(`removed ${oldest} `);
    expect(await idsOf(state)).toEqual([newest, middle]);
    // Both options keep what one of them keeps.
    await prune('--keep', '1', '--older', '0s');
    expect(await idsOf(state)).toEqual([newest]);
    await prune('--older', '0s');
    expect(await idsOf(state)).toEqual([]);
  });
});

describe.concurrent('a run', () => {
  test('goes on with one warning where its folder can not be made', async () => {
    const file = join(newFolder(), 'file');
    writeFileSync(file, '');
    const { status, stderr } = await cli(['run', study('true'), '--state', file]);
    expect(status).toBe(0);
    expect(stderr).toMatch(
      /^ensemble: warning: this run is not kept: the folder \S+ can't be created: .*\n$/,
    );
    // The system answers there as if a parent were missing.
    const nowhere = await cli(['run', study('true'), '--state', '/proc/none']);
    expect(nowhere).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(
        /^ensemble: warning: this run is not kept: the folder \/proc\/none\/runs can't be created: ENOENT/,
      ),
    });
    const open = newFolder();
    chmodSync(open, 0o777);
    const refused = await cli(['run', study('true'), '--state', open]);
    expect(refused.status).toBe(0);
    expect(refused.stderr).toMatch(/^ensemble: warning: this run is not kept: others may write to .*\n$/);
  });

  test('leaves no folder with --no-log, with --dry-run, and when it could not begin', async () => {
    const state = newFolder();
    const file = study('true');
    expect((await cli(['run', file, '--no-log', '--state', state])).status).toBe(0);
    expect((await cli(['run', file, '--dry-run', '--state', state])).status).toBe(0);
    expect(existsSync(join(state, 'runs'))).toBe(false);
    const refused = await cli(['run', file, '--service', 'not:an:address', '--state', state]);
    expect(refused.stderr).toContain('is not an address of a service');
    expect(readdirSync(join(state, 'runs'))).toEqual([]);
  });

  test('keeps the file as it was', async () => {
    const state = newFolder();
    const file = study('true');
    const before = readFileSync(file, 'utf8');
    await cli(['run', file, '--state', state]);
    writeFileSync(file, 'changed');
    const [{ path } = { path: '' }] = await runsOf(state);
    expect(readFileSync(join(path, 'ensemble.yaml'), 'utf8')).toBe(before);
  });
});

const canMount = spawnSync('unshare', ['-m', 'true']).status === 0;

describe.skipIf(!canMount).concurrent('a run on a small disk', () => {
  /** Runs an ensemble whose folder is on a disk of 2 MB with this much in use. */
  async function onSmallDisk(file: string, used: string) {
    const disk = newFolder();
    const script = `mount -t tmpfs -o size=2m,mode=700 tmpfs "$1" && head -c ${used} /dev/zero > "$1/used"
      "$2" "$3" run "$4" --json --state "$1"; status=$?; ls "$1/runs" >&2; exit $status`;
    const args = ['-m', 'sh', '-c', script, 'sh', disk, process.execPath, main, file];
    const child = spawn('unshare', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const problems = lines.filter(({ type }) => type === 'problem').map(({ message }) => message);
    return { status: await ended, stderr, problems, summary: lines.at(-1) };
  }

  test('keeps no outputs when it is nearly full, and the jobs run', async () => {
    const file = study("sh -c 'head -c 50000 /dev/zero || exit 3'", 20);
    const { status, problems } = await onSmallDisk(file, '1960k');
    expect(problems).toEqual([
      expect.stringMatching(/^outputs of jobs are not kept: the disk of .* is nearly full$/),
    ]);
    expect(status).toBe(0);
    expect((await onSmallDisk(file, '100k')).problems).toEqual([]);
  });

  test('goes on to its usual end when it becomes full', async () => {
    // The job fills the disk on which its own output is kept.
    const file = study("sh -c 'cat /dev/zero 2> /dev/null; seq 20000 > /dev/null'");
    const { status, stderr, problems, summary } = await onSmallDisk(file, '1900k');
    expect(summary).toMatchObject({ end: 'idle', failedJobs: 0 });
    // The log fits into its last page of the disk, or it does not.
    expect(problems.at(-1)).toMatch(/^the folder of the run \S+ can't be written: ENOSPC/);
    expect(status).toBe(0);
    expect(stderr).toMatch(/^\w{6}\n$/);
  });
});
