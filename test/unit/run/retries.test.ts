import { describe, expect, test } from 'vitest';
import { MemberError } from '../../../src/errors.js';
import type { Retry } from '../../../src/model/retry.js';
import { Retries } from '../../../src/run/retries.js';
import { TaskQueue } from '../../../src/run/task-queue.js';
import { ContextOfTest } from '../../support/action-context.js';

const file = {
  jobs: [{ name: 'a', command: 'true', retry: { times: 2 } }],
  rules: [{ trigger: 'start', action: { name: 'submit', label: 'a' } }],
};
const retry: Retry = {
  number: 0,
  timestamp: 5,
  job: 7n,
  group: 'a',
  entry: 0,
  attempt: 1,
  lost: false,
  parameters: null,
  submitting: false,
  rule: 0,
  firing: 3,
  part: 0,
  index: 4,
  values: null,
  texts: {},
};

function retrying(config: object = file) {
  const use = new ContextOfTest(config);
  const queue = new TaskQueue(() => {});
  return {
    use,
    log: use.log,
    problems: use.problems,
    queue,
    retries: new Retries(use.context, queue, use.urgencies),
  };
}

test('a job is submitted again with the firing of its first submission', async () => {
  const { use, retries, queue, log } = retrying();
  retries.push(retry);
  expect(queue.idle).toBe(false);
  await queue.settled();
  expect(log).toEqual(['retry (name:a),(command:true),(count:1),(nodes:1)', 'submit 1 a']);
  expect(use.submissions[0]?.origin).toEqual({ rule: 0, firing: 3, part: 0, index: 4, attempt: 1 });
  expect(queue.idle).toBe(true);
});

test('a job waits for the actions before it, and for the end of a pause', async () => {
  const { retries, queue, log } = retrying();
  queue.pause();
  queue.add(() => void log.push('action'));
  retries.push(retry);
  queue.resume();
  await queue.settled();
  expect(log.map((line) => line.split(' ')[0])).toEqual(['action', 'retry', 'submit']);
});

describe('a group whose retry has parameters', () => {
  const parameters = { memory: 'min(memory * 2, 24)', queue: "'long'", nodes: 'attempt + 1' };
  const swept = {
    jobs: [
      {
        name: 'a',
        command: 'run {{memory}} {{queue}} {{part}}',
        parameters: { memory: 8, queue: 'short', nodes: 1, part: [1.5, 2] },
        nodes: '{{nodes}}',
        retry: { times: 3, parameters },
      },
    ],
    rules: [{ trigger: 'start', action: { name: 'submit', label: 'a' } }],
  };
  const failed = {
    ...{ ...retry, attempt: 2, parameters: { memory: 16, queue: 'short', nodes: 2, part: 1.5 } },
    texts: { memory: '16.0', part: '1.50' },
  };

  test('submits the job with them, from those of the job that failed', async () => {
    const { use, retries, queue } = retrying(swept);
    retries.push(failed);
    await queue.settled();
    const job = use.submissions[0]?.template;
    expect(job?.command).toEqual(['run', '24', 'long', '1.50']);
    expect(job?.nodes).toBe(3);
  });

  test('submits a job that was lost, and not tried, as it was', async () => {
    const { use, retries, queue } = retrying(swept);
    retries.push({ ...failed, lost: true });
    await queue.settled();
    expect(use.submissions[0]?.template.command).toEqual(['run', '16.0', 'short', '1.50']);
  });

  test('reports a value that an expression has no use for', async () => {
    const { retries, queue, problems } = retrying(swept);
    retries.push({ ...failed, parameters: { ...failed.parameters, memory: '16G' } });
    await queue.settled();
    expect(problems[0]?.message).toContain("the parameter 'memory' is '16G', and not a number");
  });
});

describe('a problem is reported', () => {
  test('when the member refuses the job', async () => {
    const { use, retries, queue, problems } = retrying();
    use.beforeSubmit = () => {
      throw new MemberError('the queue is full');
    };
    retries.push(retry);
    await queue.settled();
    expect(problems).toMatchObject([
      {
        code: 'ERR_ACTION',
        rule: 0,
        message: expect.stringMatching(/^job \S+ of group 'a' was not submitted again: the queue is full$/),
      },
    ]);
  });

  test('when the source that submits by itself refuses it', async () => {
    const { use, retries, queue, log, problems } = retrying();
    const refused = { number: 0, ofRetry: true, accepted: 0, refused: 1, dropped: 0 };
    use.reports.set(0, Promise.resolve({ ...refused, reason: 'no such queue' }));
    retries.push({ ...retry, submitting: true });
    await queue.settled();
    expect(log[0]).toMatch(/^retry/);
    expect(use.submissions).toEqual([]);
    expect(problems[0]?.message).toContain('no such queue');
  });

  test('when the job has no entry in the group', async () => {
    const { retries, queue, problems } = retrying();
    retries.push({ ...retry, entry: 9 });
    await queue.settled();
    expect(problems[0]?.message).toContain('the group has no entry 9');
  });
});

test('nothing is submitted after the end of the run', async () => {
  const { retries, queue, log, problems } = retrying();
  queue.pause();
  retries.push(retry);
  queue.stop();
  retries.push({ ...retry, number: 1 });
  await queue.settled();
  expect([log, problems]).toEqual([[], []]);
});
