/** The jobs of runs that were kept, and their outputs, looked up on the command line. */

import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { openRun } from '../../src/run/open-run.js';
import { widthOf } from '../../src/text/width.js';
import { cli, ensembleFile, eventually, newFolder, start } from '../support/cli.js';
import { jsonOf } from '../support/service.js';
import { onTerminal } from './pty.js';

interface Job {
  readonly id: string;
  readonly jobid: string;
  readonly group: string;
  readonly result: string;
  readonly exit: number | null;
  readonly duration: number | null;
  readonly attempt: number;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly output: string | null;
  readonly error: string | null;
}

/** A folder for runs, with the commands that look into it. */
function place() {
  const state = newFolder();
  const folder = newFolder();
  const command = (name: string, ...args: string[]) =>
    cli([name, ...args, '--state', state], { cwd: folder });
  return {
    state,
    folder,
    run: (text: string, ...args: string[]) => command('run', ensembleFile(text, folder), ...args),
    start: (text: string, ...args: string[]) =>
      start(['run', ensembleFile(text, folder), '--state', state, ...args], { cwd: folder }),
    jobs: (...args: string[]) => command('jobs', ...args),
    found: async (...args: string[]) => jsonOf<Job>(await command('jobs', '--json', ...args)),
    logs: (...args: string[]) => command('logs', ...args),
    runs: async () => jsonOf<{ id: string; path: string }>(await command('runs', '--json')),
  };
}

const submit = (...labels: string[]) =>
  `rules:\n${labels.map((label) => `  - {trigger: start, action: {name: submit, label: ${label}}}\n`).join('')}`;

/** Jobs at more than 400 fail. */
const STUDY = `jobs:
  - name: melt
    command: sh -c 'echo melts at $0; test $0 -le 400 || { echo too hot >&2; exit 3; }' {{T}}
    parameters: {T: {from: 300, to: 500, step: 50}}
  - {name: cool, command: "true", count: 3}
  - {name: slow, command: sleep 60, duration: 1s}
${submit('melt', 'cool', 'slow')}`;

describe('ensemble jobs', () => {
  const study = place();
  beforeAll(async () => {
    const { stdout, status } = await study.run(STUDY, '--slots', '4');
    expect(status).toBe(1);
    const [{ id } = { id: '' }] = await study.runs();
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(
      `failed jobs: ensemble jobs ${id} --state ${study.state} --result failed`,
    );
  });

  test('finds the jobs that failed, with their parameters and their files', async () => {
    const failed = await study.found('--result', 'failed', '--group', 'melt');
    expect(failed.map(({ parameters, result, exit }) => [parameters.T, result, exit])).toEqual([
      [450, 'failed', 3],
      [500, 'failed', 3],
    ]);
    const [{ output, error } = { output: '', error: '' }] = failed;
    expect(readFileSync(output ?? '', 'utf8')).toBe('melts at 450\n');
    expect(readFileSync(error ?? '', 'utf8')).toBe('too hot\n');
    expect((await study.found('--result', 'failed')).map(({ result }) => result).sort()).toEqual([
      'failed',
      'failed',
      'timeout',
    ]);
    expect(await study.found('--result', 'timeout')).toMatchObject([{ group: 'slow', exception: 'timeout' }]);
  });

  test('finds jobs by an expression', async () => {
    const temperatures = async (where: string) =>
      (await study.found('--where', where)).map(({ parameters }) => parameters.T);
    expect(await temperatures('parameters.T >= 400 and exit == 0')).toEqual([400]);
    expect(await temperatures("result == 'completed' and group == 'melt'")).toEqual([300, 350, 400]);
    expect(await temperatures('nodes == 1 and tasks == 1 and not parameters.T < 500')).toEqual([500]);
    expect(await study.found('--where', 'duration > 0.9')).toMatchObject([{ group: 'slow' }]);
    const wrong = await study.jobs('--where', 'parameters.TT > 3');
    expect(wrong.status).toBe(2);
    expect(wrong.stderr).toMatch(
      /unknown name 'parameters\.TT'; did you mean 'parameters\.T'\?; there are id, /,
    );
  });

  test('sorts, limits and selects columns', async () => {
    const { stdout } = await study.jobs(
      ...['--csv', '--columns', 'group,parameters.T', '--sort', 'parameters.T:desc', '--limit', '3'],
    );
    expect(stdout).toBe('group,parameters.T\nmelt,500\nmelt,450\nmelt,400\n');
    const { stdout: hosts } = await study.jobs('--csv', '--columns', 'hosts', '--limit', '1');
    expect(hosts).toBe(`hosts\n${hostname()}\n`);
    expect((await study.jobs('--columns', 'nothing')).stderr).toContain(
      "unknown column 'nothing'; there are id",
    );
  });

  test('counts by any column', async () => {
    const { stdout } = await study.jobs('--by', 'group', '--csv');
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toBe('group,count,failed,mean,median,p95');
    expect(lines.slice(1).map((line) => line.split(',').slice(0, 3))).toEqual([
      ['cool', '3', '0'],
      ['melt', '5', '2'],
      ['slow', '1', '1'],
    ]);
    const [first] = jsonOf<Record<string, unknown>>(
      await study.jobs('--by', 'exit', '--json', '--sort', 'count:desc'),
    );
    expect(first).toMatchObject({ exit: 0, count: 6, failed: 0 });
    expect((await study.jobs('--by', 'parameters.T')).stdout).toMatch(
      /^parameters\.T +count +failed +mean +median +p95$/m,
    );
  });

  test('is a table that fits into 80 columns', async () => {
    const args = ['jobs', '--state', study.state, (await study.runs())[0]?.id ?? ''];
    const shown = stripVTControlCharacters(await onTerminal(args, { columns: 80 }));
    const lines = shown.trimEnd().split(/\r*\n/);
    for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(80);
    expect(lines[0]).toMatch(/^id +group +result +T +exit +duration/);
    expect(lines).toHaveLength(1 + 9);
    const limited = stripVTControlCharacters(await onTerminal([...args, '--limit', '2'], { columns: 80 }));
    expect(limited).toContain('2 of 9 jobs shown');
  });

  test('writes Parquet', async () => {
    const { asyncBufferFromFile, parquetReadObjects } = await import('hyparquet');
    const path = join(study.folder, 'jobs.parquet');
    expect(await study.jobs('--parquet', path)).toMatchObject({ status: 0, stdout: '', stderr: '' });
    const read = await parquetReadObjects({ file: await asyncBufferFromFile(path) });
    expect(read).toHaveLength(9);
    expect(read.filter((job) => job['parameters.T'] === 450)).toMatchObject([{ group: 'melt', exit: 3n }]);
  });

  test('is the same in a program', async () => {
    const [{ path } = { path: '' }] = await study.runs();
    const run = await openRun(path);
    expect(run).toMatchObject({ state: 'done', path, name: 'ensemble' });
    const found = [];
    for await (const job of run.jobs({ where: 'parameters.T > 400', sort: 'parameters.T:desc' }))
      found.push(job);
    const [first] = await study.found('--where', 'parameters.T == 500');
    expect(found).toHaveLength(2);
    expect(found[0]).toMatchObject({
      id: BigInt(first?.jobid ?? 0),
      parameters: { T: 500 },
      exit: 3,
      ruleName: 'start',
      output: first?.output,
    });
    await expect(openRun(newFolder())).rejects.toMatchObject({ code: 'ERR_FILE' });
  });

  test('says when a run is unknown', async () => {
    expect(await study.jobs('nope')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("unknown run 'nope'"),
    });
    const elsewhere = await cli(['jobs', '--state', study.state], { cwd: newFolder() });
    expect(elsewhere).toMatchObject({ status: 2, stderr: expect.stringContaining('no run was started in ') });
  });
});

