/** Each check of the suite fails for members with small faults, and says which. */

import { afterAll, describe, expect, test, vi } from 'vitest';
import type { JobTemplate } from '../../../src/model/ensemble.js';
import { type MemberCheckOptions, memberChecks } from '../../../src/testing/index.js';
import {
  CANCEL,
  DONE,
  EXPLAIN,
  type Fault,
  GRACE,
  HOLD,
  INTERRUPTED,
  LIMIT,
  MANY,
  never,
  PROGRAM,
  RECONCILE,
  RESIZE,
  SENTINEL,
  SHORT,
  SLOW,
  STATUS,
  SUBMIT,
  TOO_LARGE,
  UNKNOWN,
  URGENCY,
} from './fault-words.js';
import { changing, having, losing, newToyMember, replacing, SharedQueue, stopAll } from './member-faults.js';
import { recordFaults } from './record-faults.js';

afterAll(stopAll);

// Most checks with faults wait.
vi.setConfig({ maxConcurrency: 20 });

/** Changes the template of submissions. */
const submitting = (change: (template: JobTemplate) => Partial<JobTemplate>) =>
  having((toy) => ({
    submit: (template, ...others) => toy.submit({ ...template, ...change(template) }, ...others),
  }));

const ofMethods: readonly Fault[] = [
  [SENTINEL, 'start() that hangs', having(() => ({ start: never })), 'expected start() to resolve', SHORT],
  [
    SUBMIT,
    'records that come after submit()',
    changing(
      () => (text, deliver) =>
        text.includes('"submit"') ? void setTimeout(() => void deliver(text), 5) : deliver(text),
    ),
    'expected submit events of',
  ],
  [
    SUBMIT,
    'fewer accepted jobs',
    having((toy) => ({
      submit: async (...given) => (await toy.submit(...given)) - 1,
    })),
    'expected submit() to accept 1 job, but it resolved with 0',
  ],
  [PROGRAM, 'another working directory', submitting(() => ({ workdir: '/' })), 'expected out.txt'],
  [PROGRAM, 'lost variables', submitting(() => ({ environment: {} })), 'expected out.txt'],
  [
    PROGRAM,
    'words that are split',
    submitting(({ command }) => ({
      command: command.flatMap((word) => (word === 'two  words' ? word.split(' ') : [word])),
    })),
    'expected out.txt',
  ],
  [PROGRAM, 'one file for both streams', submitting(() => ({ error: null })), 'expected out.txt'],
  [
    STATUS,
    'an exit status that is not shifted',
    replacing('"status":768', '"status":3'),
    'expected status 768',
  ],
  [
    STATUS,
    'a signal without its number',
    replacing('"status":9}', '"status":0}'),
    'expected status 9 or 35072',
  ],
  [
    STATUS,
    'success of a missing program',
    replacing(/"status":32512|"severity":0/g, '"status":0,"severity":1'),
    /expected a job without its program to fail/,
  ],
  [
    LIMIT,
    'time limits that are ignored',
    submitting(() => ({ duration: 0 })),
    'expected clean events of 1 job',
    SHORT,
  ],
  [LIMIT, 'another exception', replacing('"timeout"', '"cancel"'), 'expected an exception of type timeout'],
  [
    CANCEL,
    'cancel() that does nothing',
    having(() => ({ cancel: async (ids) => [...ids].length })),
    'expected clean events of 2 jobs',
    SHORT,
  ],
  [
    CANCEL,
    'cancel() without its number',
    having((toy) => ({
      cancel: async (...given) => (await toy.cancel(...given)) * 0,
    })),
    'expected cancel() of 2 ids to raise 2 exceptions, but it resolved with 0',
  ],
  [
    CANCEL,
    'another exception',
    replacing('"type":"cancel"', '"type":"exec"'),
    'expected an exception of type cancel',
  ],
  [
    CANCEL,
    'a cancel of other jobs',
    having((toy) => ({
      cancel: async (ids, note) => {
        const list = [...ids];
        await toy.cancel([(list[0] ?? 0n) - 1n], note);
        return toy.cancel(list, note);
      },
    })),
    'expected other jobs to go on',
  ],
  [
    UNKNOWN,
    'cancel() that counts unknown jobs',
    having((toy) => ({
      cancel: async (ids, note) => {
        const list = [...ids];
        await toy.cancel(list, note);
        return list.length;
      },
    })),
    'expected cancel() of 3 ids to raise 1 exception, but it resolved with 3',
  ],
  [
    EXPLAIN,
    'facts about unknown jobs',
    having(() => ({
      explain: async () => ({ parameters: null, line: 'x', output: null, error: null }),
    })),
    'expected null from explain()',
  ],
  [
    URGENCY,
    'urgencies that are ignored',
    having(() => ({ setUrgency: async (ids) => [...ids].length })),
    /they started in the order c, a, b, d/,
  ],
  [
    URGENCY,
    'the number of given ids',
    having((toy) => ({
      setUrgency: async (ids, urgency) => ((await toy.setUrgency?.(ids, urgency)) ?? 0) + 1,
    })),
    'expected setUrgency() to change 1 of 1 jobs, but it resolved with 2',
  ],
  [
    HOLD,
    'held jobs that start',
    submitting(({ urgency }) => ({ urgency: urgency || 16 })),
    'expected a held job not to start',
  ],
  [
    HOLD,
    'held jobs that stay',
    having((toy) => ({
      setUrgency: async (ids, urgency) => (urgency === 0 ? (toy.setUrgency?.(ids, 0) ?? 0) : 2),
    })),
    'expected clean events of 2 jobs',
    SHORT,
  ],
  [
    RESIZE,
    'resize() that does nothing',
    having(() => ({
      resize: async (delta) => ({ before: 2, after: 2 + delta }),
      size: 2,
    })),
    'expected the size 3 after resize(), but size is 2',
  ],
  [
    RESIZE,
    'another size',
    having((toy) => ({
      resize: async (delta) => toy.resize?.(2 * delta) ?? { before: 2, after: 2 },
    })),
    'expected resize(1) to change the size by 1, but it went from 2 to 4',
  ],
  [
    TOO_LARGE,
    'large jobs that start',
    having(() => ({ setGrowable() {} })),
    'expected a job that is too large to wait',
  ],
  [MANY, 'one lost job of many', losing(/"clean"/, 1), 'expected clean events of 20 jobs', SHORT],
  [
    MANY,
    'one failure of many',
    changing(() => {
      let failed = false;
      return (text, deliver) => {
        const changed = failed ? text : text.replace('"status":0', '"status":256');
        failed ||= changed !== text;
        return deliver(changed);
      };
    }),
    'expected status 0 of 20 jobs',
  ],
  [
    SLOW,
    'jobs that do not wait for the log',
    changing(() => (text, deliver) => void deliver(text)),
    'it was started before records() resolved',
  ],
];

