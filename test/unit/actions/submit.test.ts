import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ActionRequest } from '../../../src/actions/request.js';
import { workOf } from '../../../src/actions/submit/done-jobs.js';
import { asSubmitted } from '../../../src/actions/submit/fill-in.js';
import { portionsOf } from '../../../src/actions/submit/portions.js';
import { submit } from '../../../src/actions/submit/submit.js';
import type { KnownJobs } from '../../../src/engine/addon.js';
import type { ActionOf, ActionReport } from '../../../src/model/action.js';
import type { JobEntry } from '../../../src/model/ensemble.js';
import { eventOf, type Firing } from '../../../src/model/firing.js';
import { ContextOfTest } from '../../support/action-context.js';
import { newFolder } from '../../support/cli.js';

type Submit = ActionOf<'submit'>;

/** An ensemble whose rules all submit. */
function submitting(
  jobs: readonly unknown[],
  actions: readonly object[],
  trigger: object = { trigger: 'start' },
) {
  const rules = actions.map((action) => ({ ...trigger, action: { name: 'submit', ...action } }));
  const use = new ContextOfTest({ jobs, rules });
  let progress: ActionRequest['progress'] | null = null;
  const reports: ActionReport[] = [];
  /** Performs the action of a rule and returns the command and the count of each submission. */
  const perform = async (
    index: number,
    firing: Partial<Firing> = {},
    submission: ActionRequest['submission'] = null,
  ) => {
    const fired = use.firing(index, firing);
    const before = use.submissions.length;
    const request: ActionRequest<Submit> = {
      action: use.rule(index).action as Submit,
      origin: { kind: 'rule', rule: use.rule(index), firing: fired, code: null },
      number: fired.number,
      event: eventOf(fired),
      by: null,
      state: null,
      metrics: null,
      submission,
      held: () => {},
      report: (report) => reports.push(report),
      progress: progress ?? use.progress.open({ number: fired.number, fromOutside: false }).at(''),
    };
    progress = null;
    if (submit.runsUserCode) throw new Error('submit runs code of the user');
    await submit.perform(use.context, request);
    return use.submissions
      .slice(before)
      .map(({ template, count }) => `${count} ${template.command.join(' ')}`);
  };
  /** The next action was begun before the run was resumed; these are its jobs. */
  const resume = (...jobs: readonly KnownJobs[]) => {
    use.runLog.jobs.set(0, jobs);
    progress = use.progress.reopen({ number: 0, fromOutside: false }, []).at('');
  };
  return { use, perform, reports, resume };
}

describe('a group of several entries', () => {
  const jobs = [
    { name: 'g', command: 'x', count: 3 },
    { name: 'g', command: 'y', count: 1 },
  ];

  test.each([
    [undefined, ['3 x', '1 y']],
    [2, ['2 x']],
    [4, ['3 x', '1 y']],
    [6, ['5 x', '1 y']],
    [9, ['7 x', '2 y']],
  ])('is submitted whole, or by %s jobs from the first entry on', async (value, expected) => {
    const { perform, reports } = submitting(jobs, [
      { label: 'g', ...(value === undefined ? {} : { value }) },
    ]);
    expect(await perform(0)).toEqual(expected);
    expect(reports).toMatchObject([{ kind: 'submit', group: 'g', jobs: value ?? 4 }]);
  });

  test('begins with its first entry at each submission', async () => {
    const { perform } = submitting(jobs, [{ label: 'g', value: 3 }]);
    expect([await perform(0), await perform(0)]).toEqual([['3 x'], ['3 x']]);
  });

  test('without jobs has nothing to submit', () => {
    const { use } = submitting([{ name: 'g', command: 'x', count: 0 }], [{ label: 'g' }]);
    const group = use.config.groups.get('g');
    expect(group && portionsOf(group, 5)).toEqual([]);
  });

  test('is numbered through, for the origin of its jobs', async () => {
    const { use, perform } = submitting(jobs, [{ label: 'g' }]);
    await perform(0, { number: 4 });
    expect(use.submissions.map(({ origin }) => origin)).toEqual([
      { rule: 0, firing: 4, part: 0, index: 0, attempt: 0 },
      { rule: 0, firing: 4, part: 0, index: 3, attempt: 0 },
    ]);
  });
});

