import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  type ActionInput,
  ConfigError,
  Ensemble,
  type EnsembleError,
  type EnsembleInput,
  type EventBatch,
  type Firing,
  type JobTemplate,
  type Member,
  MemberError,
  type MemberSink,
  type MetricsSnapshot,
  type RunResult,
} from '../../../src/index.js';
import { newFolder } from '../../support/cli.js';

const hello: EnsembleInput = {
  jobs: [
    { name: 'first', command: 'true', count: 3 },
    { name: 'second', command: 'true', count: 2 },
  ],
  rules: [
    { trigger: 'start', action: { name: 'submit', label: 'first' } },
    {
      trigger: 'metric',
      name: 'count.first.success',
      when: 3,
      action: { name: 'submit', label: 'second' },
    },
  ],
};

describe('the library', () => {
  test('runs an ensemble from an object', async () => {
    await using ensemble = Ensemble.fromObject(hello);
    const result = await ensemble.run();
    expectTypeOf(result).toEqualTypeOf<RunResult>();
    expect(result).toMatchObject({ end: 'idle', error: null });
    expect(result.metrics.groups.get('second')?.count).toMatchObject({ submitted: 2, success: 2 });
    expect(await ensemble.metrics()).toEqual(result.metrics);
  });

  test('runs one from a file', async () => {
    await using ensemble = await Ensemble.fromFile('examples/hello-world.yaml', { slots: 10 });
    expect((await ensemble.run()).metrics.groups.get('echo')?.count.success).toBe(5);
  });

  test('firings can be followed, by several', async () => {
    await using ensemble = Ensemble.fromObject(hello);
    const follow = async () => {
      const seen: Firing[] = [];
      for await (const firing of ensemble.firings()) seen.push(firing);
      return seen;
    };
    const followers = [follow(), follow()];
    await ensemble.run();
    const [one, two] = await Promise.all(followers);
    expect(one).toEqual(two);
    expect(one?.map(({ trigger, label }) => [trigger, label])).toEqual([
      ['start', 'first'],
      ['metric', 'second'],
    ]);
    expectTypeOf(one?.[0]?.job).toEqualTypeOf<bigint | null | undefined>();
  });

  test('events come as columns and as rows', async () => {
    await using ensemble = Ensemble.fromObject(hello);
    const batches: EventBatch[] = [];
    const following = (async () => {
      for await (const batch of ensemble.events({ overflow: 'hold', capacity: 7 })) batches.push(batch);
    })();
    await ensemble.run();
    await following;
    expect(batches.reduce((sum, { length }) => sum + length, 0)).toBe(55);
    expect(batches.every(({ length, dropped }) => length <= 7 && dropped === 0)).toBe(true);
    const rows = batches.flatMap((batch) => [...batch]);
    expect(rows.filter(({ name, group }) => name === 'finish' && group === 'first')).toHaveLength(3);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(5);
    expect(rows.every(({ timestamp }) => timestamp > 1.7e9)).toBe(true);
    expectTypeOf(batches[0] as EventBatch)
      .toHaveProperty('ids')
      .toEqualTypeOf<BigUint64Array>();
  });

  test('an aborted signal cancels what is active and says so', async () => {
    await using ensemble = Ensemble.fromObject({
      jobs: [{ name: 'long', command: 'sleep 60', count: 3 }],
      rules: [{ trigger: 'start', action: { name: 'submit', label: 'long' } }],
    });
    const interrupt = new AbortController();
    const running = ensemble.run({ signal: interrupt.signal });
    for await (const firing of ensemble.firings()) {
      expect(firing.label).toBe('long');
      break;
    }
    interrupt.abort();
    const { end, metrics } = await running;
    expect(end).toBe('interrupted');
    const count = metrics.groups.get('long')?.count;
    expect(count?.canceled).toBe(count?.submitted);
    expect(count).toMatchObject({ pending: 0, running: 0 });
  });

  test('a signal that was aborted before keeps anything from starting', async () => {
    const marker = join(newFolder(), 'marker');
    await using ensemble = Ensemble.fromObject({
      jobs: [{ name: 'touch', command: `touch ${marker}` }],
      rules: [{ trigger: 'start', action: { name: 'submit', label: 'touch' } }],
    });
    expect((await ensemble.run({ signal: AbortSignal.abort() })).end).toBe('interrupted');
    expect(existsSync(marker)).toBe(false);
  });

  test('close() ends a run, may be called twice, and use after it is an error', async () => {
    const ensemble = Ensemble.fromObject({ ...hello, rules: [] }, { watch: true });
    const running = ensemble.run();
    await ensemble.close();
    await ensemble.close();
    expect(await running).toMatchObject({ end: 'interrupted', error: null });
    await expect(ensemble.metrics()).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    await expect(ensemble.run()).rejects.toMatchObject({ code: 'ERR_ENGINE' });
  });

  test('a consumer of events that holds the ensemble and stops reading does not keep it from closing', async () => {
    const ensemble = Ensemble.fromObject(hello);
    const running = ensemble.run();
    for await (const firing of ensemble.firings()) {
      expect(firing.label).toBe('first');
      break;
    }
    const events = ensemble.events({ overflow: 'hold', capacity: 2 });
    expect((await events.next()).done).toBe(false);
    await ensemble.close();
    expect((await running).end).toBe('interrupted');
  });

  test('two ensembles run side by side and do not see each other', async () => {
    await using one = Ensemble.fromObject(hello);
    await using two = Ensemble.fromObject(hello);
    const results = await Promise.all([one.run(), two.run()]);
    for (const { metrics } of results) expect(metrics.groups.get('first')?.count.submitted).toBe(3);
    expect(one.id).not.toBe(two.id);
  });

  test('a wrong configuration is a ConfigError with everything in it', () => {
    try {
      Ensemble.fromObject({
        jobs: [{ name: 'a' }],
        rules: [{ trigger: 'nope', action: { name: 'submit' } }],
      } as unknown as EnsembleInput);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      expect((error as ConfigError).diagnostics.map(({ path }) => path)).toEqual([
        'jobs[0]',
        'rules[0].trigger',
        'rules[0].action',
      ]);
    }
  });
});

