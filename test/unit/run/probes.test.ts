import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { ActionContext } from '../../../src/actions/context.js';
import type { ProbedJob } from '../../../src/engine/firings.js';
import type { Measurer } from '../../../src/measure/measurer.js';
import type { GroupPluginProbe } from '../../../src/model/ensemble.js';
import type { Findings, Measurement } from '../../../src/model/measure.js';
import { Measurements } from '../../../src/run/measurements.js';
import { type ProbeOfGroup, Probes, probesOf } from '../../../src/run/probes.js';
import { TaskQueue } from '../../../src/run/task-queue.js';
import { ContextOfTest } from '../../support/action-context.js';

const file = {
  jobs: [{ name: 'a', command: 'true' }],
  rules: [{ trigger: 'start', action: { name: 'submit', label: 'a' } }],
};
const probe: GroupPluginProbe = {
  kind: 'plugin',
  probe: 'study.thermo',
  values: ['t', 'p', 'v'],
  timeout: 10,
  with: {},
};
const ofGroup: ProbeOfGroup = { probe, group: 'a', index: 1, first: 2 };

function jobOf(id: bigint): ProbedJob {
  const event = { name: 'finish', job: id, group: 'a', timestamp: 5 };
  const rest = { context: null, parameters: null, entry: 0, origin: null };
  return { event: { ...event, ...rest }, metrics: null };
}

/** Probes of a plugin that answers with `answer`. */
function probesWith(answer: (call: number) => unknown, parts: Partial<ActionContext> = {}) {
  let calls = 0;
  const functions = { call: async () => answer(calls++) };
  const plugins = { probes: (name: string) => (name === 'study' ? functions : null) };
  const use = new ContextOfTest(file, { plugins: plugins as unknown as ActionContext['plugins'], ...parts });
  const queue = new TaskQueue(() => {});
  const { log, problems, ending } = use;
  const measurements = new Measurements(use.context, {} as Measurer, null);
  const probes = new Probes(use.context, queue, measurements);
  return { log, problems, ending, queue, probes, calls: () => calls };
}

test('the numbers go to the engine in the order of the names of the probe', async () => {
  const { probes, queue, log } = probesWith(() => ({ v: 3, t: 1, p: 2 }));
  probes.push(jobOf(1n), ofGroup, 0);
  expect(queue.idle).toBe(false);
  await probes.settled();
  expect(log).toEqual(['probed 0 from 2: 1 2 3 at 5']);
  expect(queue.idle).toBe(true);
});

test('a single number needs no name, and a missing answer is not a number', async () => {
  const { probes, log, problems } = probesWith((call) => [7, null, undefined][call]);
  const one = { ...ofGroup, probe: { ...probe, values: ['t'] } };
  for (const id of [1n, 2n, 3n]) probes.push(jobOf(id), one, 0);
  await probes.settled();
  expect(log).toEqual(['probed 0 from 2: 7 at 5']);
  expect(problems).toEqual([]);
});

test('the numbers come in the order of the jobs, also when a later job is measured faster', async () => {
  const { probes, log } = probesWith(async (call) => {
    if (call === 0) await setImmediate();
    return { t: call, p: 0, v: 0 };
  });
  for (const id of [1n, 2n, 3n]) probes.push(jobOf(id), ofGroup, 0);
  await probes.settled();
  expect(log.map((line) => line.split(' ')[4])).toEqual(['0', '1', '2']);
});

describe('a problem is reported, and the next job is measured,', () => {
  test.each([
    [
      'for an answer without a number',
      { t: 1, p: 2 },
      "returned undefined for 'v'; it must be a finite number",
    ],
    ['for a number that is not finite', { t: 1, p: 2, v: Number.NaN }, "returned NaN for 'v'"],
    ['for an answer of another type', 'hot', 'returned string; it must be an object with t, p, v'],
  ])('%s', async (_, answer, message) => {
    const { probes, log, problems } = probesWith((call) => (call === 0 ? answer : { t: 1, p: 1, v: 1 }));
    probes.push(jobOf(1n), ofGroup, 0);
    probes.push(jobOf(2n), ofGroup, 0);
    await probes.settled();
    expect(problems).toMatchObject([{ code: 'ERR_CUSTOM', message: expect.stringContaining(message) }]);
    expect(problems[0]?.message).toMatch(/^probe study\.thermo of group 'a' for job \S+ returned/);
    expect(log.at(-1)).toBe('probed 0 from 2: 1 1 1 at 5');
  });

  test('for a function that throws', async () => {
    const { probes, problems } = probesWith(() => {
      throw new Error('no log');
    });
    probes.push(jobOf(1n), ofGroup, 0);
    await probes.settled();
    expect(problems).toMatchObject([
      { code: 'ERR_CUSTOM', message: expect.stringContaining('failed: no log') },
    ]);
  });

  test('for an unknown plugin', async () => {
    const { probes, problems } = probesWith(() => 1);
    probes.push(jobOf(1n), { ...ofGroup, probe: { ...probe, probe: 'other.thermo' } }, 0);
    await probes.settled();
    expect(problems[0]?.message).toContain("the plugin 'other' is unknown");
  });
});