describe.concurrent('a job of a run', () => {
  test('has a row for each attempt', async () => {
    const one = place();
    await one.run(`jobs:
  - {name: a, command: "sh -c 'test -e again || { touch again; exit 1; }'", retry: 1}
${submit('a')}`);
    expect(await one.found()).toMatchObject([
      { attempt: 0, result: 'failed', exit: 1 },
      { attempt: 1, result: 'completed', exit: 0 },
    ]);
  });

  test('is shown while the run goes on, and after its process was killed', async () => {
    const one = place();
    const run = one.start(`jobs:
  - {name: quick, command: echo done}
  - {name: slow, command: "sh -c 'echo begun; sleep 60'"}
${submit('quick', 'slow')}`);
    const results = async () => (await one.found()).map(({ group, result }) => `${group} ${result}`).sort();
    const expected = ['quick completed', 'slow active'];
    await eventually(async () => {
      return (
        existsSync(join(one.state, 'runs')) && (await results().catch(() => [])).join() === expected.join()
      );
    }, 'both jobs are shown');
    run.process.kill('SIGKILL');
    await run.finished;
    expect(await results()).toEqual(['quick completed', 'slow lost']);
    const { stdout } = await cli(['runs', '--json', '--state', one.state]);
    expect(JSON.parse(stdout)).toMatchObject({ state: 'lost', counts: { jobs: 2, failed: 0 } });
    const slow = (await one.found('--group', 'slow'))[0]?.id ?? '';
    expect(await one.logs(slow)).toMatchObject({ status: 0, stdout: 'begun\n', stderr: '' });
    // It does not wait for a job that can't go on.
    expect(await one.logs(slow, '-f')).toMatchObject({ status: 0, stdout: 'begun\n' });
  });

  test('may have names that would control a terminal', async () => {
    const one = place();
    await one.run(`jobs:
  - {name: "a\\e[2J", command: "false"}
rules:
  - {trigger: start, action: {name: submit, label: "a\\e[2J"}}
`);
    expect((await one.jobs()).stdout).toContain('a\\u001b[2J');
  });
});

