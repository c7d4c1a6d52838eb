/** Reports of failed jobs: the reasons, the numbers, the jobs, and their output files. */

import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import {
  cli,
  ensembleFile,
  eventually,
  jsonLines,
  main,
  newFolder,
  processesWith,
  start,
} from '../support/cli.js';

interface FailureJson {
  readonly group: string;
  readonly again: boolean;
  readonly reason: string;
  readonly exception: string | null;
  readonly exitStatus: number | null;
  readonly signal: string | null;
  readonly line: string | null;
  readonly job: string;
  readonly jobid: string;
  readonly parameters: Record<string, unknown> | null;
  readonly output: string | null;
  readonly error: string | null;
}

interface GroupFailuresJson {
  readonly failed: number;
  readonly jobs: number;
  readonly reasons: (FailureJson & {
    readonly count: number;
    readonly lines: string[];
    readonly jobs: FailureJson[];
  })[];
}

/** An ensemble that submits one group `a` with this entry. */
const one = (entry: string, folder?: string, rules = '') =>
  ensembleFile(
    `jobs:\n  - {name: a, ${entry}}\nrules:\n  - {trigger: start, action: {name: submit, label: a}}\n${rules}`,
    folder,
  );

/** A command that runs these lines in a shell. */
function script(text: string): string {
  const path = join(newFolder(), 'job.sh');
  writeFileSync(path, `${text}\n`);
  return `sh ${path}`;
}

/** Runs a file with `--json`. */
async function runJson(file: string, ...options: string[]) {
  const finished = await cli(['run', '--json', ...options, file]);
  const { lines, summary } = jsonLines(finished);
  const told = lines.filter(({ type }) => type === 'failure') as unknown as FailureJson[];
  const { failedJobs, failures } = summary as unknown as {
    failedJobs: number;
    failures: Record<string, GroupFailuresJson>;
  };
  return { finished, summary, told, failedJobs, failures };
}

/** The text report from the failures on. */
const digestOf = (stdout: string) => stdout.slice(stdout.search(/^\d+ of \d+ jobs? of /m)).split('\n');