/** A member written by a user of the library: it delivers the given lines. */
class ScriptedMember implements Member {
  readonly name = 'scripted';
  readonly submitted: [JobTemplate, number][] = [];
  #sink: MemberSink | null = null;
  #lines(...lines: string[]): void {
    this.#sink?.records(new TextEncoder().encode(`${lines.join('\n')}\n`));
  }
  async start(sink: MemberSink): Promise<void> {
    this.#sink = sink;
    this.#lines('{"id":-1,"events":[]}', 'this is no record');
  }
  async submit(template: JobTemplate, count: number): Promise<number> {
    this.submitted.push([template, count]);
    if (template.group === 'fails') {
      this.#sink?.failed(new MemberError('the power is out'));
      return count;
    }
    for (let i = 0; i < count; i++) {
      const id = 2n ** 63n + BigInt(i);
      const event = (name: string, timestamp: number, context = '') =>
        `{"id":${id},"events":[{"timestamp":${timestamp},"name":"${name}"${context}}]`;
      this.#lines(
        `${event('submit', 10)},"jobspec":{"attributes":{"user":{"group":"${template.group}"}}}}`,
        `${event('start', 12)}}`,
        `${event('finish', 15, ',"context":{"status":0}')}}`,
        `${event('clean', 15)}}`,
      );
    }
    return count;
  }
  async cancel(): Promise<number> {
    return 0;
  }
  async stop(): Promise<void> {
    this.#sink = null;
  }
}

describe('a member of one’s own', () => {
  const config = (label: string, action: ActionInput = { name: 'submit', label }): EnsembleInput => ({
    jobs: [
      { name: 'works', command: 'x', count: 2 },
      { name: 'fails', command: 'x' },
    ],
    rules: [{ trigger: 'start', action }],
  });

  test('runs the jobs; lines that are not records are counted and reported', async () => {
    const member = new ScriptedMember();
    const broken: unknown[] = [];
    await using ensemble = Ensemble.fromObject(config('works'), {
      member,
      observer: { decodeError: (error) => broken.push(error) },
    });
    const { end, metrics } = await ensemble.run();
    expect(end).toBe('idle');
    expect(member.submitted).toMatchObject([[{ group: 'works', command: ['x'] }, 2]]);
    expect(metrics.groups.get('works')).toMatchObject({
      count: { submitted: 2, success: 2 },
      pending: { mean: 2 },
      duration: { mean: 3, variance: 0 },
    });
    expect(metrics.status.decodeErrors).toBe(1);
    expect(broken).toMatchObject([{ line: 2, offset: 22 }]);
  });

  test('that fails ends the run with its error and the results so far', async () => {
    await using ensemble = Ensemble.fromObject(config('fails'), { member: new ScriptedMember() });
    const { end, error } = await ensemble.run();
    expect(end).toBe('failed');
    expect(error).toMatchObject({ code: 'ERR_MEMBER', message: 'the power is out' });
  });

  test('that can’t be resized refuses rules that grow it, and reports what user code asks for', async () => {
    const make = (action: ActionInput, custom: object, problems: EnsembleError[] = []) =>
      Ensemble.fromObject(
        { ...config('', action), ...custom },
        { member: new ScriptedMember(), observer: { problem: (error) => problems.push(error) } },
      );
    expect(() => make({ name: 'grow' }, {})).toThrow(
      expect.objectContaining({
        code: 'ERR_MEMBER_UNAVAILABLE',
        message: expect.stringContaining("the scripted member can't grow"),
      }),
    );
    const problems: EnsembleError[] = [];
    const custom = "export function more() { return { name: 'grow' }; }";
    await using ensemble = make({ name: 'custom', label: 'more' }, { custom }, problems);
    const { end, metrics } = await ensemble.run();
    expectTypeOf(metrics).toEqualTypeOf<MetricsSnapshot>();
    expect(end).toBe('idle');
    expect(problems).toMatchObject([{ code: 'ERR_ACTION', rule: 0 }]);
    expect(problems[0]?.message).toContain("scripted member can't grow");
  });
});
