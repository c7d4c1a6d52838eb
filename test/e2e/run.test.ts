import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  cli,
  ensembleFile,
  eventually,
  jsonLines,
  newFolder,
  processesWith,
  root,
  start,
} from '../support/cli.js';

/** An ensemble of one group, submitted at the start. */
const simple = (command: string, more = '', rules = '') =>
  ensembleFile(`jobs:
  - name: work
    command: ${command}
${more}
rules:
  - trigger: start
    action: {name: submit, label: work}
${rules}`);

describe.concurrent('exit status', () => {
  test('is 1 when jobs failed and 0 with --allow-failures; --fail-on-job-failure has no effect', async () => {
    const file = simple('sh -c "exit 3"');
    const failed = await cli(['run', '--json', file]);
    expect(failed.status).toBe(1);
    expect(jsonLines(failed).summary.groups.work?.count).toMatchObject({
      finished: 1,
      failed: 1,
      success: 0,
    });
    expect((await cli(['run', '--allow-failures', file])).status).toBe(0);
    expect((await cli(['run', '--fail-on-job-failure', file])).status).toBe(1);
    expect((await cli(['run', '--fail-on-job-failure', '--allow-failures', file])).status).toBe(0);
    expect((await cli(['run', '--fail-on-job-failure', simple('true')])).status).toBe(0);
  });

  test('is 2 for an invalid configuration, with every error', async () => {
    const file = ensembleFile(`jobs:
  - name: sleep
    comand: sleep 1
rules:
  - trigger: strat
    action: {name: submit, label: slep}
`);
    const { status, stderr, stdout } = await cli(['run', file]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(`${file}:3:5: error: jobs[0].comand`);
    expect(stderr).toContain("did you mean 'command'?");
    expect(stderr).toContain(`${file}:5:14: error: rules[0].trigger`);
    expect(stderr).toContain("did you mean 'start'?");
    expect(stderr).toContain("rules[0].action.label: unknown job group 'slep'; did you mean 'sleep'?");
  });

  test('is 2 for an unreadable file, an unknown option and an unknown command', async () => {
    for (const args of [
      ['run', '/no/such/file.yaml'],
      ['run', root],
      ['run'],
      ['run', '--slots', '0', simple('true')],
      ['run', '--no-such-option', simple('true')],
      ['no-such-command'],
      ['run', '--executor', 'pbs', simple('true')],
      ['run', '--record', '/no/such/folder/file', simple('true')],
    ]) {
      const { status, stderr, stdout } = await cli(args);
      expect({ args, status, stdout }).toEqual({ args, status: 2, stdout: '' });
      expect(stderr).toContain('error:');
      expect(stderr).not.toContain('    at ');
    }
  });

  test('is 3 when the member fails, with the statistics so far', async () => {
    const running = start(['run', simple('sleep 61.7')]);
    await running.printed('submit work');
    let spawner: string | undefined;
    await eventually(async () => {
      const children = readFileSync(
        `/proc/${running.process.pid}/task/${running.process.pid}/children`,
        'utf8',
      ).trim();
      spawner = children.split(' ').find((pid) => pid !== '');
      return (
        spawner !== undefined && (await processesWith('sleep 61.7')).some((line) => !line.includes('main.js'))
      );
    }, 'the job runs');
    process.kill(Number(spawner), 'SIGKILL');
    const { status, stdout, stderr } = await running.finished;
    expect(status).toBe(3);
    expect(stderr).toContain('ERR_MEMBER');
    expect(stdout).toMatch(/^work +1/m);
    await eventually(async () => (await processesWith('sleep 61.7')).length === 0, 'no orphan is left');
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'is 130 after %s, and the jobs are canceled',
    async (signal) => {
      const running = start(['run', '--json', '--slots', '1', simple('sleep 62.3', '    count: 3')]);
      await running.printed('"submit"');
      await eventually(async () => (await processesWith('sleep 62.3')).length > 0, 'a job runs');
      running.process.kill(signal);
      const finished = await running.finished;
      expect(finished.status).toBe(130);
      const { summary } = jsonLines(finished);
      expect(summary.end).toBe('interrupted');
      expect(summary.groups.work?.count).toMatchObject({ submitted: 3, canceled: 3, pending: 0, running: 0 });
    },
  );

  test('is 130 after a second signal, which kills jobs that ignore the first', async () => {
    const stubborn = simple(`sh -c 'trap "" TERM; echo $$ > pid; while :; do sleep 0.1; done'`);
    const folder = newFolder();
    const running = start(['run', stubborn], { cwd: folder });
    await eventually(() => existsSync(join(folder, 'pid')), 'the job runs');
    const pid = readFileSync(join(folder, 'pid'), 'utf8').trim();
    running.process.kill('SIGINT');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    running.process.kill('SIGINT');
    expect((await running.finished).status).toBe(130);
    expect(existsSync(`/proc/${pid}`)).toBe(false);
  });
});

describe.concurrent('jobs of a killed process', () => {
  test('end with it', async () => {
    const running = start(['run', '--slots', '2', simple('sleep 63.9', '    count: 2')]);
    await eventually(async () => (await processesWith('sleep 63.9')).length === 2, 'both jobs run');
    running.process.kill('SIGKILL');
    await running.finished;
    await eventually(async () => (await processesWith('sleep 63.9')).length === 0, 'both jobs are gone');
  });
});

describe.concurrent('options', () => {
  test('--watch continues until a signal', async () => {
    const running = start(['run', '--watch', simple('true')]);
    await running.printed('submit work');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(running.process.exitCode).toBeNull();
    running.process.kill('SIGTERM');
    const { status, stdout } = await running.finished;
    expect(status).toBe(130);
    expect(stdout).toMatch(/^work +1 +1 +1/m);
  });

  test('--record writes the unchanged records, and --debug prints the same', async () => {
    const folder = newFolder();
    const path = join(folder, 'run.ndjson');
    const finished = await cli(['run', '--debug', '--record', path, simple('echo hi', '    count: 2')]);
    expect(finished.status).toBe(0);
    const recording = readFileSync(path, 'utf8');
    const lines = recording.trimEnd().split('\n');
    expect(lines[0]).toBe('{"id":-1,"events":[]}');
    expect(lines).toHaveLength(23);
    for (const line of lines) expect(finished.stdout).toContain(line);
    const names = lines.slice(1).map((line) => JSON.parse(line).events[0].name);
    expect(names.filter((name) => name === 'finish')).toHaveLength(2);
  });

  test('--json --debug prints every record unchanged', async () => {
    const { lines } = jsonLines(await cli(['run', '--json', '--debug', simple('true')]));
    const records = lines.filter(({ type }) => type === 'record');
    expect(records).toHaveLength(12);
  });

  test('--name becomes an attribute of the jobs', async () => {
    const { lines } = jsonLines(await cli(['run', '--json', '--debug', '--name', 'study-7', simple('true')]));
    expect(JSON.stringify(lines)).toMatch(/"ensemble":"study-7-[0-9a-f]{12}"/);
  });

  test('logging.debug in the file acts like --debug', async () => {
    const file = ensembleFile(`logging: {debug: true}
jobs: [{name: a, command: 'true'}]
rules: [{trigger: start, action: {name: submit, label: a}}]
`);
    expect((await cli(['run', file])).stdout).toContain('"name":"validate"');
  });

  test('--version, version and --help print and exit', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect((await cli(['--version'])).stdout.trim()).toBe(version);
    expect((await cli(['version'])).stdout.trim()).toBe(version);
    expect((await cli(['--help'])).stdout).toContain('validate');
  });
});

describe.concurrent('jobs of a file', () => {
  test('run in the folder, with the command and into the files of the file', async () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'sub'));
    const file = ensembleFile(
      `jobs:
  - name: say
    command: sh -c 'pwd; echo "$GREETING, $1" >&2' sh 'big "world"'
    workdir: ${join(folder, 'sub')}
    environment: {GREETING: hello}
    output: out-{{id}}.txt
    error: err.txt
rules:
  - trigger: start
    action: {name: submit, label: say}
`,
      folder,
    );
    const finished = await cli(['run', '--json', file]);
    expect(jsonLines(finished).summary.groups.say?.count.success).toBe(1);
    expect(readFileSync(join(folder, 'sub', 'err.txt'), 'utf8')).toBe('hello, big "world"\n');
  });

  test('start with the environment of the ensemble, or without it', async () => {
    const folder = newFolder();
    const file = ensembleFile(
      `jobs:
  - {name: all, command: /usr/bin/env, output: all, environment: {MINE: 1}}
  - {name: none, command: /usr/bin/env, output: none, environment: {MINE: 1}, inheritEnvironment: no}
rules:
  - trigger: start
    action: {name: submit, label: all}
  - trigger: start
    action: {name: submit, label: none}
`,
      folder,
    );
    expect((await cli(['run', file], { cwd: folder, env: { OURS: '2' } })).status).toBe(0);
    expect(readFileSync(join(folder, 'all'), 'utf8').split('\n')).toEqual(
      expect.arrayContaining(['OURS=2', 'MINE=1']),
    );
    expect(readFileSync(join(folder, 'none'), 'utf8')).toBe('MINE=1\n');
  });

  test('are limited by their duration', async () => {
    const { summary } = jsonLines(await cli(['run', '--json', simple('sleep 60', '    duration: 0.2')]));
    expect(summary.groups.work?.count).toMatchObject({ failed: 1, timeout: 1, exception: 1, finished: 1 });
  });

  test('end with an exception if they are too large, and the run ends too', async () => {
    const { summary } = jsonLines(
      await cli(['run', '--json', '--slots', '2', simple('true', '    tasks: 64')]),
    );
    expect(summary.groups.work?.count).toMatchObject({ failed: 1, exception: 1, finished: 0, pending: 0 });
    expect(summary.groups.work?.duration.count).toBe(0);
  });

  test('of several entries are submitted together, or in turn with `value`', async () => {
    const file = (value: string) =>
      ensembleFile(`jobs:
  - {name: g, command: echo one, count: 2}
  - {name: g, command: echo two, count: 1}
rules:
  - trigger: start
    action: {name: submit, label: g${value}}
`);
    const texts = async (value: string) => {
      const { lines } = jsonLines(await cli(['run', '--json', file(value)]));
      return lines.find(({ type }) => type === 'action');
    };
    expect(await texts('')).toMatchObject({ jobs: 3 });
    expect(await texts(', value: 2')).toMatchObject({
      jobs: 2,
      text: '(name:g),(command:echo one),(count:2),(nodes:1)',
    });
    expect(await texts(', value: 7')).toMatchObject({
      jobs: 7,
      text: '(name:g),(command:echo one),(count:5),(nodes:1)\n(name:g),(command:echo two),(count:2),(nodes:1)',
    });
  });
});