describe('a group with parameters', () => {
  const sweep = { name: 's', command: 'run {{x}}', parameters: { x: [1, 2, 3] } };

  test('is submitted row by row; `value` continues where the last submission ended', async () => {
    const { perform } = submitting([sweep], [{ label: 's' }, { label: 's', value: 2 }]);
    expect(await perform(0)).toEqual(['1 run 1', '1 run 2', '1 run 3']);
    expect(await perform(1)).toEqual(['1 run 1', '1 run 2']);
    expect(await perform(1)).toEqual(['1 run 3', '1 run 1']);
  });

  test('draws again in the next round, and draws the same in each run', async () => {
    const drawn = {
      name: 's',
      command: 'run {{x}}',
      parameters: { x: { integer: [1, 1_000_000] } },
      samples: 2,
    };
    const rounds = async () => {
      const { perform } = submitting([drawn], [{ label: 's', value: 2 }]);
      return [await perform(0), await perform(0)];
    };
    const [first, second] = await rounds();
    expect(new Set([...(first ?? []), ...(second ?? [])]).size).toBe(4);
    expect(await rounds()).toEqual([first, second]);
  });

  test('takes values that the action passes; equal rows are submitted once', async () => {
    const two = { ...sweep, command: 'run {{x}} {{y}}', parameters: { x: [1, 2], y: [5, 6] } };
    const { perform } = submitting([two], [{ label: 's', parameters: { y: 7 } }]);
    expect(await perform(0)).toEqual(['1 run 1 7', '1 run 2 7']);
  });

  test('fills in the number of each job', async () => {
    const numbered = { name: 's', command: 'run {{index}}', count: 3 };
    const { perform } = submitting([numbered], [{ label: 's' }]);
    expect(await perform(0)).toEqual(['1 run 0', '1 run 1', '1 run 2']);
  });
});

describe('rows that are made when they are submitted', () => {
  /** A group whose rows are in a file. */
  function ofFile(rows: readonly string[], ...actions: readonly object[]) {
    const file = join(newFolder(), 'rows.csv');
    writeFileSync(file, `x\n${rows.map((row) => `${row}\n`).join('')}`);
    const job = { name: 's', command: 'run {{x}}', parameters: { file } };
    return { file, ...submitting([job], actions.length > 0 ? actions : [{ label: 's' }]) };
  }

  test('are those of a file, and carry their parameters', async () => {
    const { perform, use, reports } = ofFile(['1.10', '2', '3']);
    expect(await perform(0)).toEqual(['1 run 1.10', '1 run 2', '1 run 3']);
    expect(reports).toMatchObject([{ kind: 'submit', group: 's', jobs: null }]);
    expect(use.submissions[1]).toMatchObject({
      template: { entry: 0, parameters: { x: 2 } },
      origin: { index: 1 },
    });
    expect(use.runLog.notes[0]?.[0]).toContain('rows.csv');
  });

  test('are those of a long range, and are retried with their own values', async () => {
    const sweep = { name: 's', command: 'run {{x}}', parameters: { x: { from: 1, to: 5000, step: 1 } } };
    const { perform, use, reports } = submitting([sweep], [{ label: 's' }]);
    const group = use.config.groups.get('s');
    expect([group?.entries.length, group?.count]).toEqual([1, 5000]);
    const lines = await perform(0);
    expect([lines.length, lines[4999]]).toEqual([5000, '1 run 5000']);
    expect(reports).toMatchObject([{ jobs: 5000, text: expect.stringContaining('(rows:5000)') }]);
    const origin = { index: 7, values: null, texts: {} };
    const again = asSubmitted(group?.entries[0] as JobEntry, { x: 8 }, origin);
    expect(again.command).toEqual(['run', '8']);
  });

  test('are taken in turn by `value`, and begin again after the last one', async () => {
    const { perform } = ofFile(['1', '2', '3'], { label: 's', value: 2 });
    expect(await perform(0)).toEqual(['1 run 1', '1 run 2']);
    expect(await perform(0)).toEqual(['1 run 3', '1 run 1']);
    const empty = ofFile([], { label: 's', value: 2 });
    expect(await empty.perform(0)).toEqual([]);
  });

  test('take values that the action passes', async () => {
    const { perform } = ofFile(['1', '2', '1'], { label: 's', parameters: {} });
    expect(await perform(0)).toEqual(['1 run 1', '1 run 2']);
  });

  test('are skipped where they are done, and do not count for `value` then', async () => {
    const file = join(newFolder(), 'rows.csv');
    writeFileSync(file, 'x\n1.0\n2\n3\n4\n');
    const job = { name: 's', command: 'run {{x}}', parameters: { file }, skip: 'done' };
    const { use, perform } = submitting([job], [{ label: 's' }, { label: 's', value: 2 }]);
    const work = workOf(use.config.groups.get('s')?.entries[0] as JobEntry);
    for (const x of [1, 3]) use.doneJobs.add(work, { x });
    expect(await perform(0)).toEqual(['1 run 2', '1 run 4']);
    expect(use.log.at(-1)).toBe('skipped 2 s');
    // The numbers of jobs are those of their rows.
    expect(use.submissions.map(({ origin }) => (origin as { index: number }).index)).toEqual([1, 3]);
    expect(await perform(1)).toEqual(['1 run 2', '1 run 4']);
    for (let x = 0; x < 3000; x++) use.doneJobs.add(work, { x });
    expect(await perform(0)).toEqual([]);
    expect(await perform(1)).toEqual([]);
    const others = submitting([{ ...job, command: 'run {{x}} again' }], [{ label: 's' }]);
    for (let x = 0; x < 3000; x++) others.use.doneJobs.add(work, { x });
    expect(await others.perform(0)).toHaveLength(4);
  });

  test('go on after those that are known when a run is resumed', async () => {
    const { perform, resume } = ofFile(['a', 'b', 'c', 'd', 'e']);
    resume({ part: 0, begin: 0, end: 2 }, { part: 0, begin: 3, end: 4 });
    expect(await perform(0)).toEqual(['1 run c', '1 run e']);
  });

  test('are refused when their file has changed since they were first read', async () => {
    const { perform, file, use } = ofFile(['1', '2']);
    await perform(0);
    writeFileSync(file, 'x\n1\n2\n3\n');
    const message =
      /rows.csv has changed since the run began: it had 6 bytes and has 8; .* begin a new run with `skip: done`/;
    await expect(perform(0)).rejects.toThrow(message);
    expect(() => use.progress.files.check()).toThrow(message);
  });

  test('end at a mistake, which is reported with the place of its row', async () => {
    const { perform, use } = ofFile([...Array.from({ length: 1200 }, (_, i) => String(i)), 'abc', '7']);
    await expect(perform(0)).rejects.toThrow(
      /rule 'start' \(rules\[0\]\): jobs of group 's' were submitted up to a mistake in their file: .*line 1202, column 1 \(x\): 'abc'/,
    );
    expect(use.submissions).toHaveLength(1200);
  });

  test('end when their group is canceled, after those that are on their way', async () => {
    const { perform, use } = ofFile(Array.from({ length: 500 }, (_, i) => String(i)));
    let canceled: Promise<unknown> | null = null;
    use.beforeSubmit = () => {
      canceled ??= use.context.submissions.end('s').then(() => use.submissions.length);
    };
    const lines = await perform(0);
    expect(lines.length).toBeLessThan(100);
    expect(await canceled).toBe(lines.length);
  });

  test('end when a limit lets no more jobs leave', async () => {
    const { perform, use } = ofFile(Array.from({ length: 500 }, (_, i) => String(i)));
    const { submit: whole } = use.context;
    Object.assign(use.context, {
      submit: async (...args: Parameters<typeof whole>) => (use.submissions.length < 10 ? whole(...args) : 0),
    });
    expect((await perform(0)).length).toBeLessThan(100);
  });
});

