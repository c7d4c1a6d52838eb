import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  Ensemble,
  type EnsembleError,
  type EnsembleInput,
  type Member,
  MemberError,
  type MemberSink,
  openRecording,
  Replay,
  synthesize,
} from '../../../src/index.js';

/** An ensemble that leads to every call of an observer but `paused`, and to three jobs of group `more`. */
const config: EnsembleInput = {
  states: ['one', 'two'],
  jobs: [
    { name: 'a', command: 'true', count: 3 },
    { name: 'bad', command: 'false', retry: { times: 1 } },
    { name: 'more', command: 'true' },
  ],
  rules: [
    { trigger: 'start', action: { name: 'submit', label: 'a' } },
    { trigger: 'start', action: { name: 'submit', label: 'bad', goto: 'two' } },
    { trigger: 'start', action: { name: 'exec', command: "sh -c 'echo printed >&2'" } },
    { trigger: 'start', action: { name: 'exec', command: '/no/such/program' } },
    { trigger: 'job-success', name: 'a', action: { name: 'submit', label: 'more', repetitions: 3 } },
  ],
};

const methods = ['firing', 'action', 'retry', 'output', 'problem', 'records'] as const;

/** Warnings of this process from the package, during `work`. */
async function warningsOf(work: () => Promise<void>): Promise<string[]> {
  const warnings: string[] = [];
  const listener = (warning: Error & { code?: string }) => {
    if (warning.code === 'ERR_OBSERVER') warnings.push(warning.message);
  };
  process.on('warning', listener);
  await work();
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', listener);
  return warnings;
}

const failures = {
  throws: () => {
    throw new Error('the log is closed');
  },
  rejects: () => Promise.reject(new Error('the log is closed')),
};

describe.each(Object.entries(failures))('an observer that %s', (_, fail) => {
  test.each(methods)('in %s() lets the run continue, and the failure is reported once', async (method) => {
    const problems: EnsembleError[] = [];
    let called = 0;
    const observer = {
      problem: (error: EnsembleError) => void problems.push(error),
      [method]: () => {
        called++;
        return fail();
      },
    };
    const warnings = await warningsOf(async () => {
      await using ensemble = Ensemble.fromObject(config, { observer });
      const { end, metrics } = await ensemble.run();
      expect(end).toBe('idle');
      expect(metrics.groups.get('more')?.count).toMatchObject({ submitted: 3, success: 3 });
      expect(metrics.groups.get('bad')?.count).toMatchObject({ submitted: 2, failed: 2 });
    });
    expect(called).toBeGreaterThan(0);
    const reported = [
      ...problems.filter(({ code }) => code === 'ERR_OBSERVER').map(({ message }) => message),
    ];
    expect(method === 'problem' ? warnings : reported).toEqual([
      expect.stringContaining(`${method}() of the observer failed: the log is closed`),
    ]);
    expect(method === 'problem' ? reported : warnings).toEqual([]);
  });

  test('without problem() causes a warning of the process', async () => {
    const warnings = await warningsOf(async () => {
      await using ensemble = Ensemble.fromObject(config, { observer: { firing: fail } });
      expect((await ensemble.run()).end).toBe('idle');
    });
    expect(warnings).toEqual([expect.stringContaining('firing() of the observer failed')]);
  });

  test('in decodeError() and paused() lets the run continue', async () => {
    const member = new OddMember({});
    await using ensemble = Ensemble.fromObject(config, {
      member,
      watch: true,
      observer: { decodeError: fail, paused: fail, problem() {} },
    });
    const running = ensemble.run();
    await member.started;
    await ensemble.act({ name: 'pause' }, 'me');
    await ensemble.act({ name: 'resume' }, 'me');
    await ensemble.act({ name: 'terminate' }, 'me');
    const { end, metrics } = await running;
    expect({ end, decodeErrors: metrics.status.decodeErrors }).toEqual({
      end: 'terminated',
      decodeErrors: 1,
    });
  });
});

