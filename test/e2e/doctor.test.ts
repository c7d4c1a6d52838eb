/** `ensemble doctor`: its findings on this machine, and on one where things are missing or broken. */

import { execFile } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { type CliOptions, cli, type Finished, main, newFolder, root } from '../support/cli.js';

interface Line {
  readonly check: string;
  readonly state: 'ok' | 'missing' | 'broken';
  readonly text: string;
  readonly remedy: string | null;
  readonly blocks: boolean;
}

/** A busy machine may need longer than users want to wait. */
const PATIENT = ['doctor', '--wait', '2m'];
/** The checks that must be ok for the local member. */
const NEEDED = ['node', 'addon', 'spawner'];

const linesOf = ({ stdout }: Pick<Finished, 'stdout'>) =>
  new Map(
    stdout
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text) as Line)
      .map((line) => [line.check, line] as const),
  );

async function examine(options: CliOptions = {}, ...args: readonly string[]) {
  const finished = await cli([...PATIENT, '--json', ...args], {
    ...options,
    env: { FLUX_URI: undefined, XDG_STATE_HOME: newFolder(), ...options.env },
  });
  expect(finished.stderr).toBe('');
  return { status: finished.status, lines: linesOf(finished) };
}

/** A folder for PATH with these programs, each a script of a shell. */
function pathWith(programs: Readonly<Record<string, string>> = {}): string {
  const folder = newFolder();
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  }
  // The job of the check is one of a shell.
  symlinkSync('/bin/sh', join(folder, 'sh'));
  return folder;
}