describe('the job of an event', () => {
  const sweep = { name: 's', command: 'run {{x}} {{y}}', parameters: { x: [1, 2], y: 5 } };
  const onFail = { trigger: 'job-fail', name: 's' };
  const event = { event: 'finish', job: 9n, group: 's', entry: 1, parameters: { x: 2, y: 5 } };

  test('is submitted again with its own parameters and those that the action passes', async () => {
    const { perform } = submitting([sweep], [{ label: 's', parameters: { y: 8 } }], onFail);
    expect(await perform(0, event)).toEqual(['1 run 2 8']);
  });

  test('is not selected without `parameters`: the whole group is', async () => {
    const { perform } = submitting([sweep], [{ label: 's' }], onFail);
    expect(await perform(0, event)).toEqual(['1 run 1 5', '1 run 2 5']);
  });

  test('fails the action when its entry is unknown', async () => {
    const { perform } = submitting([sweep], [{ label: 's', parameters: {} }], onFail);
    await expect(perform(0, { ...event, entry: null })).rejects.toThrow(
      "its jobspec does not say which of the group's jobs the job is",
    );
  });
});

describe('jobs that the source submits by itself', () => {
  const jobs = [{ name: 'g', command: 'x', count: 3 }];
  const report = { number: 0, ofRetry: false, accepted: 3, refused: 0, dropped: 0, reason: '' };

  test('are reported, and not submitted a second time', async () => {
    const { perform, reports } = submitting(jobs, [{ label: 'g' }]);
    expect(await perform(0, {}, Promise.resolve(report))).toEqual([]);
    expect(reports).toMatchObject([{ kind: 'submit', jobs: 3 }]);
  });

  test('fail the action when the source refuses them', async () => {
    const { perform } = submitting(jobs, [{ label: 'g' }]);
    const refused = { ...report, accepted: 0, refused: 1, dropped: 2, reason: 'no such queue' };
    await expect(perform(0, {}, Promise.resolve(refused))).rejects.toMatchObject({
      code: 'ERR_ACTION',
      rule: 0,
      message:
        "rule 'start' (rules[0]): 1 of 3 jobs of group 'g' were refused: no such queue, 2 more were not tried",
    });
  });
});

test('a submission stops at its first failure', async () => {
  const jobs = [
    { name: 'g', command: 'x', count: 2 },
    { name: 'g', command: 'y', count: 2 },
  ];
  const { use, perform } = submitting(jobs, [{ label: 'g' }]);
  use.beforeSubmit = () => {
    throw new Error('full');
  };
  await expect(perform(0)).rejects.toThrow('full');
  expect(use.submissions).toEqual([]);
});

test('a submission stops at the end of the run', async () => {
  const jobs = [
    { name: 'g', command: 'x', count: 2 },
    { name: 'g', command: 'y', count: 2 },
  ];
  const { use, perform } = submitting(jobs, [{ label: 'g' }]);
  use.beforeSubmit = () => use.ending.abort();
  expect(await perform(0)).toEqual(['2 x']);
});