describe.concurrent('the action urgency', () => {
  test('holds jobs back and releases them', async () => {
    const file = ensembleFile(`logging: {heartbeat: 0.1}
jobs:
  - {name: first, command: sleep 0.3}
  - {name: later, command: 'true', urgency: 0, count: 2}
rules:
  - trigger: start
    action: {name: submit, label: later}
  - trigger: start
    action: {name: submit, label: first}
  - trigger: job-finish
    name: first
    action: {name: urgency, label: later, value: 31}
`);
    const finished = await cli(['run', '--json', '--debug', file]);
    const { summary, lines } = jsonLines(finished);
    expect(summary.groups.later?.count).toMatchObject({ submitted: 2, success: 2 });
    expect(summary.groups.later?.pending.min).toBeGreaterThanOrEqual(0.3);
    expect(lines.find(({ action, type }) => type === 'action' && action === 'urgency')).toMatchObject({
      group: 'later',
      value: 31,
      jobs: 2,
    });
    const events = lines.flatMap((line) => {
      const record = line.record as
        | { events: { name: string; context?: { urgency?: number } }[] }
        | undefined;
      return record?.events ?? [];
    });
    expect(events.filter(({ name, context }) => name === 'urgency' && context?.urgency === 31)).toHaveLength(
      2,
    );
  });

  test('needs a value from 0 to 31', async () => {
    const file = (value: string) =>
      ensembleFile(`jobs: [{name: a, command: 'true'}]
rules: [{trigger: start, action: {name: urgency, label: a${value}}}]
`);
    for (const value of ['', ', value: 32', ', value: -1', ', value: high']) {
      const { stdout, status } = await cli(['validate', file(value)]);
      expect(status).toBe(2);
      expect(stdout).toContain('from 0 to 31');
    }
    expect((await cli(['validate', file(', value: 0')])).status).toBe(0);
  });
});