/** A copy of the package without native parts, and its program. */
function packageWithoutBuild(): string {
  const folder = newFolder();
  for (const name of ['dist', 'native/abi.json', 'package.json']) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

describe.concurrent('ensemble doctor', () => {
  test('finds that the local member can run here', async () => {
    const { status, lines } = await examine();
    expect(status).toBe(0);
    for (const name of NEEDED)
      expect(lines.get(name)).toMatchObject({ state: 'ok', remedy: null, blocks: false });
    const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(lines.get('node')?.text).toContain(`Node ${process.versions.node}`);
    expect(lines.get('node')?.text).toContain(engines.node);
    const abi = readFileSync(join(root, 'native/abi.json'), 'utf8').trim();
    expect(lines.get('addon')?.text).toContain(`interface ${abi} `);
    // Each thing that is not ok comes with what to do.
    for (const { state, remedy } of lines.values()) expect(remedy === null).toBe(state === 'ok');
  });

  test('prints a line for each check, and a last one', async () => {
    const { status, stdout, stderr } = await cli(PATIENT, { env: { XDG_STATE_HOME: newFolder() } });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    const { lines: found } = await examine();
    expect(lines).toHaveLength(found.size + 1);
    for (const [index, name] of [...found.keys()].entries()) {
      expect(lines[index]).toMatch(new RegExp(`^(?:ok     |missing|broken )  ${name} +\\S`));
    }
    expect(lines.at(-1)).toMatch(
      /^the local member can run here; ensemble run takes \w+ without --executor$/,
    );
  });

  test('programs that are not on PATH are missing, and the local member runs without them', async () => {
    const { status, lines } = await examine({ env: { PATH: pathWith() } });
    expect(status).toBe(0);
    for (const name of ['python', 'flux', 'flux instance', 'slurm', 'slurm controller', 'kubectl']) {
      expect(lines.get(name)).toMatchObject({
        state: 'missing',
        remedy: expect.stringMatching(/\w/),
        blocks: false,
      });
    }
    expect(lines.get('slurm')?.text).toBe('not on PATH: sbatch, squeue, scancel, scontrol');
  });

  test('programs that fail or are too old are broken, with their last words', async () => {
    const PATH = pathWith({
      python3: "echo '3 5 2 /opt/python3'",
      flux: 'echo "flux: libflux-core.so.2 is missing" >&2; exit 127',
      scontrol: 'echo "noise" >&2; echo "scontrol: error: Unable to contact slurm controller" >&2; exit 1',
      kubectl: 'kill -SEGV $$',
    });
    const { status, lines } = await examine({ env: { PATH, FLUX_URI: 'local:///gone' } });
    expect(status).toBe(0);
    const texts = ['python', 'flux', 'flux instance', 'slurm controller', 'kubectl'].map((name) => {
      const { state, text } = lines.get(name) ?? {};
      return `${state}: ${text}`;
    });
    expect(texts).toEqual([
      'broken: Python 3.5.2 (/opt/python3)',
      'broken: flux version failed: flux: libflux-core.so.2 is missing',
      'broken: the instance of FLUX_URI (local:///gone) does not answer: flux: libflux-core.so.2 is missing',
      'broken: the controller does not answer: scontrol: error: Unable to contact slurm controller',
      "broken: kubectl can't be run: it was ended by SIGSEGV",
    ]);
  });

  test('programs that work are described', async () => {
    const PATH = pathWith({
      python3: "echo '3 12 1 /opt/python3'",
      flux: 'case $1 in version) printf "commands:\\t0.70.0\\n" ;; *) echo 16 ;; esac',
      sbatch: '',
      squeue: '',
      scancel: '',
      scontrol:
        'echo "ClusterName = deep"; echo "SLURM_VERSION = 24.05.1"; echo "AccountingStorageType = accounting_storage/slurmdbd"',
      kubectl: `echo '{"clientVersion": {"gitVersion": "v1.30.0"}}'`,
    });
    const { lines } = await examine({ env: { PATH } });
    const text = (name: string) => `${lines.get(name)?.state}: ${lines.get(name)?.text}`;
    expect(text('python')).toBe('ok: Python 3.12.1 (/opt/python3)');
    expect(text('flux')).toBe('ok: Flux 0.70.0');
    expect(text('flux instance')).toBe(
      'ok: FLUX_URI is not set, and an instance of size 16 answers (--executor flux)',
    );
    expect(text('slurm')).toBe('ok: on PATH: sbatch, squeue, scancel, scontrol');
    expect(text('slurm controller')).toBe(
      'ok: the controller of deep answers (Slurm 24.05.1, with accounting)',
    );
    expect(text('kubectl')).toBe('ok: kubectl v1.30.0');
  });

  test('a controller that does not answer is given up, and ended', async () => {
    const folder = newFolder();
    const PATH = pathWith({ scontrol: `echo $$ > '${folder}/pid'; exec /bin/sleep 1000` });
    const { lines } = await examine({ env: { PATH } }, '--wait', '4s');
    const { state, text, remedy } = lines.get('slurm controller') ?? {};
    expect(state).toBe('broken');
    expect(text).toMatch(/did not (?:answer|end) within/);
    expect(remedy).toMatch(/\w/);
    const pid = readFileSync(join(folder, 'pid'), 'utf8').trim();
    expect(existsSync(`/proc/${pid}`)).toBe(false);
  });

  test('native parts that were not built are missing, and the local member can not run', async () => {
    const folder = packageWithoutBuild();
    const program = join(folder, 'dist/cli/main.js');
    const { status, lines } = await examine({ program });
    expect(status).toBe(1);
    for (const name of ['addon', 'spawner']) {
      expect(lines.get(name)).toMatchObject({ state: 'missing', blocks: true });
      expect(lines.get(name)?.remedy).toContain('npm rebuild flux-ensemble');
    }
    // Flux is found at run time, and only some need it.
    expect(lines.get('flux member')).toMatchObject({ blocks: false });
    const { stdout } = await cli(PATIENT, { program });
    expect(stdout).toMatch(/\nthe local member can't run here: addon, spawner\n$/);

    // Files that are not programs.
    mkdirSync(join(folder, 'build/Release'), { recursive: true });
    for (const name of ['flux_ensemble.node', 'ensemble-spawner']) {
      writeFileSync(join(folder, 'build/Release', name), 'not a program\n', { mode: 0o755 });
    }
    const garbage = await examine({ program });
    expect(garbage.status).toBe(1);
    for (const name of ['addon', 'spawner'])
      expect(garbage.lines.get(name)).toMatchObject({ state: 'broken', blocks: true });
    expect(garbage.lines.get('addon')?.text).toMatch(
      /flux_ensemble\.node.*(?:invalid ELF header|file too short)/,
    );

    // An addon of another version of the package.
    cpSync(join(root, 'build/Release/flux_ensemble.node'), join(folder, 'build/Release/flux_ensemble.node'));
    writeFileSync(join(folder, 'native/abi.json'), '1000000\n');
    const { lines: other } = await examine({ program });
    expect(other.get('addon')).toMatchObject({ state: 'broken', blocks: true });
    expect(other.get('addon')?.text).toContain('another version');
  });

  test('a Node that is too old, and a clock before the installation, are broken', async () => {
    const folder = packageWithoutBuild();
    const path = join(folder, 'package.json');
    const text = readFileSync(path, 'utf8').replace('"node": ">=20"', '"node": ">=99.1"');
    writeFileSync(path, text);
    utimesSync(path, new Date(), new Date(Date.now() + 86_400_000));
    const { status, lines } = await examine({ program: join(folder, 'dist/cli/main.js') });
    expect(status).toBe(1);
    expect(lines.get('node')).toMatchObject({ state: 'broken', blocks: true });
    expect(lines.get('node')?.text).toContain('>=99.1');
    expect(lines.get('clock')).toMatchObject({ state: 'broken', blocks: false });
  });

  test('folders that others can write to, or that are missing, are broken or can be created', async () => {
    const [state, runtime] = [newFolder(), newFolder()];
    const fresh = await examine({ env: { XDG_RUNTIME_DIR: runtime } }, '--state', join(state, 'deep/er'));
    expect(fresh.lines.get('state folder')?.text).toContain(`${state}/deep/er/runs can be created, `);
    expect(fresh.lines.get('socket folder')?.state).toBe('ok');
    expect(existsSync(join(state, 'deep'))).toBe(false);

    mkdirSync(join(state, 'runs'));
    mkdirSync(join(runtime, 'flux-ensemble'));
    for (const path of [join(state, 'runs'), join(runtime, 'flux-ensemble')]) chmodSync(path, 0o777);
    const env = { XDG_RUNTIME_DIR: runtime, TMPDIR: '/proc/nowhere' };
    const { status, lines } = await examine({ env }, '--state', state);
    expect(status).toBe(0);
    for (const name of ['state folder', 'socket folder', 'temporary folder']) {
      expect(lines.get(name)).toMatchObject({ state: 'broken', blocks: false });
    }
    expect(lines.get('state folder')?.text).toContain('others may write');
    expect(lines.get('socket folder')?.text).toContain('is open to others');

    const long = await examine({ env: { XDG_RUNTIME_DIR: `/tmp/${'long'.repeat(30)}` } });
    expect(long.lines.get('socket folder')).toMatchObject({
      state: 'broken',
      text: expect.stringContaining('107 bytes'),
      remedy: 'name a folder with a shorter path in XDG_RUNTIME_DIR',
    });
  });

  test('limits are compared with the slots', async () => {
    const run = async (limit: number, slots: number) => {
      const script = `ulimit -n ${limit}; '${process.execPath}' '${main}' doctor --json --wait 2m --slots ${slots}; echo $?`;
      const { stdout } = await promisify(execFile)('sh', ['-c', script]);
      const [, lines = '', status] = /^(.*\n)(\d+)\n$/s.exec(stdout) ?? [];
      return { status: Number(status), files: linesOf({ stdout: lines }).get('open files') };
    };
    expect(await run(1024, 100)).toMatchObject({
      status: 0,
      files: { state: 'ok', text: expect.stringContaining('1024') },
    });
    expect(await run(1024, 2000)).toMatchObject({
      status: 0,
      files: { state: 'broken', remedy: 'allow more with "ulimit -n 2160"', blocks: false },
    });
    expect(await run(200, 1)).toMatchObject({ status: 1, files: { state: 'broken', blocks: true } });
  });

  test('options are checked', async () => {
    for (const args of [
      ['--slots', 'many'],
      ['--wait', '0'],
      ['--wait', 'soon'],
    ]) {
      expect(await cli(['doctor', ...args])).toMatchObject({ status: 2, stdout: '' });
    }
  });
});
