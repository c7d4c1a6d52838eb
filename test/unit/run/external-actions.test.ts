import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  type ActionReport,
  Ensemble,
  type ExternalAction,
  type Firing,
  openRun,
} from '../../../src/index.js';
import { eventually, newFolder } from '../../support/cli.js';

/** A running ensemble whose first group ends one job at a time, each success of which submits another group's job. */
async function running() {
  const told: { report: ActionReport; firing: Firing }[] = [];
  const paused: [boolean, string][] = [];
  const ensemble = Ensemble.fromObject(
    {
      jobs: [
        { name: 'first', command: 'true', count: 1 },
        { name: 'second', command: 'true', count: 1 },
        { name: 'long', command: 'sleep 100', count: 2 },
      ],
      rules: [
        {
          trigger: 'job-success',
          name: 'first',
          action: { name: 'submit', label: 'second', repetitions: 100 },
        },
      ],
    },
    {
      slots: 4,
      watch: true,
      runFolder: join(newFolder(), 'run'),
      observer: {
        action: (report, firing) => told.push({ report, firing }),
        paused: (on, by) => paused.push([on, by]),
      },
    },
  );
  const run = ensemble.run();
  const act = async (asked: ExternalAction) => (await ensemble.act(asked, 'test')).text;
  await eventually(
    () =>
      act({ name: 'resume' }).then(
        () => true,
        () => false,
      ),
    'the run has begun',
  );
  paused.length = 0;
  const succeeded = async (group: string) => (await ensemble.metrics()).groups.get(group)?.count.success ?? 0;
  return { ensemble, run, act, told, paused, succeeded };
}