const ofStop: readonly Fault[] = [
  [
    INTERRUPTED,
    'stop() that leaves the jobs',
    having((toy) => ({
      stop: async (grace) => void (grace === 0 && (await toy.stop(0, 'done'))),
    })),
    /expected clean events of all jobs before stop|a record after stop/,
  ],
  [
    INTERRUPTED,
    'a second stop() that hangs',
    having((toy) => {
      let calls = 0;
      return { stop: (grace, end) => (++calls === 2 ? never() : toy.stop(grace, end)) };
    }),
    "expected stop(3000, 'interrupted') to resolve",
    SHORT,
  ],
  [
    INTERRUPTED,
    'submit() after stop()',
    having((toy) => ({
      submit: (...given) => toy.submit(...given).catch(() => 0),
    })),
    'expected submit() after stop() to reject',
  ],
  [
    INTERRUPTED,
    'another error after stop()',
    having((toy) => ({
      submit: (...given) => toy.submit(...given).catch(() => Promise.reject(new TypeError('stopped'))),
    })),
    'expected a MemberError of submit() after stop()',
  ],
  [
    INTERRUPTED,
    'processes that outlive their job',
    submitting(({ command }) => ({
      command: ['setsid', '-w', 'timeout', '-s', 'KILL', '20', ...command],
    })),
    'expected the end of the processes',
    SHORT,
  ],
  [
    INTERRUPTED,
    'records after stop()',
    having((toy) => {
      let late = () => {};
      return {
        start: (sink, host) => {
          late = () => void sink.records(Buffer.from('{"id":1,"events":[]}\n'));
          return toy.start(sink, host);
        },
        stop: (grace, end) => toy.stop(grace, end).then(() => void setImmediate(late)),
      };
    }),
    'a record after stop()',
  ],
  [
    DONE,
    'stop() that leaves the jobs',
    having((toy) => ({
      stop: async (grace) => void (grace === 0 && (await toy.stop(0, 'done'))),
    })),
    'expected clean events of all jobs before stop() resolves',
  ],
  [
    GRACE,
    'the first grace that stays',
    having((toy) => {
      let first: Promise<void> | null = null;
      let calls = 0;
      return {
        stop: (grace, end) => {
          if (++calls > 2) return toy.stop(0, end);
          first ??= toy.stop(grace, end);
          return first;
        },
      };
    }),
    "expected stop(0, 'interrupted') to resolve",
    SHORT,
  ],
];

