/** Runs whose process is killed, and that another process goes on with. Jobs write down that they ran. */

import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Count } from '../../src/model/metric-names.js';
import type { ResumedRun } from '../../src/model/resumed-run.js';
import type { RuleReport } from '../../src/model/rule-report.js';
import { openRun } from '../../src/run/open-run.js';
import { readManifest } from '../../src/store/run-folder.js';
import { eventually, newFolder, type Running, root, start } from '../support/cli.js';

const program = join(root, 'test/support/drive-run.mjs');

interface Happened {
  readonly resumed?: ResumedRun;
  readonly firing?: { readonly number: number; readonly rule: number; readonly name: string };
  readonly action?: {
    readonly kind: string;
    readonly number: number;
    readonly rule: number;
    readonly jobs?: number;
  };
  readonly retry?: { readonly group: string; readonly index: number; readonly attempt: number };
  readonly problem?: { readonly code: string; readonly message: string };
  readonly paused?: boolean;
  readonly acted?: string;
  readonly refused?: { readonly code: string; readonly message: string };
  readonly result?: {
    readonly end: string;
    readonly error: string | null;
    readonly by: unknown;
    readonly rules: readonly RuleReport[];
    readonly counts: Readonly<Record<string, Record<Count, number>>>;
    readonly failedJobs: number;
    readonly size: number;
  };
}

interface Act {
  readonly name: string;
  readonly label?: string;
  readonly value?: number;
  /** Milliseconds before. */
  readonly wait?: number;
}

/** A study in a folder of its own. Its jobs and functions append lines to files there. */
class Study {
  readonly folder = newFolder();
  readonly run = join(this.folder, 'run');
  readonly file = join(this.folder, 'ensemble.yaml');

  constructor(text: string, functions?: string) {
    writeFileSync(this.file, text);
    if (functions !== undefined) writeFileSync(join(this.folder, 'functions.mjs'), functions);
  }

  drive(more: { file?: string; options?: object; acts?: readonly Act[]; aborted?: boolean }): Running {
    return start([JSON.stringify({ folder: this.run, ...more })], { program, cwd: this.folder });
  }

  begin(acts: readonly Act[] = [], options = {}): Running {
    return this.drive({ file: this.file, acts, options });
  }

  resume(options = {}, acts: readonly Act[] = []): Running {
    return this.drive({ options, acts });
  }

  lines(name: string): string[] {
    const path = join(this.folder, name);
    return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : [];
  }

  async written(name: string, count: number): Promise<void> {
    await eventually(async () => this.lines(name).length >= count, `${count} lines in ${name}`);
  }

  /** A process may be killed between the start of a job and its entry in the log. */
  async logged(jobs: number): Promise<void> {
    await eventually(async () => (await this.jobs()).length >= jobs, `${jobs} jobs in the log`);
  }

  let(name: string): void {
    appendFileSync(join(this.folder, name), 'go\n');
  }

  /** The jobs that count, as the log has them. */
  async jobs() {
    const jobs = [];
    for await (const job of (await openRun(this.run)).jobs()) jobs.push(job);
    return jobs;
  }
}

/** Child processes with this beginning of their program's name. */
function childrenOf(parent: number, name: string): number[] {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid=,comm='], { encoding: 'utf8' }).split('\n');
  return rows.flatMap((row) => {
    const [pid, ppid, program = ''] = row.trim().split(/ +/);
    return Number(ppid) === parent && program.startsWith(name) ? [Number(pid)] : [];
  });
}

async function kill(running: Running): Promise<void> {
  running.process.kill('SIGKILL');
  expect((await running.finished).signal).toBe('SIGKILL');
}

/** The output of a run that has ended. */
async function endOf(running: Running) {
  const { stdout, stderr, status } = await running.finished;
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  const all = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Happened);
  const of = <Kind extends keyof Happened>(kind: Kind) =>
    all.flatMap((item) => (item[kind] === undefined ? [] : [item[kind]])) as NonNullable<Happened[Kind]>[];
  const [result] = of('result');
  const firings = (rule: number) => result?.rules[rule]?.firings;
  return { of, all, result, resumed: of('resumed')[0], firings };
}

const waits = (file: string) => `until [ -e ${file} ]; do sleep 0.02; done`;