test('exceptions are counted by type', async () => {
  const { summary } = jsonLines(await cli(['run', '--json', simple('/no/such/program', '    count: 3')]));
  expect(summary.groups.work?.exceptions).toEqual({ exec: 3 });
});

describe.concurrent('rules on heartbeats', () => {
  test('fire up to their repetitions, and then the run ends', async () => {
    const file = ensembleFile(`logging: {heartbeat: 0.1}
jobs: [{name: a, command: 'true'}]
rules:
  - trigger: heartbeat
    action: {name: submit, label: a, repetitions: 3}
`);
    const { summary, lines } = jsonLines(await cli(['run', '--json', file]));
    expect(summary).toMatchObject({ end: 'idle' });
    expect(summary.groups.a?.count.success).toBe(3);
    expect(lines.filter(({ trigger }) => trigger === 'heartbeat')).toHaveLength(3);
  });

  test('keep the run open only if time alone could trigger them', async () => {
    const file = (threshold: number) =>
      ensembleFile(`logging: {heartbeat: 0.1}
jobs: [{name: a, command: 'true'}, {name: b, command: 'true'}]
rules:
  - trigger: start
    action: {name: submit, label: a}
  - trigger: metric
    name: max.a-duration
    when: "< ${threshold}"
    action: {name: submit, label: b, repetitions: 2, backoff: 1}
`);
    const open = jsonLines(await cli(['run', '--json', file(100)]));
    expect(open.summary.groups.b?.count.success).toBe(2);
    const shut = jsonLines(await cli(['run', '--json', file(0)]));
    expect(shut.summary.groups.b?.count.submitted).toBe(0);
  });
});

