import { afterEach, describe, expect, test } from 'vitest';
import { loadAddon } from '../../src/engine/addon.js';
import { Engine, type EngineListener } from '../../src/engine/engine.js';
import { journal, plan } from './children/common.js';

const engines: Engine[] = [];
afterEach(() => {
  for (const engine of engines.splice(0)) engine.close();
});

function open(listener: Partial<EngineListener> = {}, parts: Parameters<typeof plan>[0] = {}): Engine {
  const engine = new Engine(plan(parts), { firing: () => {}, decodeError: () => {}, ...listener });
  engines.push(engine);
  return engine;
}

const commands: Readonly<Record<string, (engine: Engine) => Promise<unknown>>> = {
  start: (engine) => engine.start(1),
  ingest: (engine) => engine.ingest(journal(1, 1)),
  finishStream: (engine) => engine.finishStream(),
  tick: (engine) => engine.tick(1),
  addRule: (engine) => engine.addRule(plan().rules[0] as never, []),
  end: (engine) => engine.end(),
  status: (engine) => engine.status(),
  activeJobs: (engine) => engine.activeJobs(),
  metrics: (engine) => engine.metrics(),
  events: (engine) => engine.events().next(),
};

describe('closing an engine', () => {
  test('is idempotent, also within a listener and during commands', async () => {
    const engine = open({
      firing() {
        engine.close();
        engine.close();
      },
    });
    await expect(engine.ingest(journal(1, 100))).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    engine.close();
    await expect(engine.status()).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  });

  test.each(Object.keys(commands))('makes %s fail afterwards', async (name) => {
    const engine = open();
    await engine.start(1);
    engine.close();
    await expect(commands[name]?.(engine)).rejects.toMatchObject({
      name: 'EnsembleError',
      code: 'ERR_CLOSED',
    });
    expect(engine.groups).toEqual(['a']);
    engine.endEvents();
    engine.close();
  });

  test('rejects all pending commands', async () => {
    const engine = open();
    const bytes = journal(1, 5000);
    const pending = [...Array(20).keys()].map(() => engine.ingest(bytes));
    pending.push(...Object.values(commands).map((command) => command(engine) as Promise<void>));
    const events = pending.pop();
    engine.close();
    const results = await Promise.allSettled(pending);
    const codes = results.map((result) => (result.status === 'rejected' ? result.reason.code : 'done'));
    expect(new Set(codes)).toEqual(new Set(['ERR_CLOSED']));
    await expect(events).resolves.toMatchObject({ done: true });
  });

  test('stops firings', async () => {
    let after = 0;
    let closed = false;
    const engine = open({
      firing() {
        if (closed) after++;
      },
    });
    engine.ingest(journal(1, 2000)).catch(() => {});
    await engine.status();
    engine.ingest(journal(1, 2000)).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 2));
    engine.close();
    closed = true;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(after).toBe(0);
  });

  test('ends the loop of a consumer of events', async () => {
    const engine = open();
    let taken = 0;
    const loop = (async () => {
      for await (const batch of engine.events()) taken += batch.length;
    })();
    await engine.ingest(journal(1, 4));
    await new Promise((resolve) => setTimeout(resolve, 20));
    engine.close();
    await loop;
    expect(taken).toBe(20);
  });
});

describe('the order of deliveries', () => {
  test('puts firings before the answer to the command that caused them', async () => {
    const told: string[] = [];
    const engine = open({
      firing: ({ job }) => told.push(`firing of ${job}`),
      decodeError: ({ line }) => told.push(`error in line ${line}`),
    });
    const answers: Promise<unknown>[] = [];
    const expected: string[] = [];
    for (let i = 1; i <= 200; i++) {
      answers.push(engine.ingest(journal(i, 1)).then(() => told.push(`answer ${i}`)));
      expected.push(...Array(5).fill(`firing of ${i}`), `answer ${i}`);
    }
    await Promise.all(answers);
    // Within one wake all firings precede all answers, so only what each answer waits for is certain.
    for (let i = 1; i <= 200; i++) {
      expect(told.lastIndexOf(`firing of ${i}`)).toBeLessThan(told.indexOf(`answer ${i}`));
    }
    expect(told.toSorted()).toEqual(expected.toSorted());
    expect(told.filter((one) => one.startsWith('firing'))).toEqual(
      expected.filter((one) => one.startsWith('firing')),
    );
    expect(told.filter((one) => one.startsWith('answer'))).toEqual(
      expected.filter((one) => one.startsWith('answer')),
    );
  });

  test('puts an answer without data after its own firings, one command at a time', async () => {
    let fired = 0;
    const engine = open({ firing: () => fired++ });
    for (let i = 1; i <= 300; i++) {
      await engine.ingest(journal(i, 3));
      expect(fired).toBe(i * 15);
    }
  });

  test('numbers firings without a gap over many wakes', async () => {
    const numbers: number[] = [];
    const engine = open({ firing: ({ number }) => numbers.push(number) });
    await Promise.all([...Array(50).keys()].map((i) => engine.ingest(journal(i * 400, 400))));
    expect(numbers.length).toBe(50 * 400 * 5);
    expect(numbers.every((number, i) => number === i)).toBe(true);
  });
});

describe('loading the addon', () => {
  test('twice in one process gives the same addon, with independent engines', async () => {
    expect(loadAddon()).toBe(loadAddon());
    const two = [open(), open()];
    await Promise.all(two.map((engine, i) => engine.ingest(journal(1, 10 * (i + 1)))));
    expect((await two[0]?.status())?.firings).toBe(50);
    expect((await two[1]?.status())?.firings).toBe(100);
  });

  test('from an invalid file fails with a message', () => {
    expect(() => loadAddon('/no/such/addon.node')).toThrow(expect.objectContaining({ code: 'ERR_ADDON' }));
    expect(() => new Engine({} as never, { firing: () => {}, decodeError: () => {} })).toThrow(
      expect.objectContaining({ code: 'ERR_ENGINE' }),
    );
  });
});
