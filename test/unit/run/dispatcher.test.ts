import { describe, expect, test } from 'vitest';
import type { EndedBy } from '../../../src/model/ended-by.js';
import { Dispatcher } from '../../../src/run/dispatcher.js';
import { externalFiring } from '../../../src/run/external-actions.js';
import { GroupWatch } from '../../../src/run/group-watch.js';
import type { FiringNote } from '../../../src/run/notes.js';
import { TaskQueue } from '../../../src/run/task-queue.js';
import { ContextOfTest } from '../../support/action-context.js';

const jobs = [
  { name: 'a', command: 'true', count: 2 },
  { name: 'b', command: 'true' },
];
const submit = (label: string, more = {}) => ({
  trigger: 'start',
  action: { name: 'submit', label, ...more },
});

function dispatching(rules: readonly unknown[], more = {}) {
  const use = new ContextOfTest({ jobs, rules, custom: 'export function next() {}', ...more });
  const ends: EndedBy[] = [];
  let idle = 0;
  const queue = new TaskQueue(() => idle++);
  const groups = new GroupWatch(use.context.engine, use.context.config);
  const dispatcher = new Dispatcher(use.context, queue, use.progress, groups, (error, by) => {
    use.log.push(`stop for ${error.code}`);
    ends.push(by);
    queue.stop();
  });
  const push = (index: number, more = {}) => dispatcher.push(use.firing(index, more), use.rule(index));
  const done = async () => {
    while (!queue.idle) await new Promise((resolve) => setImmediate(resolve));
  };
  return { use, queue, dispatcher, push, done, log: use.log, ends, idleCalls: () => idle };
}