test('a file of garbage is not a valid ensemble', async () => {
  const folder = newFolder();
  const path = join(folder, 'garbage.yaml');
  for (const bytes of [
    Buffer.from([0xff, 0xfe, 0, 1, 2]),
    Buffer.alloc(0),
    Buffer.from('[1, 2'),
    Buffer.from('{'),
  ]) {
    writeFileSync(path, bytes);
    const { status, stderr } = await cli(['run', path]);
    expect(status).toBe(2);
    expect(stderr).toContain('error');
    expect(stderr).not.toContain('    at ');
  }
});

describe.concurrent('--dry-run', () => {
  const path = join(root, 'examples/hello-world.yaml');

  test('prints the action of each rule without performing it', async () => {
    expect(await cli(['run', '--dry-run', path])).toEqual({
      status: 0,
      signal: null,
      stderr: '',
      stdout:
        ' => trigger start\n   would submit sleep (name:sleep),(command:sleep 1),(count:5),(nodes:1)\n' +
        ' => trigger count.sleep.success == 3\n' +
        '   would submit echo (name:echo),(command:echo hello world),(count:5),(nodes:1)\n',
    });
  });

  test('prints the algorithm of a rule, and passed parameters', async () => {
    const parameters = await cli(['run', '--dry-run', join(root, 'examples/parameters-example.yaml')]);
    expect(parameters.stdout).toContain(
      " => trigger job-timeout of melt, 10 times\n   would submit melt (the event's job again with nodes=16)\n",
    );
    const shipped = await cli(['run', '--dry-run', join(root, 'examples/replace-failures-example.yaml')]);
    expect(shipped.stdout).toContain(
      ' => trigger count.simulate.failed > 3 (replace-failures)\n   would cancel simulate\n',
    );
  });

  test('prints the jobspecs with --json', async () => {
    const { stdout } = await cli(['run', '--dry-run', '--json', path]);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ type, due, group }) => [type, due ?? group])).toEqual([
      ['rule', 'start'],
      ['rule', 'count.sleep.success == 3'],
      ['jobspec', 'sleep'],
      ['jobspec', 'echo'],
    ]);
    expect(lines[2].jobspec).toMatchObject({
      version: 1,
      tasks: [{ command: ['sleep', '1'], slot: 'task' }],
      attributes: { user: { group: 'sleep' }, system: { duration: 0 } },
    });
  });
});