test('a member with simulated jobs measures by itself, also only some of the numbers', async () => {
  const member = { measured: () => ({ t: 1, v: 3 }) } as unknown as ActionContext['member'];
  const { probes, log, calls } = probesWith(() => null, { member });
  probes.push(jobOf(1n), ofGroup, 0);
  await probes.settled();
  expect(log).toEqual(['probed 0 from 2: 1 at 5', 'probed 0 from 4: 3 at 5']);
  expect(calls()).toBe(0);
});

test('abort() ends the measuring, and later jobs are not measured', async () => {
  const { probes, queue, log, problems, calls } = probesWith(() => new Promise(() => {}));
  probes.push(jobOf(1n), ofGroup, 0);
  probes.push(jobOf(2n), ofGroup, 0);
  await setImmediate();
  probes.abort();
  await probes.settled();
  probes.push(jobOf(3n), ofGroup, 0);
  expect(queue.idle).toBe(true);
  expect([log, problems, calls()]).toEqual([[], [], 1]);
});

test('the end of the run alone does not end the measuring', async () => {
  const { probes, ending, queue, log } = probesWith(() => ({ t: 1, p: 2, v: 3 }));
  ending.abort();
  queue.stop();
  probes.push(jobOf(1n), ofGroup, 0);
  await probes.settled();
  expect(log).toEqual(['probed 0 from 2: 1 2 3 at 5']);
});

test('the numbers of a second probe of a group follow those of the first', () => {
  const groups = new Map([['a', { name: 'a', probes: [probe, { ...probe, values: ['e'] }, probe] }]]);
  const found = probesOf(groups as unknown as ActionContext['config']['groups']);
  expect(found.map(({ group, first }) => [group, first])).toEqual([
    ['a', 0],
    ['a', 3],
    ['a', 4],
  ]);
});

describe('measured values', () => {
  const measurement: Measurement = {
    ...{ kind: 'measure', entries: [], values: ['e', 't', 'p'], on: 'success', timeout: 10, wait: null },
  };
  const measured: ProbeOfGroup = { probe: measurement, group: 'a', index: 0, first: 0 };

  /** Measures jobs 1 to `jobs`; `answer` returns the findings of each. */
  async function measure(jobs: number, answer: (job: number) => Promise<Findings>) {
    const use = new ContextOfTest(file);
    const queue = new TaskQueue(() => {});
    let calls = 0;
    const measurer = { measure: () => answer(++calls) } as unknown as Measurer;
    const probes = new Probes(use.context, queue, new Measurements(use.context, measurer, null));
    for (let id = 1; id <= jobs; id++) probes.push(jobOf(BigInt(id)), measured, id);
    const wasIdle = queue.idle;
    await probes.settled();
    const messages = use.problems.map(({ message }) => message);
    return {
      log: use.log.filter((line) => line.startsWith('probed')),
      messages,
      notes: use.runLog.notes,
      wasIdle,
    };
  }

  const found = (name: string, value: number) => ({ name, value, file: null, line: null, text: null });
  const missing = (name: string) => ({ name, value: null, reason: '/x/ matches none of the 3 lines of out' });

  test('count also where others of the job are missing', async () => {
    const values = [found('e', 1), missing('t'), found('p', 3)];
    const { log, wasIdle } = await measure(1, async () => ({ values, tail: [] }));
    expect(log).toEqual(['probed 0 from 0: 1 at 5', 'probed 0 from 2: 3 at 5']);
    expect(wasIdle).toBe(false);
  });

  test('that are missing are reported once, with the end of the output, and at the end with a count', async () => {
    const values = [missing('e'), missing('t'), missing('p')];
    const { log, messages, notes } = await measure(3, async (job) => ({
      values: job === 2 ? [missing('e'), found('t', 1), found('p', 1)] : values,
      tail: ['step 1', 'Killed'],
    }));
    expect(log).toEqual(['probed 0 from 1: 1 1 at 5']);
    expect(notes).toEqual([
      ['done', 1],
      ['done', 3],
    ]);
    expect(messages).toHaveLength(6);
    expect(messages[0]).toMatch(
      /^'e' of job \S+ of group 'a': \/x\/ matches none of the 3 lines of out\. Its output ends with:\nstep 1\nKilled$/,
    );
    expect(messages.slice(3)).toEqual([
      expect.stringMatching(/^'e' of group 'a' was not found for 3 of 3 jobs, for example \S+$/),
      expect.stringMatching(/^'t' of group 'a' was not found for 2 of 3 jobs/),
      expect.stringMatching(/^'p' of group 'a' was not found for 2 of 3 jobs/),
    ]);
  });

  test('of many jobs are read at once', async () => {
    let release = () => {};
    const all = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { log } = await measure(3, async (job) => {
      if (job === 3) release();
      await all;
      return { values: [found('e', job), found('t', 0), found('p', 0)], tail: [] };
    });
    expect(log).toHaveLength(3);
  });
});
