import { describe, expect, test } from 'vitest';
import type { ActionRequest } from '../../../src/actions/request.js';
import { portionsOf } from '../../../src/actions/submit/portions.js';
import { submit } from '../../../src/actions/submit/submit.js';
import type { ActionOf, ActionReport } from '../../../src/model/action.js';
import { eventOf, type Firing } from '../../../src/model/firing.js';
import { ContextOfTest } from '../../support/action-context.js';

type Submit = ActionOf<'submit'>;

/** An ensemble whose rules all submit. */
function submitting(
  jobs: readonly unknown[],
  actions: readonly object[],
  trigger: object = { trigger: 'start' },
) {
  const rules = actions.map((action) => ({ ...trigger, action: { name: 'submit', ...action } }));
  const use = new ContextOfTest({ jobs, rules });
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
      state: null,
      metrics: null,
      submission,
      held: () => {},
      report: (report) => reports.push(report),
      progress: use.progress.open({ number: fired.number, fromOutside: false }).at(''),
    };
    if (submit.runsUserCode) throw new Error('submit runs code of the user');
    await submit.perform(use.context, request);
    return use.submissions
      .slice(before)
      .map(({ template, count }) => `${count} ${template.command.join(' ')}`);
  };
  return { use, perform, reports };
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