describe.concurrent('ensemble logs', () => {
  test('prints the output of a job, wherever it is', async () => {
    const one = place();
    mkdirSync(join(one.folder, 'sub'));
    await one.run(`jobs:
  - {name: kept, command: "sh -c 'echo out; echo err >&2'"}
  - {name: named, command: "sh -c 'echo named {{n}}; echo err >&2'", output: "{{n}}-{{index}}-{{id}}.txt", workdir: sub, parameters: {n: [7]}}
  - {name: apart, command: "sh -c 'echo out; echo err >&2'", error: "apart.err"}
  - {name: silent, command: "true"}
${submit('kept', 'named', 'apart', 'silent')}`);
    const logs = async (group: string) => one.logs((await one.found('--group', group))[0]?.id ?? '');
    expect(await logs('kept')).toMatchObject({ status: 0, stdout: 'out\n', stderr: 'err\n' });
    expect(await logs('named')).toMatchObject({ status: 0, stdout: 'named 7\nerr\n', stderr: '' });
    expect(await logs('apart')).toMatchObject({ status: 0, stdout: 'out\n', stderr: 'err\n' });
    expect((await logs('silent')).stderr).toMatch(/^ensemble: job ƒ\w+ has no output\n$/);
    const [{ output } = { output: '' }] = await one.found('--group', 'named');
    expect(output?.startsWith(join(one.folder, 'sub', '7-'))).toBe(true);
    rmSync(output ?? '');
    expect((await logs('named')).stderr).toContain(`${output} is missing`);
    expect(await one.logs('ƒ123456')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/run \w+ has no job 'ƒ123456'; `ensemble jobs \w+` lists its jobs/),
    });
    expect((await one.logs('nonsense!')).stderr).toContain("'nonsense!' is not the id of a job");
  });

  test('follows a job to its end', async () => {
    const one = place();
    const run = one.start(`jobs:
  - {name: a, command: "sh -c 'echo first; until [ -e go ]; do sleep 0.05; done; echo last'", workdir: ${one.folder}}
${submit('a')}`);
    await run.printed('submit a');
    await eventually(async () => (await one.found().catch(() => [])).length === 1, 'the job is in the log');
    const [{ id } = { id: '' }] = await one.found();
    const follow = start(['logs', id, '-f', '--state', one.state], { cwd: one.folder });
    await follow.printed('first');
    writeFileSync(join(one.folder, 'go'), '');
    expect(await follow.finished).toMatchObject({ status: 0, stdout: 'first\nlast\n' });
    await run.finished;
  });

  test('gives bytes unchanged, and escapes them on a terminal', async () => {
    const one = place();
    await one.run(`jobs:
  - {name: a, command: "printf '\\\\033[2J\\\\351'"}
${submit('a')}`);
    const [{ id, output } = { id: '', output: '' }] = await one.found();
    expect([...readFileSync(output ?? '')]).toEqual([27, 91, 50, 74, 0o351]);
    const terminal = await onTerminal(
      ['logs', (await one.runs())[0]?.id ?? '', id, '--state', one.state],
      {},
    );
    expect(terminal).toContain('\\u001b[2J\ufffd');
  });
});

describe.concurrent('ensemble run --results', () => {
  test('writes all jobs at the end', async () => {
    const one = place();
    const file = join(one.folder, 'out.csv');
    const { status } = await one.run(STUDY, '--results', file, '--slots', '4');
    expect(status).toBe(1);
    expect(readFileSync(file, 'utf8').trimEnd().split('\n')).toHaveLength(1 + 9);
  });

  test('refuses another form before the run, and reports a file that can not be written', async () => {
    const one = place();
    const text = `jobs:\n  - {name: a, command: "true"}\n${submit('a')}`;
    expect(await one.run(text, '--results', 'out.xls')).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining('the name of out.xls must end with .csv'),
    });
    expect(await one.run(text, '--results', '/nowhere/out.csv')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("can't write /nowhere/out.csv"),
    });
    expect((await one.run(text, '--results', 'out.csv', '--no-log')).status).toBe(2);
  });
});

test('a damaged log is read as far as it goes, with a warning', async () => {
  const one = place();
  await one.run(`jobs:\n  - {name: a, command: "true", count: 200}\n${submit('a')}`);
  const [{ path } = { path: '' }] = await one.runs();
  const segment = readdirSync(join(path, 'log')).map((name) => join(path, 'log', name))[0] ?? '';
  const bytes = readFileSync(segment);
  chmodSync(segment, 0o600);
  bytes.fill(0, bytes.length >> 1, (bytes.length >> 1) + 100);
  writeFileSync(segment, bytes);
  const { status, stdout, stderr } = await one.jobs('--json');
  expect(status).toBe(0);
  expect(stdout.split('\n').length).toBeGreaterThan(50);
  expect(stderr).toMatch(
    /^ensemble: warning: the log of run \w+ is damaged \(.*\): jobs may be missing or incomplete$/m,
  );
});