describe.concurrent('the reason of a failed job', () => {
  test.each<[string, string, Partial<FailureJson>]>([
    [
      'a command that is not found',
      'command: nosuchcmd-xyz 1',
      {
        reason: 'start failed: nosuchcmd-xyz: No such file or directory',
        exception: 'exec',
        exitStatus: 127,
        line: null,
      },
    ],
    [
      'a command that can not be executed',
      'command: /etc/passwd',
      { reason: 'start failed: /etc/passwd: Permission denied', exception: 'exec', exitStatus: 126 },
    ],
    [
      'arguments that are too long',
      `command: echo ${'x'.repeat(200_000)}`,
      { reason: 'start failed: echo: Argument list too long', exception: 'exec', exitStatus: 1 },
    ],
    [
      'a working directory that is missing',
      'command: pwd, workdir: /nonexistent/dir',
      {
        reason: 'start failed: working directory /nonexistent/dir: No such file or directory',
        exitStatus: 1,
      },
    ],
    [
      'the folder of an output file that is missing',
      'command: pwd, output: /nonexistent/out.txt',
      { reason: 'start failed: output file /nonexistent/out.txt: No such file or directory', exitStatus: 1 },
    ],
    [
      'the folder of an error file that is missing',
      'command: pwd, error: /nonexistent/err.txt',
      { reason: 'start failed: error file /nonexistent/err.txt: No such file or directory', exitStatus: 1 },
    ],
    [
      'resources that can not be satisfied',
      'command: "true", tasks: 100000',
      {
        reason: expect.stringMatching(/^alloc: unsatisfiable request: needs 100000 slots/),
        exitStatus: null,
      },
    ],
    [
      'a time limit',
      'command: sleep 60, duration: 0.2',
      { reason: 'timeout: resource allocation expired', exception: 'timeout' },
    ],
    [
      'an exit status, with the last line on standard error',
      `command: ${script('echo first >&2; echo "  ERROR: lost atoms" >&2; echo >&2; exit 3')}`,
      { reason: 'exit status 3', exitStatus: 3, exception: null, line: 'ERROR: lost atoms', signal: null },
    ],
    [
      'a command that a shell does not find',
      `command: ${script('nosuchthing')}`,
      { reason: 'exit status 127 (command not found)', line: expect.stringContaining('nosuchthing') },
    ],
    [
      'a signal',
      `command: ${script('kill -SEGV $$')}`,
      { reason: 'exit status 139 (SIGSEGV)', exitStatus: 139, signal: 'SIGSEGV' },
    ],
    [
      'SIGKILL',
      `command: ${script('kill -KILL $$')}`,
      { reason: 'exit status 137 (SIGKILL, perhaps for want of memory)', signal: 'SIGKILL' },
    ],
  ])('%s', async (_, entry, expected) => {
    const { finished, told, failures, failedJobs } = await runJson(one(entry));
    expect(told).toEqual([expect.objectContaining({ group: 'a', again: false, ...expected })]);
    expect(failedJobs).toBe(1);
    const { exitStatus = null, reason } = told[0] ?? {};
    expect(failures).toEqual({
      a: {
        failed: 1,
        canceled: 0,
        jobs: 1,
        reasons: [expect.objectContaining({ count: 1, reason, exitStatus })],
      },
    });
    expect(finished).toMatchObject({ status: 1, stderr: '' });
  });

  test('the text output shows it at once, and in the summary', async () => {
    const { stdout, status } = await cli(['run', one('command: nosuchcmd-xyz 1')]);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^ {3}failed a job \S+: start failed: nosuchcmd-xyz: No such file or directory$/m);
    const job = /failed a job (\S+):/.exec(stdout)?.[1];
    expect(digestOf(stdout).slice(0, 4)).toEqual([
      '1 of 1 job of a failed:',
      '  1  start failed: nosuchcmd-xyz: No such file or directory',
      `     job ${job}`,
      expect.stringMatching(/^ {5}error: \/\S+\/out\/a\/0\/0-\w+\.err$/),
    ]);
  });

  test('output of a job can neither control nor flood the terminal', async () => {
    const command = script(
      `printf '\\033[2Jtext \\342\\202\\254 %s' $(head -c 900 /dev/zero | tr '\\0' y) >&2; exit 1`,
    );
    const { told } = await runJson(one(`command: ${command}`), '--no-log');
    expect(told[0]?.line).toMatch(/^ \[2Jtext € y{200,300}$/);
    const { stdout } = await cli(['run', one(`command: ${command}, error: ${newFolder()}/err`)]);
    expect(stdout).toMatch(/failed a job \S+: exit status 1: \\u001b\[2Jtext € y{200,300}$/m);
  });
});

describe.concurrent('files of a failed job', () => {
  test.each([
    ['a command that is missing', 'command: nosuchcmd-xyz', /nosuchcmd-xyz: No such file or directory\n$/],
    [
      'a working directory that is missing',
      'command: pwd, workdir: /nonexistent',
      /working directory \/nonexistent: No such/,
    ],
    [
      'an output folder that is missing',
      'command: pwd, output: /nonexistent/o',
      /output file \/nonexistent\/o: No such/,
    ],
    [
      'arguments that are too long',
      `command: echo ${'x'.repeat(200_000)}`,
      /echo: Argument list too long\n$/,
    ],
  ])('the error file contains the reason: %s', async (_, entry, reason) => {
    const error = join(newFolder(), 'err.txt');
    const { failures } = await runJson(one(`${entry}, error: ${error}`));
    expect(readFileSync(error, 'utf8')).toMatch(reason);
    expect(failures.a?.reasons[0]?.jobs[0]).toMatchObject({ error, line: null });
  });

  test('the output file contains the reason where standard error goes there', async () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'runs'));
    const file = one(`command: nosuchcmd-xyz, output: out.txt, workdir: ${folder}/runs`);
    const { failures } = await runJson(file);
    expect(readFileSync(join(folder, 'runs/out.txt'), 'utf8')).toContain('nosuchcmd-xyz: No such file');
    expect(failures.a?.reasons[0]?.jobs[0]).toMatchObject({
      output: join(folder, 'runs/out.txt'),
      error: null,
    });
  });

  test('the summary names the files and shows their last line', async () => {
    const folder = newFolder();
    const command = script('echo so it is >&2; exit 4');
    const entry = `command: ${command}, output: "${folder}/{{id.dec}}.out", error: "${folder}/{{id.dec}}.err"`;
    const { told, failures } = await runJson(one(entry));
    const { jobid = '' } = told[0] ?? {};
    const expected = { line: 'so it is', output: `${folder}/${jobid}.out`, error: `${folder}/${jobid}.err` };
    expect(told).toEqual([expect.objectContaining(expected)]);
    expect(failures.a?.reasons[0]).toMatchObject({
      lines: ['so it is'],
      jobs: [expect.objectContaining(expected)],
    });
    const { stdout } = await cli(['run', one(entry)]);
    expect(digestOf(stdout)[1]).toBe('  1  exit status 4: so it is');
    expect(digestOf(stdout)[3]).toMatch(new RegExp(`^ {5}error: ${folder}/\\d+\\.err$`));
  });

  test('unreadable files do not keep the run from ending', async () => {
    const folder = newFolder();
    // The file that is looked at is a FIFO by then.
    const command = script(`rm -f ${folder}/err; mkfifo ${folder}/err; exit 5`);
    const { told, finished } = await runJson(one(`command: ${command}, error: ${folder}/err`));
    expect(told).toEqual([expect.objectContaining({ reason: 'exit status 5', line: null })]);
    expect(finished.status).toBe(1);
  });
});

