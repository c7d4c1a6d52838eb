/** The member on a Slurm whose answers the tests give. */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { eventually } from '../../../support/cli.js';
import { template } from '../local/harness.js';
import { failed, Lab } from './fake-slurm.js';

const labs: Lab[] = [];
function newLab(...args: ConstructorParameters<typeof Lab>): Lab {
  const lab = new Lab(...args);
  labs.push(lab);
  return lab;
}
afterEach(async () => {
  await Promise.all(labs.splice(0).map(({ member }) => member.stop(0, 'interrupted')));
});

const origin = { rule: 0, firing: 3, part: 0, index: 0, attempt: 0 };

describe('submissions', () => {
  test('of one kind become arrays, with the resources and the key of the first job', async () => {
    const lab = newLab();
    lab.slurm.maxArraySize = 100;
    await lab.start();
    const slurm = { partition: 'batch', account: 'a', qos: 'q', constraint: 'cpu', options: ['--mem=4G'] };
    const more = { nodes: 2, tasks: 4, cores: 3, gpus: 1, duration: 61, slurm };
    await lab.member.submit(template(['true'], more), 150, origin);
    await Promise.all(
      Array.from({ length: 64 }, (_, index) =>
        lab.member.submit(template(['echo', String(index)], { urgency: 10 }), 1, {
          ...origin,
          firing: 4,
          index,
        }),
      ),
    );
    expect(lab.journal.count('priority')).toBe(214);
    await eventually(() => lab.slurm.arrays.length === 3, 'three arrays');
    expect(lab.slurm.arrays.map(({ tasks }) => tasks)).toEqual([100, 50, 64]);
    const [first, second, third] = lab.slurm.arrays;
    expect(first?.args).toEqual(
      expect.arrayContaining([
        ...['--job-name=test', '--nodes=2', '--ntasks=4', '--cpus-per-task=3', '--gpus-per-task=1'],
        ...['--time=2', '--partition=batch', '--account=a', '--qos=q', '--constraint=cpu', '--mem=4G'],
      ]),
    );
    const key = 'ensemble=study-0123456789ab';
    expect(second?.comment).toBe(`${key},array=2,firing=3,part=0,index=100,attempt=0`);
    expect(third?.args).toContain('--nice=600');
    expect(third?.comment).toBe(`${key},array=3,firing=4,part=0,index=0,attempt=0`);
  });

  test('wait while the site takes no more, which is reported once', async () => {
    const lab = newLab();
    let most = 10;
    lab.slurm.answers.sbatch = (args) => {
      const last = args
        .find((arg) => arg.startsWith('--array='))
        ?.split('-')
        .at(-1);
      if (Number(last) >= most) return failed('sbatch: error: QOSMaxSubmitJobPerUserLimit\n');
      most = 0;
      return null;
    };
    await lab.start();
    await lab.member.submit(template(['true']), 40, origin);
    // 40 and 20 are refused, 10 are taken; 20, 10, 5, 2 and 1 are refused.
    await eventually(() => lab.slurm.count('sbatch') >= 6, 'several attempts');
    expect(lab.slurm.arrays.map(({ tasks }) => tasks)).toEqual([10]);
    expect(lab.problems.filter((text) => text.includes('takes no more jobs'))).toHaveLength(1);
    expect(lab.journal.count('exception')).toBe(0);
    // Waiting jobs can be canceled without Slurm.
    const ids = lab.journal.ids().map(BigInt);
    expect(await lab.member.cancel(ids.slice(20), 'enough')).toBe(20);
    await lab.journal.until(() => lab.journal.count('exception') === 20);
  });

  test('that Slurm refuses fail', async () => {
    const lab = newLab();
    lab.slurm.answers.sbatch = () =>
      failed('sbatch: error: Batch job submission failed: Invalid account specified\n');
    await lab.start();
    await lab.member.submit(template(['true']), 2, origin);
    await lab.journal.cleaned(2);
    expect(lab.journal.context(0, 'exception')).toMatchObject({
      type: 'alloc',
      note: 'sbatch: Invalid account specified',
    });
    expect(lab.slurm.count('sbatch')).toBe(1);
  });

  test('without an answer are found in the queue, or made again, and late tasks are ended', async () => {
    const lab = newLab();
    let calls = 0;
    const late: { comment: string }[] = [];
    lab.slurm.answers.sbatch = (args) => {
      calls++;
      if (calls === 1) lab.slurm.take(args);
      if (calls === 2)
        late.push({ comment: args.find((arg) => arg.startsWith('--comment='))?.slice(10) ?? '' });
      return calls < 3 ? failed('sbatch: error: Batch job submission failed: Socket timed out\n') : null;
    };
    await lab.start();
    await lab.member.submit(template(['true']), 2, origin);
    await eventually(() => calls === 1, 'the first one');
    await lab.member.submit(template(['false']), 3, { ...origin, firing: 4 });
    await eventually(() => lab.slurm.arrays.length === 2, 'the second one is made again');
    expect(calls).toBe(3);
    expect(lab.slurm.arrays.map(({ comment }) => comment.split(',')[1])).toEqual(['array=1', 'array=3']);
    // The second one comes late.
    lab.slurm.queue = () => [...lab.slurm.waiting(), `777|0-2|PENDING|N/A|N/A||Priority|${late[0]?.comment}`];
    await eventually(() => lab.slurm.calls.some((call) => call.join(' ') === 'scancel 777'), 'it is ended');
    expect(existsSync(join(lab.folder, 'arrays/2'))).toBe(false);
    expect(lab.journal.count('exception')).toBe(0);
  });
});

