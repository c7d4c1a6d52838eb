import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { EnsembleError, MemberError } from '../../../src/errors.js';
import type { EngineStatus } from '../../../src/model/metrics.js';
import { EndDetector } from '../../../src/run/end-of-run.js';
import { TaskQueue } from '../../../src/run/task-queue.js';

const NOTHING_LEFT = {
  activeJobs: 0,
  submitting: 0,
  retrying: 0,
  timeCouldFire: false,
} as EngineStatus;

/** A detector of a run that has begun, with what it looks at. */
function begun({ watch = false } = {}) {
  const world = { ...NOTHING_LEFT, actionsIdle: true, expectsMore: false, looks: 0 };
  const end = new EndDetector({
    watch,
    status: async () => {
      world.looks++;
      return world;
    },
    actionsIdle: () => world.actionsIdle,
    expectsMore: () => world.expectsMore,
    lastRules: async () => false,
  });
  end.begin();
  return { end, world };
}

/** The end after a check; null when the run goes on. */
async function endAfterCheck({ end }: { end: EndDetector }): Promise<string | null> {
  end.check();
  await setImmediate();
  return end.result?.end ?? null;
}

describe('a run is over by itself', () => {
  test('but not by a status that is older than the request of a submission', async () => {
    const queue = new TaskQueue(() => end.check());
    const answers: ((status: Partial<EngineStatus>) => void)[] = [];
    const end = new EndDetector({
      watch: false,
      status: () =>
        new Promise((resolve) => {
          answers.push((status) => resolve({ ...NOTHING_LEFT, ...status }));
        }),
      actionsIdle: () => queue.idle,
      expectsMore: () => false,
      lastRules: async () => false,
    });
    end.begin();
    const admissions: (() => void)[] = [];
    const admission = () => queue.waiting(new Promise<void>((resolve) => admissions.push(resolve)));
    void queue.beside(Promise.resolve().then(admission).then(admission));
    await setImmediate();
    // The first admission is answered before the status, which knows nothing of the second one.
    expect(answers).toHaveLength(1);
    admissions[0]?.();
    await setImmediate();
    answers[0]?.({});
    await setImmediate();
    expect(end.result).toBeNull();
    expect(answers).toHaveLength(2);
    answers[1]?.({ submitting: 1 });
    await setImmediate();
    expect(end.result).toBeNull();
    admissions[1]?.();
    await setImmediate();
    answers[2]?.({});
    await setImmediate();
    expect(end.result?.end).toBe('idle');
  });

  test('when nothing is left to do', async () => {
    const run = begun();
    expect(await endAfterCheck(run)).toBe('idle');
    expect(run.end.result).toEqual({ end: 'idle', error: null, by: null });
    expect(run.end.signal.aborted).toBe(true);
    await run.end.ended;
  });

  test.each([
    ['a job is active', { activeJobs: 1 }],
    ['a submission is under way', { submitting: 1 }],
    ['a job waits for its next submission', { retrying: 1 }],
    ['a timer could make a rule due', { timeCouldFire: true }],
    ['an action is pending', { actionsIdle: false }],
    ['the member expects more', { expectsMore: true }],
  ])('but not while %s', async (_, left) => {
    const run = begun();
    const { activeJobs, submitting, retrying, timeCouldFire, actionsIdle, expectsMore } = run.world;
    Object.assign(run.world, left);
    expect(await endAfterCheck(run)).toBeNull();
    Object.assign(run.world, { activeJobs, submitting, retrying, timeCouldFire, actionsIdle, expectsMore });
    expect(await endAfterCheck(run)).toBe('idle');
  });

  test('but not before the start rules have fired', async () => {
    const { world } = begun();
    const end = new EndDetector({
      watch: false,
      status: async () => world,
      actionsIdle: () => true,
      expectsMore: () => false,
      lastRules: async () => false,
    });
    expect(end.running).toBe(false);
    expect(await endAfterCheck({ end })).toBeNull();
    end.begin();
    expect(end.running).toBe(true);
    expect(await endAfterCheck({ end })).toBe('idle');
    expect(end.running).toBe(false);
  });

  test('but not while it is paused', async () => {
    const run = begun();
    run.end.setPaused(true);
    expect(await endAfterCheck(run)).toBeNull();
    // The end of the pause is a change.
    run.end.setPaused(false);
    await setImmediate();
    expect(run.end.result?.end).toBe('idle');
  });

  test('but not while records are on their way to the engine', async () => {
    const run = begun();
    let processed = () => {};
    run.end.given(
      new Promise<void>((resolve) => {
        processed = resolve;
      }),
    );
    expect(await endAfterCheck(run)).toBeNull();
    processed();
    await setImmediate();
    expect(run.end.result?.end).toBe('idle');
  });

  test('but never when it watches', async () => {
    const run = begun({ watch: true });
    expect(await endAfterCheck(run)).toBeNull();
    expect(run.world.looks).toBe(0);
  });

  test('and a change during a check leads to another check', async () => {
    const run = begun();
    run.world.activeJobs = 1;
    run.end.check();
    // The check has asked for the status.
    expect(run.world.looks).toBe(1);
    run.end.check();
    await setImmediate();
    expect(run.world.looks).toBe(2);
  });

  test('but not on a status that is older than records of the engine', async () => {
    const answers: (() => void)[] = [];
    const end = new EndDetector({
      watch: false,
      status: () =>
        new Promise((resolve) => {
          answers.push(() => resolve(NOTHING_LEFT));
        }),
      actionsIdle: () => true,
      expectsMore: () => false,
      lastRules: async () => false,
    });
    end.begin();
    end.check();
    end.given(Promise.resolve());
    answers[0]?.();
    await setImmediate();
    expect(end.result).toBeNull();
    answers[1]?.();
    await setImmediate();
    expect(end.result?.end).toBe('idle');
  });

  test('and goes on when the engine has no status any more', async () => {
    const end = new EndDetector({
      watch: false,
      status: () => Promise.reject(new EnsembleError('ERR_CLOSED', 'closed')),
      actionsIdle: () => true,
      expectsMore: () => false,
      lastRules: async () => false,
    });
    end.begin();
    expect(await endAfterCheck({ end })).toBeNull();
  });
});