const queue = (...given: ConstructorParameters<typeof SharedQueue>) => new SharedQueue(...given).make;

const ofResume: readonly Fault[] = [
  [
    RECONCILE,
    'jobs that end with the run',
    having(() => ({
      reconcile: async () => ({ lost: false, doubts: [] }),
    })),
    "expected stop(0, 'done') to leave the jobs",
  ],
  [
    RECONCILE,
    'facts that are not JSON',
    queue(undefined, { facts: { queue: undefined } }),
    'expected facts that are JSON',
  ],
  [RECONCILE, 'jobs that come twice', queue((text) => text + text), 'submit comes after'],
  [
    RECONCILE,
    'jobs of unknown origin',
    queue((text) => text.replaceAll(/"id":\d/g, '"id":9')),
    'expected the jobs of the earlier process only',
  ],
  [
    RECONCILE,
    'jobs that are lost',
    queue(undefined, { reconcile: async () => ({ lost: true, doubts: [] }) }),
    'expected lost to be false',
  ],
  [
    RECONCILE,
    'reconcile() that hangs',
    queue(undefined, { reconcile: never }),
    'expected reconcile() to resolve',
    SHORT,
  ],
];

const FAULTS = [...recordFaults, ...ofMethods, ...ofStop, ...ofResume];

describe.concurrent('a check fails for', () => {
  test.for(FAULTS)('%s: %s', async ([name, , make, message, patience = 60]) => {
    const [check] = checksOf({ make, patience }).filter((each) => each.name === name);
    await expect(check?.run()).rejects.toThrow(message);
  });
});

const checksOf = (options: Pick<MemberCheckOptions, 'make' | 'patience' | 'skip'>) =>
  memberChecks({ ...options, slots: 2, many: { jobs: 20 } });

test('every check has a fault', () => {
  const tried = new Set(FAULTS.map(([name]) => name));
  const names = checksOf({ make: () => newToyMember(2) }).map(({ name }) => name);
  expect([...tried].sort()).toEqual(names.sort());
});

describe('a member whose jobs outlive the run', () => {
  test.each([
    ['shows its jobs from their beginning', (text: string) => text],
    ['shows its jobs from where the log ends', () => ''],
  ])('passes when it %s', async (_, change) => {
    const [check] = checksOf({ make: queue(change) }).filter(({ name }) => name === RECONCILE);
    expect(await check?.run()).toBeNull();
  });
});

test('checks are skipped with their reasons', async () => {
  const skip = { [LIMIT]: 'limits are not for toys' };
  const checks = checksOf({ make: () => newToyMember(2), skip });
  const reasons: string[] = [];
  const context = { skip: (reason: string) => void reasons.push(reason) };
  for (const check of checks.filter(({ name }) => [LIMIT, EXPLAIN, SENTINEL].includes(name)))
    reasons.push(`${check.name}: ${await check.run(context)}`);
  expect(reasons).toEqual([
    `${SENTINEL}: null`,
    'limits are not for toys',
    `${LIMIT}: limits are not for toys`,
    'the toy member has no explain()',
    `${EXPLAIN}: the toy member has no explain()`,
  ]);
});

test('an unknown check in `skip` is an error', () => {
  const options = { make: () => newToyMember(2), skip: { speed: 'it is slow' } };
  expect(() => checksOf(options)).toThrow(
    "unknown check 'speed' in `skip`; the checks are 'the records begin",
  );
});