/** A member whose jobs succeed at once, and some of whose methods are replaced. */
class OddMember implements Member {
  readonly name = 'odd';
  readonly started: Promise<void>;
  #begin: () => void = () => {};
  #sink: MemberSink | null = null;
  #jobs = 0;
  constructor(methods: Partial<Member>) {
    Object.defineProperties(this, Object.getOwnPropertyDescriptors(methods));
    this.started = new Promise((resolve) => {
      this.#begin = resolve;
    });
  }
  async start(sink: MemberSink): Promise<void> {
    this.#sink = sink;
    sink.records(new TextEncoder().encode('{"id":-1,"events":[]}\nthis is no record\n'));
    setTimeout(this.#begin, 50);
  }
  async submit(template: { group: string }, count: number): Promise<number> {
    for (let i = 0; i < count; i++) {
      const id = ++this.#jobs;
      const lines = ['submit', 'start', 'finish', 'clean'].map((name) => {
        const jobspec = { attributes: { user: { group: template.group } } };
        const context = name === 'finish' ? { status: 0 } : {};
        return JSON.stringify({
          id,
          events: [{ timestamp: 10, name, context }],
          ...(name === 'submit' ? { jobspec } : {}),
        });
      });
      this.#sink?.records(new TextEncoder().encode(`${lines.join('\n')}\n`));
    }
    return count;
  }
  async cancel(): Promise<number> {
    return 0;
  }
  async stop(): Promise<void> {}
}

describe('a member of one’s own that throws', () => {
  const fail = (): never => {
    throw new Error('out of order');
  };
  const run = async (methods: Partial<Member>, rules = config.rules) => {
    const problems: string[] = [];
    await using ensemble = Ensemble.fromObject(
      { ...config, rules },
      { member: new OddMember(methods), observer: { problem: ({ message }) => problems.push(message) } },
    );
    const { end, error } = await ensemble.run();
    return { end, error: error?.message ?? null, problems, size: ensemble.size };
  };
  const failing = (name: string) => expect.stringMatching(`${name}.* of the member failed: out of order`);

  test('in stop() does not lose the result', async () => {
    for (const stop of [fail, async () => fail()]) {
      const { end, problems } = await run({ stop });
      expect(end).toBe('idle');
      expect(problems).toContainEqual('the member could not be stopped: out of order');
    }
  });

  test('in stop() does not lose the result when close() ends the run', async () => {
    const ensemble = Ensemble.fromObject(config, { member: new OddMember({ stop: fail }), watch: true });
    const running = ensemble.run();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await ensemble.close();
    expect((await running).end).toBe('interrupted');
  });

  test('in submit() and cancel() fails those actions', async () => {
    const rules: EnsembleInput['rules'] = [
      { trigger: 'start', action: { name: 'submit', label: 'a' } },
      { trigger: 'start', action: { name: 'cancel', label: 'a' } },
    ];
    const { end, problems } = await run({ submit: fail, cancel: fail, resize: fail }, rules);
    expect(end).toBe('idle');
    expect(problems).toEqual([
      expect.stringContaining('submit failed: out of order'),
      expect.stringContaining('cancel failed: out of order'),
    ]);
  });

  test('in a call outside of actions ends the run as failed', async () => {
    const grow: EnsembleInput['rules'] = [{ trigger: 'start', action: { name: 'grow' } }];
    let calls = 0;
    const later = () => {
      if (++calls > 1) fail();
    };
    const resize = async () => ({ before: null, after: null });
    const odd = await run({ setGrowable: later, resize }, grow);
    expect(odd).toMatchObject({ end: 'failed', error: failing('setGrowable') });
    const more = Object.defineProperty({}, 'expectsMore', { get: fail });
    expect(await run(more)).toMatchObject({ end: 'failed', error: failing('expectsMore') });
    const start = await run({ start: fail });
    expect(start).toMatchObject({ end: 'failed', error: expect.stringContaining('out of order') });
  });

  test('for its size has an unknown size', async () => {
    const size = Object.defineProperty({}, 'size', { get: fail });
    expect(await run(size)).toMatchObject({ end: 'idle', size: null });
  });

  test('records that are not bytes end the run as failed', async () => {
    const start = async (sink: MemberSink) => sink.records('{"id":-1}' as never);
    const { end, error } = await run({ start });
    expect({ end, error }).toEqual({ end: 'failed', error: expect.stringContaining("can't be taken in") });
  });

  test('failed() twice, and records afterwards, have no effect', async () => {
    const start = async (sink: MemberSink) => {
      sink.failed(new MemberError('first'));
      sink.failed(new MemberError('second'));
      sink.records(new TextEncoder().encode('{"id":-1,"events":[]}\n'));
      setTimeout(() => sink.records(new TextEncoder().encode('{"id":-1,"events":[]}\n')), 300).unref();
    };
    expect(await run({ start })).toMatchObject({ end: 'failed', error: 'first' });
    await new Promise((resolve) => setTimeout(resolve, 400));
  });
});

test('a replay rejects with the error that its functions throw', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'observer-')), 'recording.ndjson');
  writeFileSync(path, Buffer.concat([...synthesize({ jobs: 50 }), Buffer.from('this is no record\n')]));
  const wrong = new Error('the log is closed');
  const replay = new Replay(await openRecording(path), {
    decodeError: () => {
      throw wrong;
    },
  });
  await expect(replay.run()).rejects.toBe(wrong);
});