describe.concurrent('standard error of a job without any file for it', () => {
  test('never blocks the job, even with much output', async () => {
    const { told } = await runJson(
      one(`command: ${script('yes 1234567 | head -c 30000000 >&2; echo end >&2; exit 6')}`),
      '--no-log',
    );
    expect(told).toEqual([expect.objectContaining({ reason: 'exit status 6', line: 'end' })]);
  });

  test('stays open for a daemon that continues to write', async () => {
    const folder = newFolder();
    const daemon = script(
      `while echo daemon >&2; do sleep 0.02; n=$((n + 1)); [ $n -lt 20 ] || touch ${folder}/alive; done`,
    );
    // Its group goes with the job, so the daemon needs one of its own by then.
    const file = one(`command: ${script(`setsid ${daemon} &\nsleep 1; exit 1`)}`);
    const running = start(['run', '--watch', '--no-log', file]);
    await running.printed('failed a job');
    await eventually(() => existsSync(join(folder, 'alive')), 'the daemon has written often');
    running.process.kill('SIGTERM');
    await running.finished;
    await eventually(async () => (await processesWith(daemon)).length === 0, 'the daemon is gone');
  });

  test('is discarded where descriptors are missing, and the jobs run', async () => {
    const file = one(`command: ${script('echo line >&2; exit 3')}, count: 3`);
    const shell = [
      '-c',
      'ulimit -n 150; exec "$@"',
      'sh',
      process.execPath,
      main,
      'run',
      '--json',
      '--no-log',
      file,
    ];
    const { stdout } = await promisify(execFile)('sh', shell).catch((error) => error);
    const summary = JSON.parse(stdout.trimEnd().split('\n').at(-1));
    expect(summary.failures.a).toMatchObject({
      failed: 3,
      reasons: [{ count: 3, reason: 'exit status 3', lines: [] }],
    });
  });
});