describe('a request from outside', () => {
  test('is performed like an action of a rule, and reported with the name of the caller', async () => {
    const { ensemble, run, act, told } = await running();
    const firings: Firing[] = [];
    void (async () => {
      for await (const firing of ensemble.firings()) if (firing.askedBy !== null) firings.push(firing);
    })();
    expect(await act({ name: 'submit', label: 'long' })).toBe('submitted 2 jobs of long');
    expect(await act({ name: 'submit', label: 'first', value: 1 })).toBe('submitted 1 job of first');
    expect(await act({ name: 'cancel', label: 'long' })).toBe('canceled 2 jobs of long');
    expect(await ensemble.act({ name: 'grow', value: 2 }, 'test')).toEqual({
      text: 'grew from 4 to 6',
      before: 4,
      after: 6,
    });
    expect(ensemble.size).toBe(6);
    expect(await act({ name: 'shrink', value: 99 })).toBe('shrank from 6 to 1');
    expect(await act({ name: 'shrink' })).toBe('no change: the size is 1');
    expect(await act({ name: 'terminate' })).toBe('the run ends');
    expect(await run).toMatchObject({ end: 'terminated' });
    expect(firings.map(({ action, number, rule, askedBy }) => [action, number, rule, askedBy])).toEqual(
      ['submit', 'submit', 'cancel', 'grow', 'shrink', 'shrink', 'terminate'].map((action, index) => [
        action,
        index,
        -1,
        'test',
      ]),
    );
    const asked = told.filter(({ firing }) => firing.askedBy === 'test');
    expect(asked.map(({ report }) => report.kind)).toEqual(firings.map(({ action }) => action));
    await ensemble.close();
  });

  test('cancels one job, by its id', async () => {
    const { ensemble, act, told } = await running();
    const folder = ensemble.runFolder as string;
    await act({ name: 'submit', label: 'long' });
    const ids: string[] = [];
    for await (const { id } of (await openRun(folder)).jobs()) ids.push(String(id));
    expect(ids).toHaveLength(2);
    const [job = ''] = ids;
    expect(await act({ name: 'cancel', job })).toBe('canceled 1 job of long');
    expect(told.at(-1)?.firing).toMatchObject({ group: 'long', job: expect.any(BigInt) });
    const canceled = async () => (await ensemble.metrics()).groups.get('long')?.count.canceled;
    await eventually(async () => (await canceled()) === 1, 'the job has ended');
    for (const wrong of [{ job }, { job: '17' }, { job: 'x y' }, { job: ids[1] ?? '', label: 'long' }]) {
      await expect(act({ name: 'cancel', ...wrong })).rejects.toMatchObject({ code: 'ERR_ACTION' });
    }
    await expect(act({ name: 'submit', job })).rejects.toMatchObject({ code: 'ERR_ACTION' });
    expect(await canceled()).toBe(1);
    await ensemble.close();
  });

  test('submits jobs with parameters, which are read as in a file', async () => {
    const runFolder = join(newFolder(), 'run');
    const melt = {
      name: 'melt',
      command: 'echo {{t}} {{n}} {{fast}}',
      parameters: { t: 1, n: 1, fast: 'no' },
    };
    const file = { jobs: [melt, { name: 'other', command: 'true' }], rules: [] };
    await using ensemble = Ensemble.fromObject(file, { watch: true, runFolder });
    const run = ensemble.run();
    await eventually(async () => ensemble.running, 'the run has begun');
    const act = async (asked: Omit<ExternalAction, 'name'>) =>
      (await ensemble.act({ name: 'submit', ...asked }, 'test')).text;
    const parameters = { t: '1.10', n: '9007199254740993', fast: 'true' };
    expect(await act({ label: 'melt', parameters })).toBe('submitted 1 job of melt');
    expect(await act({ label: 'melt', parameters: { t: 2.5 } })).toBe('submitted 1 job of melt');
    for (const [label, wrong] of [
      ['melt', { time: 1 }],
      ['other', { t: 1 }],
      ['melt', { t: '{{event.id}}' }],
    ] as const) {
      await expect(act({ label, parameters: wrong })).rejects.toMatchObject({ code: 'ERR_ACTION' });
    }
    await expect(ensemble.act({ name: 'grow', parameters: { t: 1 } }, 'test')).rejects.toThrow(
      'parameters are only for submit',
    );
    await ensemble.act({ name: 'terminate' }, 'test');
    await run;
    const rows = [];
    for await (const row of (await openRun(runFolder)).jobs()) rows.push(row.parameters);
    expect(rows).toEqual([
      { t: 1.1, n: '9007199254740993', fast: true },
      { t: 2.5, n: 1, fast: 'no' },
    ]);
  });

  test('is refused when a file with the same action would be', async () => {
    const { ensemble, act } = await running();
    await expect(act({ name: 'submit', label: 'frist' })).rejects.toMatchObject({
      code: 'ERR_ACTION',
      message: expect.stringContaining("did you mean 'first'?"),
    });
    await expect(act({ name: 'submit' })).rejects.toMatchObject({ code: 'ERR_ACTION' });
    await expect(act({ name: 'grow', value: -3 })).rejects.toMatchObject({ code: 'ERR_ACTION' });
    await expect(act({ name: 'urgency', label: 'first', value: 99 })).rejects.toMatchObject({
      code: 'ERR_ACTION',
    });
    // Requests never run user code, whatever they contain.
    const exec = { name: 'exec', command: 'touch /tmp/never' } as unknown as ExternalAction;
    await expect(act(exec)).rejects.toMatchObject({ code: 'ERR_ACTION' });
    await ensemble.close();
    await expect(act({ name: 'grow' })).rejects.toMatchObject({ code: 'ERR_ACTION' });
  });

  test('a pause holds the actions of rules, loses none, and keeps the run', async () => {
    const { ensemble, act, paused, succeeded } = await running();
    await act({ name: 'pause' });
    expect(ensemble.paused).toBe(true);
    await act({ name: 'submit', label: 'first' });
    await act({ name: 'submit', label: 'first' });
    await eventually(async () => (await succeeded('first')) === 2, 'jobs that were asked for run');
    // All earlier actions of rules happen before this answer.
    expect(await act({ name: 'cancel', label: 'second' })).toBe('canceled 0 jobs of second');
    expect((await ensemble.metrics()).groups.get('second')?.count.submitted).toBe(0);
    await act({ name: 'resume' });
    await eventually(async () => (await succeeded('second')) === 2, 'what waited is done');
    expect(paused).toEqual([
      [true, 'test'],
      [false, 'test'],
    ]);
    await ensemble.close();
  });

  test('a run that ends while it is paused reports the actions that were not performed', async () => {
    const { ensemble, act, run, succeeded } = await running();
    await act({ name: 'pause' });
    for (const _ of [1, 2]) await act({ name: 'submit', label: 'first' });
    await eventually(async () => (await succeeded('first')) === 2, 'the rule has fired twice');
    await act({ name: 'terminate' });
    const { by, rules } = await run;
    expect(by).toEqual({ kind: 'request', askedBy: 'test' });
    expect(rules).toMatchObject([
      { firings: 2, heldBack: { end: 2 }, why: 'fired twice; the run ended before 2 actions began' },
    ]);
    await ensemble.close();
  });

  test('a paused run does not end by itself, and can be ended', async () => {
    const ensemble = Ensemble.fromObject({
      jobs: [{ name: 'a', command: 'sleep 0.3' }],
      rules: [{ trigger: 'start', action: { name: 'submit', label: 'a' } }],
    });
    let over = false;
    const run = ensemble.run().then((result) => {
      over = true;
      return result;
    });
    await eventually(
      () =>
        ensemble.act({ name: 'pause' }, 'test').then(
          () => true,
          () => false,
        ),
      'paused',
    );
    await eventually(async () => (await ensemble.metrics()).groups.get('a')?.count.success === 1, 'the job');
    await ensemble.act({ name: 'grow' }, 'test');
    expect(over).toBe(false);
    await ensemble.act({ name: 'resume' }, 'test');
    expect(await run).toMatchObject({ end: 'idle' });
    await ensemble.close();
  });
});