describe('ends', () => {
  /** Runs jobs to their ends, with a state in Slurm for each. `note` is null for a job that noted no end. */
  async function endsOf(
    ...cases: readonly { state: string; note: string | null; status?: number; node?: string }[]
  ) {
    const lab = newLab();
    await lab.start();
    await lab.member.submit(template(['true']), cases.length, origin);
    await eventually(() => lab.slurm.arrays.length === 1, 'an array');
    for (const [index, { note, node = 'n1' }] of cases.entries()) {
      if (node === '') continue;
      lab.note(1, index, 'start', 100);
      if (note !== null) lab.note(1, index, 'end', note);
    }
    lab.slurm.statuses = Object.fromEntries(cases.map(({ status = 0 }, index) => [`100_${index}`, status]));
    lab.slurm.queue = () =>
      cases.map(
        ({ state, node = 'n1' }, index) => `100|${index}|${state}|1795767857|1795767858|${node}|None|`,
      );
    await lab.journal.cleaned(cases.length);
    return lab;
  }

  test('that the jobs note, and Slurm explains', async () => {
    const lab = await endsOf(
      { state: 'COMPLETED', note: '0 ' },
      { state: 'FAILED', note: '3 ' },
      { state: 'FAILED', note: '137 ' },
      { state: 'OUT_OF_MEMORY', note: '137 ' },
      { state: 'TIMEOUT', note: '143 signaled' },
      { state: 'TIMEOUT', note: '0 signaled' },
      { state: 'PREEMPTED', note: '143 signaled' },
      { state: 'CANCELLED', note: '143 ' },
      { state: 'DEADLINE', note: '1 signaled' },
    );
    expect(lab.ends()).toEqual([
      { exception: null, status: 0 },
      { exception: null, status: 3 << 8 },
      { exception: null, status: 137 << 8 },
      { exception: 'out-of-memory', status: 137 << 8 },
      { exception: 'timeout', status: 143 << 8 },
      { exception: 'timeout', status: 0 },
      { exception: 'preempted', status: 143 << 8 },
      { exception: 'cancel', status: 143 << 8 },
      { exception: 'timeout', status: 1 << 8 },
    ]);
    // The exact exit codes came from the notes.
    expect(lab.slurm.calls.some((call) => call.some((arg) => arg.startsWith('--Format')))).toBe(false);
  });

  test('that only Slurm knows, by one request for all exit codes', async () => {
    const lab = await endsOf(
      { state: 'COMPLETED', note: null },
      { state: 'FAILED', note: null, status: 3 << 8 },
      { state: 'FAILED', note: null, status: 11 },
      { state: 'NODE_FAIL', note: null },
      { state: 'TIMEOUT', note: null, status: 15 },
      { state: 'CANCELLED', note: null, node: '' },
      { state: 'FAILED', note: null, status: 211 << 8 },
    );
    expect(lab.ends()).toEqual([
      { exception: null, status: 0 },
      { exception: null, status: 3 << 8 },
      { exception: null, status: (128 + 11) << 8 },
      { exception: 'node-failure', status: 137 << 8 },
      { exception: 'timeout', status: 143 << 8 },
      { exception: 'cancel', status: null },
      { exception: 'exec', status: 211 << 8 },
    ]);
    expect(lab.journal.context(6, 'exception')?.note).toContain('does not see the folder of the run');
    expect(lab.journal.names(5)).not.toContain('start');
    const asked = lab.slurm.calls.filter((call) => call.some((arg) => arg.startsWith('--Format')));
    expect(asked.length).toBeLessThanOrEqual(2);
  });

  test('of jobs that have left the queue, from the accounting or as lost', async () => {
    const lab = newLab();
    lab.slurm.accounting = true;
    lab.slurm.answers.sacct = () => ({
      status: 0,
      stdout:
        '100_0|FAILED|7:0|1795767857|1795767858|n1\n100_1|CANCELLED by 0|0:15|1795767857|1795767858|n1\n',
      stderr: '',
    });
    await lab.start();
    await lab.member.submit(template(['true']), 4, origin);
    await eventually(() => lab.slurm.arrays.length === 1, 'an array');
    for (const index of [0, 1, 2]) lab.note(1, index, 'start', 100);
    await lab.journal.until(() => lab.journal.count('start') === 3);
    lab.slurm.queue = () => [];
    await lab.journal.cleaned(4);
    expect(lab.ends()).toEqual([
      { exception: null, status: 7 << 8 },
      { exception: 'cancel', status: 143 << 8 },
      { exception: 'lost', status: null },
      { exception: 'cancel', status: null },
    ]);
    expect(lab.slurm.count('sacct')).toBe(1);
  });

  test('do not come from a controller that does not answer', async () => {
    const lab = newLab();
    await lab.start();
    await lab.member.submit(template(['true']), 2, origin);
    await eventually(() => lab.slurm.arrays.length === 1, 'an array');
    lab.slurm.answers.squeue = () =>
      failed('slurm_load_jobs error: Socket timed out on send/recv operation\n');
    await eventually(() => lab.slurm.count('squeue') > 2, 'several looks');
    lab.note(1, 0, 'start', 100);
    lab.note(1, 0, 'end', '0 ');
    await lab.journal.cleaned(1);
    expect(lab.problems).toEqual([expect.stringContaining('Socket timed out')]);
    lab.slurm.answers = {};
    await eventually(() => lab.problems.length === 2, 'it answers again');
    expect(lab.journal.count('exception')).toBe(0);
  });

  test('of requeued jobs count once', async () => {
    const lab = newLab();
    await lab.start();
    await lab.member.submit(template(['true']), 1, origin);
    await eventually(() => lab.slurm.arrays.length === 1, 'an array');
    lab.note(1, 0, 'start', 100);
    lab.note(1, 0, 'end', '143 signaled');
    await eventually(() => lab.journal.count('exception') === 1, 'it is requeued');
    expect(lab.journal.context(0, 'exception')).toMatchObject({ type: 'requeue', severity: 1 });
    lab.note(1, '0 1', 'start', 100);
    lab.note(1, '0 1', 'end', '0 ');
    await lab.journal.cleaned(1);
    expect(lab.journal.names(0).filter((name) => name === 'start' || name === 'finish')).toEqual([
      'start',
      'finish',
    ]);
  });

  test('come at the second of the time limit', async () => {
    const lab = newLab();
    await lab.start();
    await lab.member.submit(template(['sleep', '9'], { duration: 0.3 }), 2, origin);
    await eventually(() => lab.slurm.arrays.length === 1, 'an array');
    lab.slurm.queue = () => ['100|0|PENDING|N/A|N/A||Priority|', '100|1|RUNNING|1795767857|N/A|n1|None|'];
    lab.note(1, 1, 'start', 100);
    await eventually(() => lab.slurm.count('scancel') > 0, 'it is ended');
    expect(lab.slurm.calls.find(([name]) => name === 'scancel')).toEqual(['scancel', '100_[1]']);
    expect(lab.journal.context(1, 'exception')).toMatchObject({ type: 'timeout' });
    lab.note(1, 1, 'end', '143 signaled');
    await lab.journal.cleaned(1);
  });
});