describe('a run is ended', () => {
  const error = new MemberError('lost');
  test.each([
    ['terminated', null, { kind: 'rule', rule: 1, name: 'enough' }],
    ['terminated', null, { kind: 'code', rule: 1, name: 'next', code: "custom function 'next'" }],
    ['terminated', null, { kind: 'request', askedBy: 'ada' }],
    ['interrupted', null, null],
    ['stopped', error, { kind: 'rule', rule: 0, name: 'first' }],
    ['failed', error, null],
  ] as const)('%s, with its cause', async (how, cause, by) => {
    const { end, world } = begun();
    world.activeJobs = 1;
    expect(end.finish(how, cause, by)).toBe(true);
    expect(end.result).toEqual({ end: how, error: cause, by });
    expect(end.signal.aborted).toBe(true);
    await end.ended;
  });

  test('once: the first cause counts', () => {
    const { end } = begun();
    expect(end.finish('interrupted')).toBe(true);
    expect(end.finish('failed', error)).toBe(false);
    expect(end.result).toEqual({ end: 'interrupted', error: null, by: null });
  });

  test('also before it has begun', async () => {
    const { world } = begun();
    const end = new EndDetector({
      watch: true,
      status: async () => world,
      actionsIdle: () => true,
      expectsMore: () => false,
      lastRules: async () => false,
    });
    end.finish('interrupted');
    await end.ended;
    end.begin();
    expect(end.running).toBe(false);
  });
});

describe('settled() resolves', () => {
  test('when no action is pending any more', async () => {
    const { end, world } = begun({ watch: true });
    world.actionsIdle = false;
    let settled: boolean | null = null;
    void end.settled().then((value) => {
      settled = value;
    });
    await setImmediate();
    expect(settled).toBeNull();
    world.actionsIdle = true;
    end.check();
    await setImmediate();
    expect(settled).toBe(true);
  });

  test('with false when the run ends', async () => {
    const { end, world } = begun({ watch: true });
    world.actionsIdle = false;
    const settled = end.settled();
    await setImmediate();
    end.finish('terminated');
    expect(await settled).toBe(false);
    expect(await end.settled()).toBe(false);
  });
});