describe.concurrent('a run that was killed', () => {
  test('goes on with its statistics and rules, and submits the lost jobs again', async () => {
    const study = new Study(`
jobs:
  - {name: quick, command: "true", count: 3}
  - {name: slow, command: "sh -c 'echo {{index}} >> ran; ${waits('go')}'", count: 3}
  - {name: after, command: "true"}
rules:
  - {trigger: start, action: {name: submit, label: quick}}
  - {trigger: metric, name: count.quick.success, when: "== 3", action: {name: submit, label: slow}}
  - {trigger: job-success, name: slow, action: {name: submit, label: after, repetitions: 10}}
`);
    const first = study.begin();
    await study.written('ran', 2);
    await study.logged(6);
    await kill(first);
    study.let('go');
    const { resumed, result, of, firings } = await endOf(study.resume());
    expect(resumed).toMatchObject({
      epoch: 2,
      takenOver: expect.stringContaining(`process ${first.process.pid} on host `),
      jobs: 6,
      active: 3,
      lost: 3,
      lostJobs: 'again',
      interrupted: false,
      damage: null,
      doubts: [],
      unknownNotes: 0,
    });
    expect(of('retry')).toMatchObject([0, 1, 2].map((index) => ({ group: 'slow', index, attempt: 0 })));
    expect(result).toMatchObject({ end: 'idle', failedJobs: 0 });
    expect(result?.counts).toMatchObject({
      quick: { submitted: 3, success: 3, retried: 0 },
      slow: { submitted: 3, success: 3, retried: 0 },
      after: { submitted: 3, success: 3 },
    });
    expect([0, 1, 2].map(firings)).toEqual([1, 1, 3]);
    expect(of('problem')).toEqual([]);
    expect(readManifest(study.run)).toMatchObject({
      state: 'done',
      resumed: 1,
      counts: { jobs: 9, failed: 0 },
    });
    const ids = (await study.jobs()).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('counts lost jobs as failed where this is wanted', async () => {
    const study = new Study(`
jobs: [{name: sim, command: "sh -c 'echo x >> ran; sleep 100'", count: 2}]
rules: [{trigger: start, action: {name: submit, label: sim}}]
`);
    const first = study.begin();
    await study.written('ran', 2);
    await study.logged(2);
    await kill(first);
    const { resumed, result } = await endOf(study.resume({ lost: 'fail' }));
    expect(resumed).toMatchObject({ lost: 2, lostJobs: 'fail' });
    expect(result).toMatchObject({
      end: 'idle',
      failedJobs: 2,
      counts: { sim: { submitted: 2, failed: 2 } },
    });
  });

  test('takes the rows of a sweep that come next, also after several kills', async () => {
    const study = new Study(`
jobs:
  - name: sim
    command: "sh -c 'echo {{x}} >> ran; sleep 0.05'"
    parameters: {x: {from: 1, to: 12, step: 1}}
rules:
  - {trigger: start, action: {name: submit, label: sim, value: 2}}
  - {trigger: job-success, name: sim, action: {name: submit, label: sim, value: 1, repetitions: 10}}
`);
    const first = study.begin();
    await study.written('ran', 3);
    await kill(first);
    for (const rows of [6, 9]) {
      const next = study.resume();
      await study.written('ran', rows);
      await kill(next);
    }
    const { result, firings } = await endOf(study.resume());
    expect(result).toMatchObject({ end: 'idle', counts: { sim: { submitted: 12, success: 12 } } });
    expect([0, 1].map(firings)).toEqual([1, 10]);
    const rows = (await study.jobs()).flatMap(({ result, parameters }) =>
      result === 'completed' ? [parameters.x] : [],
    );
    expect(rows.sort((a, b) => Number(a) - Number(b))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });

  test('calls code of the user again that had not answered, and says so', async () => {
    const study = new Study(
      `
jobs: [{name: sim, command: "true"}]
custom: functions.mjs
rules:
  - {trigger: start, action: {name: custom, label: next}}
`,
      `
import { appendFileSync, existsSync } from 'node:fs';
export async function next({ firing }) {
  appendFileSync('calls', firing.attempt + '\\n');
  while (!existsSync('go')) await new Promise((resolve) => setTimeout(resolve, 10));
  return { name: 'submit', label: 'sim' };
}
`,
    );
    const first = study.begin();
    await study.written('calls', 1);
    await kill(first);
    const second = study.resume();
    await study.written('calls', 2);
    await kill(second);
    study.let('go');
    const { resumed, result } = await endOf(study.resume());
    expect(resumed).toMatchObject({ epoch: 3, actions: 1 });
    expect(study.lines('calls')).toEqual(['0', '1', '2']);
    expect(result).toMatchObject({ end: 'idle', counts: { sim: { submitted: 1, success: 1 } } });
  });

  test('uses an answer of code of the user, and does only what is left of it', async () => {
    const study = new Study(
      `
jobs:
  - {name: a, command: "sh -c 'echo {{index}} >> ran; ${waits('go')}'", count: 2}
  - {name: b, command: "true"}
custom: functions.mjs
rules:
  - {trigger: start, action: {name: custom, label: next}}
  - {trigger: job-success, name: b, action: {name: submit, label: b, repetitions: 2}}
`,
      `
import { appendFileSync, existsSync } from 'node:fs';
export function next() {
  appendFileSync('calls', 'next\\n');
  const last = { name: 'custom', label: 'last' };
  return [
    { name: 'submit', label: 'a' },
    { name: 'submit', label: 'a' },
    { trigger: 'job-success', name: 'a', action: { name: 'submit', label: 'b', repetitions: 1 } },
    last,
  ];
}
export async function last() {
  appendFileSync('calls', 'last\\n');
  while (!existsSync('go')) await new Promise((resolve) => setTimeout(resolve, 10));
  return { name: 'submit', label: 'b' };
}
`,
    );
    const first = study.begin([], { slots: 4 });
    await study.written('ran', 4);
    await study.written('calls', 2);
    await study.logged(4);
    await kill(first);
    study.let('go');
    const { result, of } = await endOf(study.resume());
    expect(study.lines('calls')).toEqual(['next', 'last', 'last']);
    // Two submissions of one firing, whose jobs have the same indexes.
    expect(of('retry').map(({ index }) => index)).toEqual([0, 1, 0, 1]);
    expect(result?.counts).toMatchObject({
      a: { submitted: 4, success: 4 },
      // One by the added rule, one by the last function, two by the rule of the file.
      b: { submitted: 4, success: 4 },
    });
    expect(result?.rules).toHaveLength(3);
    expect(of('problem')).toEqual([]);
  });

  test('lets a retry that waits come at its time', async () => {
    const study = new Study(`
jobs:
  - name: sim
    command: "sh -c 'echo {{index}} >> ran; test -e go'"
    count: 2
    retry: {times: 3, backoff: 1.5}
rules: [{trigger: start, action: {name: submit, label: sim}}]
`);
    const first = study.begin();
    await study.written('ran', 2);
    // Both have failed, and wait for their next attempt.
    await eventually(
      async () => (await study.jobs()).every(({ finish }) => finish !== null),
      'both have ended',
    );
    await kill(first);
    study.let('go');
    const { resumed, of, result } = await endOf(study.resume());
    expect(resumed).toMatchObject({ active: 0, retrying: 2, lost: 0 });
    expect(of('retry').map(({ attempt }) => attempt)).toEqual([1, 1]);
    expect(result).toMatchObject({ end: 'idle', failedJobs: 0 });
    expect(result?.counts.sim).toMatchObject({ submitted: 4, failed: 2, success: 2, retried: 2 });
    const [before, after] = [(await study.jobs())[0], (await study.jobs())[2]];
    expect((after?.submit ?? 0) - (before?.finish ?? 0)).toBeGreaterThanOrEqual(1.5);
  });

  test('is paused where it was paused, and acts again when that is requested', async () => {
    const study = new Study(`
jobs:
  - {name: quick, command: "sh -c 'echo x >> ran; ${waits('go')}'"}
  - {name: after, command: "true"}
rules:
  - {trigger: start, action: {name: submit, label: quick}}
  - {trigger: job-success, name: quick, action: {name: submit, label: after}}
`);
    const first = study.begin([{ name: 'pause' }, { name: 'submit', label: 'quick' }]);
    await first.printed('submitted 1 job of quick');
    await study.written('ran', 2);
    await study.logged(2);
    await kill(first);
    study.let('go');
    const second = study.resume({}, [
      { name: 'resume', wait: 1000 },
      { name: 'submit', label: 'after' },
    ]);
    const { resumed, all, of, result } = await endOf(second);
    expect(resumed).toMatchObject({ paused: true });
    const again = all.findIndex((item) => item.paused === false);
    expect(again).toBeGreaterThan(0);
    expect(all.slice(0, again).some(({ retry }) => retry !== undefined)).toBe(false);
    expect(of('retry')).toHaveLength(2);
    // The number of requests from outside continues.
    expect(of('firing').findLast(({ rule }) => rule === -1)?.number).toBe(1);
    expect(result?.counts).toMatchObject({ quick: { success: 2 }, after: { success: 2 } });
  });

  test('keeps the state of the ensemble, intervals and cooldowns', async () => {
    const study = new Study(`
states: [one, two]
jobs: [{name: tick, command: "sh -c 'echo x >> ran'"}, {name: in-two, command: "true"}]
rules:
  - {trigger: interval, interval: 300ms, action: {name: submit, label: tick, repetitions: 8}}
  - {trigger: metric, name: count.tick.success, when: ">= 2", in: one, action: {goto: two}}
  - {trigger: state, name: two, action: {name: submit, label: in-two, repetitions: 5}}
  - {trigger: job-success, name: tick, cooldown: 1h, action: {name: submit, label: in-two, repetitions: 5}}
`);
    const first = study.begin();
    await study.written('ran', 3);
    await kill(first);
    const { result, firings } = await endOf(study.resume());
    expect(result).toMatchObject({ end: 'idle', counts: { tick: { success: 8 }, 'in-two': { success: 2 } } });
    expect([0, 1, 2, 3].map(firings)).toEqual([8, 1, 1, 1]);
  });

  test('keeps the size of the local member, and does not grow twice', async () => {
    const study = new Study(`
jobs: [{name: sim, command: "sh -c 'echo x >> ran; ${waits('go')}'", count: 5}]
rules:
  - {trigger: start, action: {name: submit, label: sim}}
  - {trigger: start, action: {name: grow, value: 3}}
`);
    const first = study.begin([{ name: 'shrink', value: 1 }]);
    await first.printed('"acted"');
    await study.written('ran', 4);
    await kill(first);
    study.let('go');
    const { result } = await endOf(study.resume());
    expect(result).toMatchObject({ size: 4, counts: { sim: { success: 5 } } });
  });

  test('submits lost jobs before the actions that were not done', async () => {
    const study = new Study(
      `
jobs:
  - {name: held, command: "true", count: 2, urgency: 0}
custom: functions.mjs
rules:
  - {trigger: start, action: {name: submit, label: held}}
  - {trigger: start, action: {name: custom, label: release}}
`,
      `
import { appendFileSync, existsSync } from 'node:fs';
export async function release() {
  appendFileSync('calls', 'x\\n');
  while (!existsSync('go')) await new Promise((resolve) => setTimeout(resolve, 10));
  return { name: 'urgency', label: 'held', value: 16 };
}
`,
    );
    const first = study.begin();
    await study.written('calls', 1);
    await eventually(async () => (await study.jobs()).length === 2, 'both are submitted');
    await kill(first);
    study.let('go');
    const { result } = await endOf(study.resume());
    expect(result).toMatchObject({ end: 'idle', counts: { held: { success: 2 } } });
  });

  test('submits lost jobs with the urgency that they had got, also after several kills', async () => {
    const study = new Study(`
jobs:
  - {name: slow, command: "sh -c 'echo x >> ran; ${waits('go')}'"}
  - {name: held, command: "true", count: 2, urgency: 0}
rules:
  - {trigger: start, action: {name: submit, label: slow}}
  - {trigger: start, action: {name: submit, label: held}}
  - {trigger: start, action: {name: urgency, label: held, value: 16}}
`);
    const first = study.begin([], { slots: 1 });
    await first.printed('"urgency"');
    await study.written('ran', 1);
    await study.logged(3);
    await kill(first);
    const second = study.resume();
    await study.written('ran', 2);
    await eventually(async () => (await study.jobs()).length === 6, 'all are submitted again');
    await kill(second);
    study.let('go');
    const { result } = await endOf(study.resume());
    expect(result).toMatchObject({ end: 'idle', counts: { held: { success: 2 }, slow: { success: 1 } } });
  });

  test('submits the rest of a group that was submitted in part', async () => {
    const study = new Study(`
jobs: [{name: held, command: "true", count: 20000, urgency: 0}]
rules: [{trigger: start, action: {name: submit, label: held}}]
`);
    const first = study.begin();
    await first.printed('"action"');
    await kill(first);
    const before = (await study.jobs()).length;
    expect(before).toBeLessThan(20_000);
    const second = study.resume();
    const left = async () => (await study.jobs()).filter(({ result }) => result !== 'lost');
    await eventually(async () => (await left()).length === 20_000, 'all jobs are submitted');
    expect(new Set((await left()).map(({ index }) => index)).size).toBe(20_000);
    second.process.kill('SIGINT');
    const { resumed, result } = await endOf(second);
    expect(resumed).toMatchObject({ lost: before, actions: 1 });
    expect(result).toMatchObject({ end: 'interrupted', counts: { held: { submitted: 20_000 } } });
  });

  test('passes the number of earlier calls to programs and Python functions', async () => {
    const study = new Study(
      `
jobs: [{name: sim, command: "true"}]
custom:
  file: functions.py
rules:
  - {trigger: start, action: {name: custom, label: decide}}
  - {trigger: start, action: {name: exec, command: sh decide.sh}}
`,
    );
    writeFileSync(
      join(study.folder, 'functions.py'),
      `
import os, time
def decide(attempt, metrics):
    with open("calls", "a") as calls:
        calls.write("python %d\\n" % attempt)
    while not os.path.exists("go"):
        time.sleep(0.01)
    return {"name": "submit", "label": "sim"}
`,
    );
    writeFileSync(
      join(study.folder, 'decide.sh'),
      `
read -r input
echo "program $ENSEMBLE_ATTEMPT $(expr "$input" : '.*"attempt":\\([0-9]*\\)')" >> calls
${waits('go')}
echo '{"name": "submit", "label": "sim"}'
`,
    );
    const first = study.begin();
    await study.written('calls', 2);
    await kill(first);
    study.let('go');
    const { result } = await endOf(study.resume());
    expect(study.lines('calls').sort()).toEqual(['program 0 0', 'program 1 1', 'python 0', 'python 1']);
    expect(result).toMatchObject({ end: 'idle', counts: { sim: { success: 2 } } });
  });

  test('goes on after a failure of its member', async () => {
    const study = new Study(`
jobs: [{name: sim, command: "sh -c 'echo x >> ran; ${waits('go')}'", count: 2}]
rules: [{trigger: start, action: {name: submit, label: sim}}]
`);
    const first = study.begin();
    await study.written('ran', 2);
    for (const pid of childrenOf(first.process.pid ?? 0, 'ensemble-spawn')) process.kill(pid, 'SIGKILL');
    expect((await endOf(first)).result?.end).toBe('failed');
    expect(readManifest(study.run).state).toBe('failed');
    study.let('go');
    const { resumed, result } = await endOf(study.resume());
    expect(resumed).toMatchObject({ interrupted: true, lost: 2 });
    expect(result).toMatchObject({ end: 'idle', counts: { sim: { submitted: 2, success: 2 } } });
  });

  test('only concludes when it had come to its end', async () => {
    const study = new Study(`
jobs:
  - {name: stubborn, command: "sh -c 'trap : TERM; echo x >> ran; while :; do sleep 0.05; done'"}
  - {name: quick, command: "sh -c '${waits('ran')}'"}
  - {name: never, command: "true"}
rules:
  - {trigger: start, action: {name: submit, label: stubborn}}
  - {trigger: start, action: {name: submit, label: quick}}
  - {trigger: job-success, name: quick, action: {name: terminate}}
  - {trigger: job-cancel, name: stubborn, action: {name: submit, label: never}}
`);
    const first = study.begin([], { grace: 100 });
    await first.printed('"terminate"');
    await eventually(
      async () => (await study.jobs()).some(({ exception }) => exception === 'cancel'),
      'it is canceled',
    );
    await kill(first);
    const { resumed, result, of } = await endOf(study.resume());
    expect(resumed).toMatchObject({ ended: true });
    expect(of('firing')).toEqual([]);
    expect(result).toMatchObject({
      end: 'terminated',
      by: { kind: 'rule', rule: 2 },
      failedJobs: 0,
      counts: { stubborn: { canceled: 1 }, quick: { success: 1 }, never: { submitted: 0 } },
    });
    expect(readManifest(study.run).state).toBe('terminated');
    expect((await endOf(study.resume())).of('refused')).toMatchObject([
      { code: 'ERR_RUN', message: expect.stringContaining('it has ended (terminated)') },
    ]);
  });

  test('measures the jobs whose probe had no answer', async () => {
    const study = new Study(
      `
plugins: [./probe.mjs]
jobs:
  - {name: sim, command: "sh -c 'echo x >> ran'", count: 3, probes: [{probe: slow.value}]}
rules: [{trigger: start, action: {name: submit, label: sim}}]
`,
    );
    writeFileSync(
      join(study.folder, 'probe.mjs'),
      `
import { appendFileSync, existsSync } from 'node:fs';
import { definePlugin, z } from '${join(root, 'dist/index.js')}';
export const plugin = definePlugin({
  name: 'slow',
  probes: {
    value: {
      description: 'waits',
      options: z.strictObject({}),
      values: ['number'],
      async read() {
        appendFileSync('calls', 'x\\n');
        while (existsSync('hold') ) await new Promise((resolve) => setTimeout(resolve, 10));
        return 7;
      },
    },
  },
});
`,
    );
    study.let('hold');
    const first = study.begin();
    await study.written('ran', 3);
    await study.written('calls', 1);
    await eventually(
      async () => (await study.jobs()).every(({ finish }) => finish !== null),
      'all have ended',
    );
    await kill(first);
    unlinkSync(join(study.folder, 'hold'));
    const { result } = await endOf(study.resume());
    expect(result).toMatchObject({ end: 'idle', counts: { sim: { success: 3 } } });
    expect(study.lines('calls')).toHaveLength(4);
  });
});

describe.concurrent('a run that was interrupted', () => {
  test('before it began starts from its beginning', async () => {
    const study = new Study(`
jobs: [{name: sim, command: "true", count: 2}]
rules: [{trigger: start, action: {name: submit, label: sim}}]
`);
    const first = await endOf(study.drive({ file: study.file, aborted: true }));
    expect(first.result).toMatchObject({ end: 'interrupted', counts: { sim: { submitted: 0 } } });
    const { resumed, result } = await endOf(study.resume());
    expect(resumed).toMatchObject({ interrupted: true, jobs: 0, lost: 0 });
    expect(result).toMatchObject({ end: 'idle', counts: { sim: { success: 2 } } });
  });

  test('goes on with the jobs that were canceled then', async () => {
    const study = new Study(`
jobs: [{name: sim, command: "sh -c 'echo x >> ran; ${waits('go')}'", count: 3}, {name: after, command: "true"}]
rules:
  - {trigger: start, action: {name: submit, label: sim}}
  - {trigger: job-cancel, name: sim, action: {name: submit, label: after, repetitions: 9}}
`);
    const first = study.begin();
    await study.written('ran', 2);
    first.process.kill('SIGINT');
    expect((await endOf(first)).result).toMatchObject({
      end: 'interrupted',
      counts: { sim: { canceled: 3 } },
    });
    expect(readManifest(study.run).state).toBe('interrupted');
    study.let('go');
    const { resumed, result } = await endOf(study.resume());
    expect(resumed).toMatchObject({ interrupted: true, takenOver: null, lost: 3 });
    expect(result).toMatchObject({ end: 'idle', failedJobs: 0 });
    expect(result?.counts).toMatchObject({
      sim: { submitted: 3, success: 3, canceled: 0 },
      after: { submitted: 0 },
    });
  });
});

describe.concurrent('a run is not resumed', () => {
  const study = `
jobs: [{name: sim, command: "sh -c 'echo x >> ran; ${waits('go')}'"}]
rules: [{trigger: start, action: {name: submit, label: sim}}]
`;

  test('while another process drives it, nor after it has ended', async () => {
    const { ...made } = new Study(study);
    const it = new Study(study);
    expect(made.folder).not.toBe(it.folder);
    const first = it.begin();
    await it.written('ran', 1);
    expect((await endOf(it.resume())).of('refused')).toMatchObject([
      {
        code: 'ERR_RUN',
        message: expect.stringMatching(/^process \d+ on host \S+ has driven this run since [-\d]+ [\d:]+$/),
      },
    ]);
    it.let('go');
    expect((await endOf(first)).result?.end).toBe('idle');
    expect((await endOf(it.resume())).of('refused')).toMatchObject([
      { code: 'ERR_RUN', message: expect.stringContaining('it has ended (done)') },
    ]);
  });

  test('in another working directory, or with another member', async () => {
    const it = new Study(study);
    const first = it.begin();
    await it.written('ran', 1);
    await kill(first);
    const elsewhere = start([JSON.stringify({ folder: it.run })], { program, cwd: newFolder() });
    expect((await endOf(elsewhere)).of('refused')).toMatchObject([
      { code: 'ERR_RUN', message: expect.stringContaining(`it was started in ${it.folder}`) },
    ]);
    expect((await endOf(it.resume({ member: 'flux' }))).of('refused')).toMatchObject([
      { code: 'ERR_RUN', message: expect.stringContaining('its member is local') },
    ]);
    it.let('go');
    expect((await endOf(it.resume())).result?.end).toBe('idle');
  });
});