describe.concurrent('several failures', () => {
  test('failures with one reason are reported once, and counted in the summary with the first jobs and their parameters', async () => {
    const folder = newFolder();
    const file = ensembleFile(`
jobs:
  - name: melt
    command: ${script('echo ERROR: bad style >&2; exit 1')}
    parameters: {temperature: {from: 1, to: 20, step: 1}, kind: ["1.10"]}
    error: "${folder}/{{temperature}}.err"
  - {name: fine, command: "true", count: 2}
rules:
  - {trigger: start, action: {name: submit, label: melt}}
  - {trigger: start, action: {name: submit, label: fine}}
`);
    const { told, failures, failedJobs } = await runJson(file);
    expect(told).toEqual([
      expect.objectContaining({ group: 'melt', reason: 'exit status 1', line: 'ERROR: bad style' }),
    ]);
    expect(failedJobs).toBe(20);
    expect(Object.keys(failures)).toEqual(['melt']);
    const { failed, jobs, reasons } = failures.melt as GroupFailuresJson;
    expect({ failed, jobs }).toEqual({ failed: 20, jobs: 20 });
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).toMatchObject({ count: 20, lines: ['ERROR: bad style'] });
    expect(reasons[0]?.jobs).toHaveLength(3);
    for (const { parameters, error } of reasons[0]?.jobs ?? []) {
      expect(parameters).toEqual({ temperature: expect.any(Number), kind: '1.10' });
      expect(error).toBe(`${folder}/${parameters?.temperature}.err`);
    }
  });

  test('failures with different reasons are reported separately, ignoring differences of numbers and paths', async () => {
    const command = script(
      `case $1 in
        1 | 2) echo "lost $1 atoms in /runs/$1" >&2; exit 1 ;;
        3 | 4 | 5 | 6) echo "bad style" >&2; exit 1 ;;
        7) exit 2 ;;
        8) kill -9 $$ ;;
      esac`,
    );
    const { told, failures } = await runJson(
      one(`command: "${command} {{n}}", parameters: {n: {from: 1, to: 9, step: 1}}`),
      '--slots',
      '1',
    );
    // A report waits for the job's last line, so reports of two jobs may come in any order.
    expect(told.map(({ reason, line }) => `${reason}: ${line}`).sort()).toEqual([
      'exit status 137 (SIGKILL, perhaps for want of memory): null',
      'exit status 1: bad style',
      'exit status 1: lost 1 atoms in /runs/1',
      'exit status 2: null',
    ]);
    const { failed, jobs, reasons } = failures.a as GroupFailuresJson;
    expect({ failed, jobs }).toEqual({ failed: 8, jobs: 9 });
    expect(reasons.map(({ reason, count, lines }) => [reason, count, lines])).toEqual([
      ['exit status 1', 6, ['lost 1 atoms in /runs/1', 'bad style']],
      ['exit status 2', 1, []],
      ['exit status 137 (SIGKILL, perhaps for want of memory)', 1, []],
    ]);
  });

  test('the summary fits 80 columns, except for longer paths and words', async () => {
    const words = 'a rather long complaint about the input that goes on and on '.repeat(3).trim();
    const command = script(`echo "${words}" >&2; exit $(($1 % 12 + 1))`);
    const { stdout, status } = await cli([
      'run',
      one(
        `command: "${command} {{number}}", parameters: {number: {from: 1, to: 300, step: 1}, temperature: [300.5]}`,
      ),
    ]);
    expect(status).toBe(1);
    const digest = digestOf(stdout);
    expect(digest[0]).toBe('300 of 300 jobs of a failed:');
    const isPath = (line: string) => /^ +error: \S+$/.test(line);
    expect(digest.filter((line) => line.length > 80 && !isPath(line))).toEqual([]);
    expect(digest.filter((line) => /^ +25 {2}exit status \d+: a rather long/.test(line))).toHaveLength(8);
    expect(digest).toContain('  100 more jobs for 4 other reasons (--json has them)');
    expect(digest.some((line) => /^ {6}jobs \S+ \(number=\d+, temperature=300.5\), /.test(line))).toBe(true);
  });
});