test('notes that are garbage are skipped', async () => {
  const lab = newLab();
  await lab.start();
  await lab.member.submit(template(['true']), 1, origin);
  await eventually(() => lab.slurm.arrays.length === 1, 'an array');
  lab.note(9, 0, 'start', 1);
  lab.note(1, 99, 'end', '0 ');
  lab.note(1, 0, 'dance', '\0\u{1f483}');
  lab.note(1, 0, 'start', 100);
  lab.note(1, 0, 'end', '0 ');
  await lab.journal.cleaned(1);
  expect(lab.ends()).toEqual([{ exception: null, status: 0 }]);
});

test('jobs are held, released, reordered and canceled by few commands', async () => {
  const lab = newLab();
  await lab.start();
  await lab.member.submit(template(['true'], { urgency: 0 }), 5, origin);
  await eventually(() => lab.slurm.arrays.length === 1, 'an array');
  expect(lab.slurm.arrays[0]?.args).toContain('--hold');
  const ids = lab.journal.ids().map(BigInt);
  expect(await lab.member.setUrgency(ids.slice(1, 4), 12)).toBe(3);
  expect(await lab.member.setUrgency(ids.slice(2), 0)).toBe(3);
  const commands = () =>
    lab.slurm.calls.slice(1).filter(([name]) => name === 'scontrol' || name === 'scancel');
  expect(commands()).toEqual([
    ['scontrol', 'release', '100_[1-3]'],
    ['scontrol', 'update', 'JobId=100_[1-3]', 'Nice=400'],
    ['scontrol', 'hold', '100_[2-4]'],
  ]);
  await lab.journal.has(1, 'urgency');
  expect(lab.journal.context(1, 'urgency')).toMatchObject({ urgency: 12 });
  expect(await lab.member.cancel([...ids.slice(0, 3), 12345n], 'enough')).toBe(3);
  await eventually(() => lab.slurm.count('scancel') === 1, 'they are canceled');
  expect(commands().at(-1)).toEqual(['scancel', '100_[0-2]']);
  expect(await lab.member.cancel(ids, 'enough')).toBe(2);
  await eventually(() => lab.slurm.count('scancel') === 2, 'the others are canceled');
});

