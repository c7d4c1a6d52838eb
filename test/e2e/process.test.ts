/** The edge of the process: what it is given to write to, to open and to start with. */

import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  cli,
  ensembleFile,
  eventually,
  main,
  newFolder,
  processesWith,
  root,
  serverProgram,
  start,
} from '../support/cli.js';

/** Runs a shell script in which `$E` is the command. */
function shell(script: string, cwd = newFolder(), env: NodeJS.ProcessEnv = {}) {
  const child = spawn('bash', ['-c', script], {
    cwd,
    env: { ...process.env, E: `${process.execPath} ${main}`, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise<{ stdout: string; stderr: string; status: number | null; cwd: string }>((resolve) => {
    child.on('close', (status) => resolve({ stdout, stderr, status, cwd }));
  });
}

const lines = (text: string) => text.split('\n').filter((line) => line !== '');

/** Each of these jobs leaves a file `done.<its number>` in the working directory. */
const leavingFiles = (count: number) =>
  ensembleFile(`jobs: [{name: a, command: "sh -c 'sleep 0.05; touch done.$$'", count: ${count}}]
rules: [{trigger: start, action: {name: submit, label: a}}]
`);
const done = (cwd: string) => readdirSync(cwd).filter((name) => name.startsWith('done.')).length;

describe.concurrent('a stream that can’t be written: the run continues, reports it once, and exits with status 4', () => {
  test('a full standard output', async () => {
    const { stderr, status, cwd } = await shell(`$E run ${leavingFiles(20)} > /dev/full`);
    expect({ status, done: done(cwd) }).toEqual({ status: 4, done: 20 });
    expect(lines(stderr)).toEqual([
      "ensemble: warning: standard output can't be written: no space left on device (ENOSPC). The command continues without it",
    ]);
  });

  test('a standard output whose reader has closed it', async () => {
    const script = `$E run --debug --slots 2 ${leavingFiles(60)} | head -n 1; exit \${PIPESTATUS[0]}`;
    const { stdout, stderr, status, cwd } = await shell(script);
    expect({ lines: lines(stdout).length, status, done: done(cwd) }).toEqual({
      lines: 1,
      status: 4,
      done: 60,
    });
    expect(lines(stderr)).toEqual([expect.stringContaining("standard output can't be written: broken pipe")]);
  });

  const failing = ensembleFile(`jobs: [{name: a, command: 'true', count: 5}]
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: job-success, action: {name: exec, command: 'false', repetitions: 5}}
`);

  test('a full standard error is reported on standard output', async () => {
    const { stdout, status } = await shell(`$E run ${failing} 2> /dev/full`);
    expect(status).toBe(4);
    expect(stdout).toMatch(/^a +5 +5 +5/m);
    expect(lines(stdout).filter((line) => line.includes('standard error'))).toEqual([
      expect.stringContaining("ensemble: warning: standard error can't be written: no space left on device"),
    ]);
  });

  test('both streams full, and both closed', async () => {
    const full = await shell(`$E run ${leavingFiles(5)} > /dev/full 2>&1`);
    expect({ status: full.status, done: done(full.cwd) }).toEqual({ status: 4, done: 5 });
    // Node can't tell this from /dev/null.
    const closed = await shell(`$E run ${leavingFiles(5)} >&- 2>&-`);
    expect({ status: closed.status, done: done(closed.cwd) }).toEqual({ status: 0, done: 5 });
  });

  test('the exit status of a failed run takes precedence', async () => {
    const wrong = ensembleFile('jobs: nothing');
    expect((await shell(`$E run ${wrong} 2> /dev/full`)).status).toBe(2);
  });
});

describe.concurrent('a standard output that is not read', () => {
  /** A function that prints 16 MB, far more than may wait, and then lets the ensemble end. */
  const talkative = ensembleFile(`jobs: [{name: a, command: 'true'}]
rules: [{trigger: start, action: {name: custom, label: talk}}, {trigger: start, action: {name: submit, label: a}}]
custom: |
  export async function talk() {
    for (let i = 0; i < 250; i++) {
      console.log(String(i).padEnd(65536, '.'));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
`);

  test('does not block the run: lines are dropped and counted, and the summary is printed', async () => {
    const child = spawn(process.execPath, [main, 'run', '--json', talkative], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    const warned = new Promise<void>((resolve) => {
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        stderr += text;
        resolve();
      });
    });
    await warned;
    // Now it is read.
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    const status = await new Promise((resolve) => child.on('close', resolve));
    expect(stderr).toBe('ensemble: warning: standard output is not read: lines are dropped until it is\n');
    const records = lines(stdout).map((line) => JSON.parse(line) as { type: string; lines?: number });
    const printed = records.filter(({ type }) => type === 'output').length;
    const leftOut = records.reduce((sum, { type, lines = 0 }) => sum + (type === 'left-out' ? lines : 0), 0);
    expect(leftOut).toBeGreaterThan(0);
    expect(printed + leftOut).toBeGreaterThanOrEqual(250);
    expect(records.at(-1)).toMatchObject({
      type: 'summary',
      end: 'idle',
      groups: { a: { count: { success: 1 } } },
    });
    expect(status).toBe(4);
  });

  test('does not keep the process running after a signal', async () => {
    const child = spawn(process.execPath, [main, 'run', '--watch', talkative], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const warned = new Promise((resolve) => child.stderr.once('data', resolve));
    const exit = new Promise((resolve) => child.once('exit', resolve));
    await warned;
    child.kill('SIGTERM');
    expect(await exit).toBe(130);
  });
});

describe.concurrent('commands that only print end quietly when their reader closes the stream', () => {
  const file = leavingFiles(1);
  test.each([
    ['synth', '$E synth --jobs 20000'],
    ['replay', '$E synth --jobs 20000 | $E replay --json - examples/hello-world.yaml'],
    ['graph', `{ sleep 2; $E graph ${file}; }`],
    ['validate', `{ sleep 2; $E validate ${file}; }`],
  ])('%s', async (_, command) => {
    const script = `cd ${root}; ${command} | head -c 20 > /dev/null; exit \${PIPESTATUS[-2]}`;
    const gone = command.startsWith('{') ? script.replace('head -c 20 > /dev/null', 'true') : script;
    const { stderr, status } = await shell(gone);
    expect({ stderr, status }).toEqual({ stderr: '', status: 4 });
  });

  test('a full disk is reported', async () => {
    const { stderr, status } = await shell(`$E validate ${file} > /dev/full`);
    expect({ stderr, status }).toEqual({
      stderr: "ensemble: warning: standard output can't be written: no space left on device (ENOSPC)\n",
      status: 4,
    });
  });
});

describe.concurrent('a low limit of open files', () => {
  const file = ensembleFile(`jobs: [{name: a, command: 'true', count: 3}]
rules: [{trigger: start, action: {name: submit, label: a}}]
`);
  test.each([22, 32, 64, 80, 96])(
    'with %i descriptors the command works, or reports that it needs more',
    async (most) => {
      for (const args of [`run ${file}`, 'stats /dev/null', 'test examples/hello-world.yaml']) {
        const { stderr, status } = await shell(`ulimit -n ${most}; cd ${root}; exec $E ${args}`);
        if (status === 0) continue;
        const reports = lines(stderr);
        expect({ args, status, last: reports.at(-1) }).toEqual({
          args,
          status: 3,
          last: expect.stringMatching(/^ensemble: error: .*too many open files .*'ulimit -n 1024' \[\w+\]$/),
        });
        // The folder of the run may be the first that lacks a descriptor.
        for (const report of reports)
          expect(report).toMatch(/^ensemble: (error|warning): .*too many open files/);
      }
    },
  );
});

test('descriptors that run out during the run fail only the actions that need one', async () => {
  const file = ensembleFile(`jobs: [{name: a, command: 'true'}]
rules:
  - {trigger: interval, interval: 250ms, action: {name: submit, label: a, repetitions: 30}}
  - {trigger: interval, interval: 250ms, action: {name: exec, command: 'true', repetitions: 30}}
  - {trigger: interval, interval: 250ms, action: {name: custom, label: f, repetitions: 30}}
custom: |
  def f(**_): raise SystemExit
`);
  const running = start(['run', file]);
  let stderr = '';
  running.process.stderr?.on('data', (text: string) => {
    stderr += text;
  });
  await running.printed('exec true');
  const { pid } = running.process;
  const limit = (files: number) => spawnSync('prlimit', [`--pid=${pid}`, `--nofile=${files}:4096`]);
  // More than that are open. They stay so, and no others can be opened.
  limit(4);
  await eventually(() => stderr.includes("exec 'true' failed: can't run the helper"), 'an action fails');
  limit(1024);
  const finished = await running.finished;
  expect(finished.status).toBe(0);
  expect(finished.stdout).toMatch(/^a +30 +30 +30/m);
  expect(finished.stderr).toContain('too many open files');
  expect(finished.stderr).not.toMatch(/^ +at /m);
});

describe.concurrent('the working directory', () => {
  const gone = (command: string) => shell(`mkdir gone; cd gone; rmdir ../gone; ${command}`);

  test('is reported in one line if it was deleted before the start', async () => {
    const file = leavingFiles(1);
    for (const args of [`run ${file}`, `validate ${file}`, 'replay x', 'synth', 'stats', 'ls']) {
      const { stdout, stderr, status } = await gone(`$E ${args}`);
      expect({ args, status, stdout, lines: lines(stderr) }).toEqual({
        args,
        status: 3,
        stdout: '',
        lines: [expect.stringMatching(/^ensemble: error: the working directory is gone/)],
      });
    }
    const server = await gone(`${process.execPath} ${serverProgram} start`);
    expect(server.status).toBe(3);
    expect(lines(server.stderr)).toEqual([expect.stringMatching(/^ensemble-server: error: the working dir/)]);
  });

  test('fails only the jobs that start in it if it is deleted during the run', async () => {
    const file = ensembleFile(`jobs: [{name: a, command: 'true'}, {name: b, command: 'true', workdir: /}]
rules:
  - {trigger: start, action: {name: exec, command: 'rmdir ../gone'}}
  - {trigger: interval, interval: 3s, action: {name: submit, label: a}}
  - {trigger: job-fail, name: a, action: {name: submit, label: b}}
`);
    const { stdout, stderr } = await shell(`mkdir gone; cd gone; $E run ${file}`);
    expect(stderr).not.toContain('    at ');
    expect(stdout).toMatch(/^a +1 +1 +0 +1/m);
    expect(stdout).toMatch(/^b +1 +1 +1/m);
  });
});

describe.concurrent('a killed spawner', () => {
  /** The child of the run is the spawner, whose children are the jobs. */
  test.each(['the parent of the job', 'the parent of that'])('ends all jobs: %s', async (which) => {
    const seconds = which === 'the parent of the job' ? '67.1' : '67.2';
    const folder = newFolder();
    const job = `sh -c 'echo $PPID > parent; setsid sleep ${seconds} & setsid sh -c "sleep ${seconds} & sleep ${seconds}" & sleep ${seconds}'`;
    const file = ensembleFile(`jobs: [{name: a, command: ${JSON.stringify(job)}}]
rules: [{trigger: start, action: {name: submit, label: a}}]
`);
    const running = start(['run', file], { cwd: folder });
    const sleeping = async () =>
      (await processesWith(`sleep ${seconds}`)).filter(
        (line) => !line.includes('sh -c') && !line.includes(main),
      );
    await eventually(async () => (await sleeping()).length === 4, 'the job and its daemons run');
    const parent = readFileSync(join(folder, 'parent'), 'utf8').trim();
    const above = /\) \S (\d+)/.exec(readFileSync(`/proc/${parent}/stat`, 'utf8'))?.[1];
    process.kill(Number(which === 'the parent of the job' ? parent : above), 'SIGKILL');
    const { status, stderr } = await running.finished;
    expect(status).toBe(3);
    expect(stderr).toContain('ERR_MEMBER');
    await eventually(async () => (await sleeping()).length === 0, 'nothing is left');
  });
});

describe.concurrent('the environment', () => {
  const copy = ensembleFile(`jobs: [{name: a, command: cat /proc/self/environ, output: job}]
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: start, action: {name: exec, command: cp /proc/self/environ exec}}
`);
  /** Variables as bytes, given to the command by a program that can. */
  const withVariables = (folder: string, variables: readonly Buffer[]) => {
    writeFileSync(
      join(folder, 'variables'),
      Buffer.concat(variables.flatMap((each) => [each, Buffer.from([0])])),
    );
    const script = `import os, sys
pairs = [entry.split(b"=", 1) for entry in open("variables", "rb").read().split(b"\\0") if entry]
os.execve(sys.argv[1], sys.argv[1:], {b"PATH": os.environb[b"PATH"], **dict(pairs)})`;
    return spawnSync('python3', ['-c', script, process.execPath, main, 'run', '--no-log', copy], {
      cwd: folder,
    });
  };
  const entriesOf = (path: string) => {
    const text = readFileSync(path, 'latin1');
    return text.split('\0').filter((entry) => entry !== '' && !/^(PATH|PWD)=/.test(entry));
  };

  test('reaches jobs and programs byte for byte', () => {
    const folder = newFolder();
    const odd = [
      'X=caf\xe9',
      'N\xe9=1',
      'BASH_FUNC_x%%=() {  echo\n}',
      'LINES=a\nb',
      'EMPTY=',
      'with space=1',
    ];
    const random = Array.from({ length: 60 }, (_, i) => {
      const bytes = randomBytes(1 + (i % 12)).map((byte) => byte || 1);
      return Buffer.concat([Buffer.from(`R${i}=`), bytes]);
    });
    // Pieces of characters, too long and too large ones, halves of pairs.
    const broken = ['c0af', 'e282', 'eda080', 'f09f92', 'f4908080', 'c3a9c3', 'efbfbd', 'f0808080', 'ff41fe'];
    const variables = [
      ...odd.map((text) => Buffer.from(text, 'latin1')),
      ...random,
      ...broken.map((hex, i) =>
        Buffer.concat([Buffer.from(`B${i}=x`), Buffer.from(hex, 'hex'), Buffer.from('y')]),
      ),
      Buffer.from('GOOD=ünï💩'),
    ];
    expect(withVariables(folder, variables).status).toBe(0);
    const expected = variables.map((bytes) => bytes.toString('latin1')).sort();
    expect(entriesOf(join(folder, 'job')).sort()).toEqual(expected);
    expect(entriesOf(join(folder, 'exec')).sort()).toEqual([...expected, 'ENSEMBLE_ATTEMPT=0'].sort());
  });

  test("is refused under Flux by the variable's name if it is not UTF-8", async () => {
    const flux = (more: string) =>
      shell(`X=$(printf 'caf\\351') FLUX_URI=local:///nowhere $E run --executor flux \
        ${ensembleFile(`jobs: [{name: a, command: 'true'${more}}]
rules: [{trigger: start, action: {name: submit, label: a}}]
`)}`);
    const refused = await flux('');
    expect(refused.status).toBe(3);
    expect(lines(refused.stderr)).toEqual([expect.stringContaining('variable X is not UTF-8 (byte 0xe9)')]);
    for (const more of [', environment: {X: y}', ', inheritEnvironment: false']) {
      expect((await flux(more)).stderr).not.toContain('UTF-8');
    }
  });

  test('is that of process.env when the program has changed it', async () => {
    const folder = newFolder();
    const script = join(folder, 'study.mjs');
    writeFileSync(
      script,
      `import { Ensemble } from ${JSON.stringify(join(root, 'dist/index.js'))};
process.env.CHANGED = 'new';
delete process.env.DELETED;
const run = await Ensemble.fromFile(${JSON.stringify(copy)});
await run.run();
await run.close();
`,
    );
    const odd = "CHANGED=$(printf 'a\\351') DELETED=$(printf 'b\\351') KEPT=$(printf 'c\\351')";
    const { status, stderr } = await shell(`${odd} ${process.execPath} ${script}`, folder);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const entries = entriesOf(join(folder, 'job')).filter((entry) => /^(CHANGED|DELETED|KEPT)=/.test(entry));
    expect(entries.sort()).toEqual(['CHANGED=new', 'KEPT=c\xe9']);
  });
});

describe.concurrent('listeners and memory', () => {
  test('a run with many jobs, actions, functions, probes and retries causes no warning of Node', async () => {
    const folder = newFolder();
    writeFileSync(
      join(folder, 'plugin.mjs'),
      `import { definePlugin, z } from ${JSON.stringify(join(root, 'dist/index.js'))};
const options = z.strictObject({});
export const plugin = definePlugin({
  name: 'p',
  actions: { act: { options, run: async () => null } },
  probes: { look: { options, values: ['v'], read: async () => 1 } },
});
`,
    );
    const file = ensembleFile(
      `plugins: [./plugin.mjs]
jobs:
  - {name: a, command: 'true', count: 300, probes: [{probe: p.look}]}
  - {name: b, command: 'false', count: 20, retry: {times: 1}}
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: start, action: {name: submit, label: b}}
  - {trigger: job-success, name: a, action: {name: custom, label: wait, repetitions: 1000}}
  - {trigger: job-success, name: a, action: {name: p.act, repetitions: 1000}}
  - {trigger: job-success, name: a, action: {name: exec, command: 'true', repetitions: 30}}
  - {trigger: job-submit, name: a, action: {name: urgency, label: a, value: 16, repetitions: 1000}}
custom: |
  export async function wait() { await new Promise((resolve) => setTimeout(resolve, 500)); }
`,
      folder,
    );
    const { status, stderr, stdout } = await cli(['run', file, '--allow-failures'], {
      env: { NODE_OPTIONS: '--trace-warnings' },
    });
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^a +300 +300 +300/m);
    expect(status).toBe(0);
  });
});