/** A promise that the test resolves. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

describe('the order of actions', () => {
  test('is that of the firings, although an earlier action takes longer', async () => {
    const { use, push, done, log, idleCalls } = dispatching([submit('a'), submit('b')]);
    const { opened, open } = gate();
    use.beforeSubmit = (group) => (group === 'a' ? opened : undefined);
    push(0);
    push(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(log).toEqual(['firing start', 'report submit']);
    open();
    await done();
    expect(log).toEqual([
      'firing start',
      'report submit',
      'submit 2 a',
      'firing start',
      'report submit',
      'submit 1 b',
    ]);
    expect(idleCalls()).toBe(1);
  });

  test('does not wait for code of the user, whose answer comes after the actions that were taken in', async () => {
    const custom = { trigger: 'start', action: { name: 'custom', label: 'next' } };
    const { use, push, done, log } = dispatching([custom, submit('a')]);
    const { opened, open } = gate();
    use.functions.next = async () => {
      await opened;
      return { name: 'cancel', label: 'b' };
    };
    push(0);
    push(1);
    while (!log.includes('submit 2 a')) await new Promise((resolve) => setImmediate(resolve));
    open();
    await done();
    expect(log.slice(log.indexOf('submit 2 a'))).toEqual([
      'submit 2 a',
      "cancel 20 (canceled by rule 'start')",
      'report cancel',
    ]);
  });

  test('lets an external action pass while the queue is paused', async () => {
    const { queue, use, dispatcher, push, done, log } = dispatching([submit('a'), submit('b')]);
    queue.pause();
    push(0);
    const { action } = use.rule(1);
    const report = await dispatcher.act(action, 'ada', externalFiring(action, 'ada', 0, 0));
    expect(report).toMatchObject({ kind: 'submit', group: 'b', jobs: 1 });
    expect(log).toEqual(['firing asked by ada', 'report submit', 'submit 1 b']);
    queue.resume();
    await done();
    expect(log.slice(3)).toEqual(['firing start', 'report submit', 'submit 2 a']);
    expect(use.submissions.map(({ origin }) => origin)).toEqual([
      { rule: -1, firing: 0, part: 0, index: 0, attempt: 0 },
      { rule: 0, firing: 0, part: 0, index: 0, attempt: 0 },
    ]);
  });
});

describe('an action that fails', () => {
  const broken = (more = {}) => [submit('a', more), submit('b')];
  const fail = () => {
    throw new Error('the queue is closed');
  };

  test('is reported with its rule, and the next one is performed', async () => {
    const { use, push, done, log, ends } = dispatching(broken());
    use.beforeSubmit = (group) => (group === 'a' ? fail() : undefined);
    push(0);
    push(1);
    await done();
    expect(log).toContain("problem rule 'start' (rules[0]): submit failed: the queue is closed");
    expect(log.at(-1)).toBe('submit 1 b');
    expect(ends).toEqual([]);
  });

  test('ends the run with onError: stop, and later actions are counted as not performed', async () => {
    const { queue, use, dispatcher, push, done, log, ends } = dispatching(broken({ onError: 'stop' }));
    use.beforeSubmit = (group) => (group === 'a' ? fail() : undefined);
    push(0);
    push(1);
    push(1, { number: 1 });
    await done();
    expect(log.at(-1)).toBe('stop for ERR_ACTION');
    expect(ends).toEqual([{ kind: 'rule', rule: 0, name: 'start' }]);
    expect([...dispatcher.unperformed]).toEqual([[1, 2]]);
    push(1);
    expect(queue.idle).toBe(true);
  });

  test('rejects for the caller who requested it from outside', async () => {
    const { queue, use, dispatcher, log } = dispatching(broken());
    use.beforeSubmit = fail;
    const { action } = use.rule(0);
    await expect(dispatcher.act(action, 'ada', externalFiring(action, 'ada', 0, 0))).rejects.toThrow(
      'the queue is closed',
    );
    expect(log).toContain('problem asked by ada: submit failed: the queue is closed');
    expect(queue.idle).toBe(true);
  });
});

describe('answers of user code', () => {
  const custom = { trigger: 'start', action: { name: 'custom', label: 'next' } };
  const states = { states: ['one', 'two'] };

  test('go to a state before their action, which the action of a rule itself does not', async () => {
    const rules = [custom, submit('b', { goto: 'two' })];
    const { use, push, done, log } = dispatching(rules, states);
    use.functions.next = () => ({ name: 'submit', label: 'a', goto: 'two' });
    push(0);
    await done();
    expect(log).toEqual([
      'firing start',
      'report custom',
      'report goto',
      'state two',
      'report submit',
      'submit 2 a',
    ]);
    log.length = 0;
    push(1);
    await done();
    expect(log).toEqual(['firing start', 'report submit', 'submit 1 b']);
  });

  test('end the run in the name of the code', async () => {
    const { use, push, done, log } = dispatching([custom]);
    use.functions.next = () => [{ name: 'terminate' }];
    push(0);
    await done();
    expect(log.at(-1)).toBe('terminate by code');
  });

  test('may add a rule', async () => {
    const { use, push, done, log } = dispatching([custom]);
    use.functions.next = () => ({ name: 'more', ...submit('a') });
    push(0);
    await done();
    expect(log.at(-1)).toBe('rule more');
  });

  test('that return each other without end are refused', async () => {
    const { use, push, done, log } = dispatching([custom]);
    let calls = 0;
    use.functions.next = () => {
      calls++;
      return custom.action;
    };
    push(0);
    await done();
    expect(calls).toBe(16);
    expect(log.at(-1)).toMatch(/^problem .*custom function 'next'; is it a loop\?$/);
  });
});

describe('the end of a run', () => {
  test('lets an action that has begun end, and drops the rest without a report', async () => {
    const cancel = { trigger: 'start', action: { name: 'cancel', label: 'b' } };
    const { queue, use, dispatcher, push, done, log } = dispatching([submit('a'), cancel]);
    const { opened, open } = gate();
    use.beforeSubmit = () => opened;
    push(0);
    push(1);
    await new Promise((resolve) => setImmediate(resolve));
    queue.stop();
    open();
    await queue.settled();
    await done();
    expect(log).toEqual(['firing start', 'report submit', 'submit 2 a']);
    expect([...dispatcher.unperformed]).toEqual([[1, 1]]);
  });

  test('counts no firing whose jobs the engine has submitted by itself', async () => {
    const { queue, use, dispatcher, push, done } = dispatching([submit('a')]);
    use.reports.set(7, new Promise(() => {}));
    queue.pause();
    push(0, { number: 7, submitting: true });
    queue.stop();
    await done();
    expect([...dispatcher.unperformed]).toEqual([]);
  });

  test('resumes a paused queue, so that it settles', async () => {
    const { queue, push, log } = dispatching([submit('a')]);
    queue.pause();
    push(0);
    queue.stop();
    await queue.settled();
    expect(log).toEqual([]);
  });
});

describe('a firing that was not done before the run was resumed', () => {
  const custom = { trigger: 'start', action: { name: 'custom', label: 'next' } };
  const again = (rules: readonly unknown[], notes: readonly FiringNote[], more = {}) => {
    const it = dispatching(rules, more);
    const progress = it.use.progress.reopen({ number: 0, fromOutside: false }, notes);
    const resume = () => it.dispatcher.push(it.use.firing(0), it.use.rule(0), progress);
    return { ...it, progress, resume };
  };
  const submits = ({ use }: ReturnType<typeof dispatching>) =>
    use.submissions.map(({ template, count, origin }) => ({ group: template.group, count, ...origin }));

  test('submits only jobs that are not known, with their indexes', async () => {
    const more = { jobs: [{ name: 'a', command: 'true', count: 9 }] };
    const it = again([submit('a')], [], more);
    it.use.runLog.jobs.set(0, [
      { part: 0, begin: 0, end: 2 },
      { part: 0, begin: 4, end: 5 },
      { part: 1, begin: 5, end: 9 },
      { part: 0, begin: 8, end: 9 },
    ]);
    it.resume();
    await it.done();
    expect(submits(it)).toMatchObject([
      { count: 2, index: 2, part: 0 },
      { count: 3, index: 5, part: 0 },
    ]);
    expect(it.log).toContain('report submit');
    expect(it.use.runLog.notes).toEqual([['done', 0]]);
  });

  test('reports nothing where all jobs are known', async () => {
    const it = again([submit('a')], []);
    it.use.runLog.jobs.set(0, [{ part: 0, begin: 0, end: 2 }]);
    it.resume();
    await it.done();
    expect(it.log).toEqual(['firing start']);
    expect(it.use.runLog.notes).toEqual([['done', 0]]);
  });

  test('uses the answer of code, and does what is left of it', async () => {
    const states = { states: ['one', 'two'] };
    const answer = [
      { name: 'submit', label: 'a' },
      { name: 'submit', label: 'b', goto: 'two' },
      { trigger: 'job-finish', action: { name: 'terminate' } },
      { trigger: 'job-start', action: { name: 'terminate' } },
      { name: 'submit', label: 'a' },
    ];
    const it = again(
      [custom],
      [
        { kind: 'begun', value: { path: '' } },
        { kind: 'answer', value: { path: '', answer } },
        { kind: 'part', value: { path: '0', part: 0 } },
        { kind: 'step', value: { path: '0' } },
        { kind: 'went', value: { path: '1' } },
        { kind: 'part', value: { path: '4', part: 1 } },
      ],
      states,
    );
    it.use.functions.next = () => {
      throw new Error('it was called');
    };
    it.progress.knowsRule('2');
    it.resume();
    await it.done();
    expect(it.use.problems).toEqual([]);
    expect(submits(it)).toMatchObject([
      { group: 'b', part: 2 },
      { group: 'a', part: 1 },
    ]);
    expect(it.log.filter((line) => /^(state|rule)/.test(line))).toEqual(['rule job-start']);
    expect(it.use.runLog.notes.at(-1)).toEqual(['done', 0]);
  });

  test('does not resize a member of unknown size again', async () => {
    const it = again(
      [{ trigger: 'start', action: { name: 'grow', value: 2 } }],
      [{ kind: 'size', value: { path: '', size: 2 } }],
    );
    const resized: number[] = [];
    it.use.context.member.resize = async (delta) => {
      resized.push(delta);
      return { before: null, after: null };
    };
    it.push(0, { number: 1 });
    it.resume();
    await it.done();
    expect(resized).toEqual([2]);
    expect(it.log.filter((line) => line === 'report grow')).toHaveLength(2);
  });
});