describe('a run that goes on', () => {
  /** A process that dies after it has submitted 4 jobs, of which Slurm has taken an array. */
  async function died(): Promise<Lab> {
    const lab = newLab();
    await lab.start();
    await lab.member.submit(template(['true']), 4, origin);
    await eventually(() => lab.slurm.arrays.length === 1, 'an array');
    labs.splice(labs.indexOf(lab), 1);
    return lab;
  }
  const active = (lab: Lab, ...changes: readonly object[]) =>
    lab.journal.ids().map((id, index) => ({
      ...{ id: BigInt(id), start: null, finished: false, fatal: false },
      ...changes[index],
    }));

  test('takes in the notes of the time without a process, each event once', async () => {
    const first = await died();
    first.note(1, 0, 'start', 100);
    first.note(1, 0, 'end', '0 ');
    first.note(1, 1, 'start', 100);
    first.note(1, 1, 'end', '5 ');
    first.note(1, 2, 'start', 100);
    const lab = newLab(first.folder);
    lab.slurm.arrays.push(...first.slurm.arrays);
    // The log has the start of the second job, and the fourth one has ended.
    const known = active(first, {}, { start: 1795767857 }).slice(0, 3);
    await lab.start(known, first.member.facts ?? null);
    expect(await lab.member.reconcile?.()).toEqual({ lost: false, doubts: [] });
    const names = (index: number) =>
      lab.journal.all
        .filter(({ idText }) => idText === String(known[index]?.id))
        .flatMap(({ events }) => events.map(({ name }) => name));
    expect(names(0)).toEqual(['annotations', 'alloc', 'start', 'finish', 'release', 'free', 'clean']);
    expect(names(1)).toEqual(['finish', 'release', 'free', 'clean']);
    expect(names(2)).toEqual(['annotations', 'alloc', 'start']);
    expect(lab.slurm.count('sbatch')).toBe(0);
  });

  test('submits again what the store has and Slurm has not, and cancels what was to be canceled', async () => {
    const first = await died();
    await first.member.submit(template(['false']), 2, origin);
    // Before an array of them is made, the process dies.
    await first.member.stop(0, 'done').catch(() => {});
    const lab = newLab(first.folder);
    lab.slurm.arrays.push(...first.slurm.arrays.slice(0, 1));
    await lab.start(active(first, { fatal: true }).slice(0, 4), first.member.facts ?? null);
    await lab.member.reconcile?.();
    await eventually(() => lab.slurm.count('scancel') === 1, 'the job is canceled');
    expect(lab.slurm.calls.find(([name]) => name === 'scancel')).toEqual(['scancel', '100_[0]']);
  });

  test('on another cluster has lost its jobs', async () => {
    const first = await died();
    const lab = newLab(first.folder);
    await lab.start(active(first), { ...first.member.facts, cluster: 'other' });
    expect(await lab.member.reconcile?.()).toEqual({ lost: true, doubts: [] });
  });

  test('waits for a controller that does not answer', async () => {
    const first = await died();
    const lab = newLab(first.folder);
    lab.slurm.answers.scontrol = () =>
      failed('slurm_load_ctl_conf error: Unable to contact slurm controller');
    lab.slurm.answers.squeue = lab.slurm.answers.scontrol;
    await lab.start(active(first), first.member.facts ?? null);
    expect(await lab.member.reconcile?.()).toEqual({ lost: false, doubts: [] });
    expect(lab.journal.count('exception')).toBe(0);
    expect(lab.problems).toHaveLength(1);
  });

  test('reports jobs that the store does not have as lost', async () => {
    const lab = newLab();
    await lab.start([{ id: 5n, start: 1, finished: false, fatal: false }], null);
    const { doubts } = (await lab.member.reconcile?.()) ?? {};
    expect(doubts).toHaveLength(1);
    expect(
      lab.journal.all.filter(({ idText }) => idText === '5').flatMap(({ events }) => events),
    ).toMatchObject([{ name: 'exception', context: { type: 'lost' } }, { name: 'clean' }]);
  });
});

test('a new run needs a controller that answers', async () => {
  const lab = newLab();
  lab.slurm.answers.scontrol = () => failed('scontrol: error: slurm_load_ctl_conf: Unable to contact');
  await expect(lab.start()).rejects.toMatchObject({ code: 'ERR_MEMBER_UNAVAILABLE' });
});

test('the end of a run gives jobs to Slurm that still wait', async () => {
  const lab = newLab();
  await lab.start();
  await lab.member.submit(template(['true']), 3, origin);
  await lab.member.stop(5, 'done');
  expect(lab.slurm.arrays.map(({ tasks }) => tasks)).toEqual([3]);
  expect(readdirSync(join(lab.folder, 'arrays'))).toEqual(['1']);
  expect(lab.journal.count('exception')).toBe(0);
});