describe.concurrent('the number of finally failed jobs', () => {
  /** Fails until it was tried so often. */
  const tries = (times: number) => {
    const told = join(newFolder(), 'tries');
    const enough = `[ $(wc -l < ${told}) -ge ${times} ]`;
    return `command: ${script(`echo x >> ${told}; ${enough} || { echo "try again" >&2; exit 7; }`)}`;
  };

  test('excludes a job that succeeded on a later attempt', async () => {
    const { finished, told, failedJobs, failures, summary } = await runJson(one(`${tries(3)}, retry: 5`));
    expect(summary.groups.a?.count).toMatchObject({ submitted: 3, failed: 2, success: 1, retried: 2 });
    expect(told).toEqual([
      expect.objectContaining({ again: true, reason: 'exit status 7', line: 'try again' }),
    ]);
    expect({ failedJobs, failures }).toEqual({ failedJobs: 0, failures: {} });
    expect(finished.status).toBe(0);
    const text = await cli(['run', one(`${tries(2)}, retry: 1`)]);
    expect(text.status).toBe(0);
    expect(text.stdout).toContain('exit status 7: try again; it is submitted again');
    expect(text.stdout).not.toMatch(/^\d+ of \d+ jobs? of/m);
  });

  test('includes a job whose last attempt failed, once', async () => {
    const { finished, failures, failedJobs } = await runJson(one(`${tries(99)}, retry: 2, count: 1`));
    expect(failedJobs).toBe(1);
    expect(failures.a).toMatchObject({
      failed: 1,
      jobs: 1,
      reasons: [{ count: 1, reason: 'exit status 7' }],
    });
    expect(finished.status).toBe(1);
  });

  test('includes a job whose next attempt the end of the run prevented', async () => {
    const rules = '  - {trigger: job-fail, name: a, action: {name: terminate}}\n';
    const { finished, failures, failedJobs } = await runJson(
      one(`${tries(99)}, retry: {times: 2, backoff: 1h}`, undefined, rules),
    );
    expect(failedJobs).toBe(1);
    expect(failures.a).toMatchObject({ failed: 1, jobs: 1, reasons: [{ count: 1, lines: ['try again'] }] });
    expect(finished.status).toBe(1);
  });

  test('includes a job for which a rule submitted another one', async () => {
    const rules = '  - {trigger: job-fail, name: a, action: {name: submit, label: a}}\n';
    const { finished, failures, summary } = await runJson(one(tries(2), undefined, rules));
    expect(summary.groups.a?.count).toMatchObject({ submitted: 2, failed: 1, success: 1 });
    expect(failures.a).toMatchObject({ failed: 1, jobs: 2 });
    expect(finished.status).toBe(1);
  });

  test('excludes a job that a rule or the end of the run canceled', async () => {
    const byRule = await runJson(
      one(
        'command: sleep 60',
        undefined,
        '  - {trigger: job-start, name: a, action: {name: cancel, label: a}}\n',
      ),
    );
    expect(byRule.summary.groups.a?.count).toMatchObject({ canceled: 1, failed: 0 });
    const byEnd = await runJson(
      one('command: sleep 60', undefined, '  - {trigger: job-start, name: a, action: {name: terminate}}\n'),
    );
    for (const { finished, failedJobs, told } of [byRule, byEnd]) {
      expect({ status: finished.status, failedJobs, told }).toEqual({ status: 0, failedJobs: 0, told: [] });
    }
  });

  test('includes a job that exceeded its time limit', async () => {
    const { finished, failedJobs } = await runJson(one('command: sleep 60, duration: 0.2'));
    expect(failedJobs).toBe(1);
    expect(finished.status).toBe(1);
  });
});
