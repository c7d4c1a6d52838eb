import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JobGroup } from '../../../../src/model/ensemble.js';
import type { AskOptions, ToldRow } from '../../../../src/model/search.js';
import { readRunNote } from '../../../../src/run/notes.js';
import { type OrderKey, Search, type SearchNote } from '../../../../src/run/search/search.js';
import type { Optimizer } from '../../../../src/usercode/optimizer/optimizer.js';
import { read } from '../../../support/config.js';

type Group = JobGroup & { readonly ask: AskOptions };
type Answer = (told: readonly ToldRow[], count: number) => unknown;

function groupOf(ask: object, job: object = {}): Group {
  const a = { name: 'a', command: 'run {{x}}', tell: ['loss'], ...job, ask: { command: 'optimize', ...ask } };
  const rules = [{ trigger: 'start', action: { name: 'submit', label: 'a' } }];
  return read({ jobs: [a], rules }).config.groups.get('a') as Group;
}

const KEY: OrderKey = { firing: 3, part: 0, outside: false };

/** Counts up, and depends on the results. */
function counting(): Answer {
  let next = 0;
  return (told, count) => {
    for (const { objective } of told) next += objective ?? 0;
    return Array.from({ length: count }, () => ({ x: next++ }));
  };
}

/** A search whose jobs end when the test says so. */
class Use {
  readonly notes: SearchNote[] = [];
  /** `told/count` of each exchange. */
  readonly exchanges: string[] = [];
  readonly submitted: string[] = [];
  readonly problems: string[] = [];
  readonly search: Search;
  readonly ending = new AbortController();
  accepts = 1;
  pause: Promise<void> | null = null;
  closed = false;

  constructor(group: Group, answer: Answer = counting()) {
    const optimizer: Optimizer = {
      exchange: async (told, count) => {
        this.exchanges.push(`${told.map(({ row, objective }) => `${row}:${objective}`).join(',')}/${count}`);
        return answer(told, count);
      },
      close: async () => {
        this.closed = true;
      },
    };
    this.search = new Search(group, {
      start: () => optimizer,
      note: async (text) => {
        this.notes.push(readRunNote(text) as SearchNote);
      },
      submit: async ({ command }, _count, { index }) => {
        this.submitted.push(`${index}: ${command.join(' ')}`);
        return this.accepts;
      },
      beside: (work) => work,
      paused: () => this.pause,
      problem: (message) => this.problems.push(message),
      signal: this.ending.signal,
    });
  }

  begin({ limit = null, known = [] }: { limit?: number | null; known?: readonly number[] } = {}, key = KEY) {
    const isKnown = (index: number) => known.includes(index);
    const ended = this.search.begin(key, { rule: 0, limit, values: () => '', isKnown });
    const state = { done: false, error: '' };
    ended.then(
      () => Object.assign(state, { done: true }),
      (error: Error) => Object.assign(state, { error: error.message }),
    );
    return state;
  }

  /** The job of a row ends with an objective, or fails. */
  end(index: number, objective: number | null, key = KEY): boolean {
    const row = this.search.rowOf(key, index);
    if (row === null) return false;
    const outcome = objective === null ? 'failed' : 'success';
    this.search.end(row, { outcome, objective, values: {}, job: BigInt(100 + index) });
    return true;
  }
}

const settled = async () => {
  for (let i = 0; i < 5; i++) await nextTurn();
};

test('jobs fill their places at once with rows that were asked for ahead', async () => {
  const use = new Use(groupOf({ inFlight: 4 }));
  use.begin();
  await settled();
  expect(use.exchanges).toEqual(['/5']);
  expect(use.submitted).toEqual(['0: run 0', '1: run 1', '2: run 2', '3: run 3']);
  use.end(2, 10);
  // Before the optimizer has answered again.
  expect(use.submitted.at(-1)).toBe('4: run 4');
  await settled();
  expect(use.exchanges).toEqual(['/5', '2:10/1']);
});

test('a search with one job at a time asks for a row when the one before has ended', async () => {
  const use = new Use(groupOf({}));
  use.begin({ limit: 2 });
  await settled();
  expect([use.exchanges, use.submitted]).toEqual([['/1'], ['0: run 0']]);
  use.end(0, 5);
  await settled();
  expect([use.exchanges, use.submitted]).toEqual([
    ['/1', '0:5/1'],
    ['0: run 0', '1: run 6'],
  ]);
});

test('results come in the order of the ends, failures without an objective', async () => {
  const use = new Use(groupOf({ inFlight: 3, ahead: 0 }));
  const state = use.begin({ limit: 3 });
  await settled();
  use.end(2, 1);
  use.end(0, null);
  use.end(1, 4);
  await settled();
  expect(use.exchanges).toEqual(['/3', '2:1/0', '0:null,1:4/0']);
  expect(state).toEqual({ done: true, error: '' });
  expect(use.search.report).toMatchObject({ asked: 3, ended: 3, best: { row: 2, objective: 1, job: 102n } });
});

test('a later submission goes on with the same optimizer', async () => {
  const use = new Use(groupOf({ rows: 3 }));
  use.begin({ limit: 1 });
  await settled();
  use.end(0, 1);
  await settled();
  const later = { ...KEY, firing: 9 };
  const state = use.begin({ limit: 5 }, later);
  await settled();
  use.end(0, 1, later);
  await settled();
  use.end(1, 1, later);
  await settled();
  expect(use.submitted).toEqual(['0: run 0', '0: run 2', '1: run 4']);
  expect(state.done).toBe(true);
});

describe('an optimizer', () => {
  test('that gives fewer rows is asked again when it knows more', async () => {
    const use = new Use(groupOf({ inFlight: 4, ahead: 0 }), (told) => (told.length < 2 ? [{ x: 1 }] : null));
    const state = use.begin();
    await settled();
    expect(use.exchanges).toEqual(['/4']);
    use.end(0, 1);
    await settled();
    expect(use.exchanges).toEqual(['/4', '0:1/4']);
    expect(state.done).toBe(false);
  });

  test.each([
    ['null', null],
    ['no row while nothing runs', []],
  ])('ends the search with %s', async (_, answer) => {
    const use = new Use(groupOf({ inFlight: 4 }), () => answer);
    const state = use.begin();
    await settled();
    expect(state.done).toBe(true);
  });

  test('may give more rows than asked for, which wait, but not more than the limit', async () => {
    const use = new Use(groupOf({ rows: 3 }), (_, count) =>
      count === 0 ? [] : [1, 2, 3, 4].map((x) => ({ x })),
    );
    use.begin();
    await settled();
    expect(use.submitted).toEqual(['0: run 1']);
    use.end(0, 1);
    use.end(1, 1);
    use.end(2, 1);
    await settled();
    expect(use.submitted).toEqual(['0: run 1', '1: run 2', '2: run 3']);
    expect(use.problems).toEqual([expect.stringContaining('answered 4 rows where 1 were asked for')]);
  });

  test('may repeat a row, which is reported once and counted', async () => {
    const use = new Use(groupOf({ rows: 4 }), (_, count) => (count === 0 ? [] : [{ x: 7 }]));
    use.begin();
    for (let i = 0; i < 4; i++) {
      await settled();
      use.end(i, i);
    }
    await settled();
    expect(use.problems).toEqual([expect.stringContaining('gave the row x=7 again')]);
    expect(use.search.report).toMatchObject({ asked: 4, repeated: 3 });
  });

  test.each([
    ['a text', 'x', 'it must be a list of rows'],
    ['a row that is not a mapping', [3], 'rows that are not mappings'],
    ['a row without a tag of the jobs', [{ y: 1 }], "rows without 'x', which a tag of the jobs names"],
    ['NaN', [{ x: Number.NaN }], "row 0 has the number NaN for 'x'"],
    ['a row with other names', [{ x: 1 }, { x: 1, y: 2 }], "row 1 has the unknown name 'y'"],
    ['a row without a name', [{ x: 1, y: 2 }, { x: 1 }], "row 1 has no 'y'"],
    ['a reserved name', [{ x: 1, index: 2 }], "the name 'index', which a parameter can't have"],
  ])('that answers %s ends the search', async (_, answer, message) => {
    const use = new Use(groupOf({ inFlight: 2 }), () => answer);
    const state = use.begin();
    await settled();
    expect(state.error).toContain(message);
    expect([use.closed, use.submitted]).toEqual([true, []]);
  });

  test('that throws ends the search, and jobs go on', async () => {
    const use = new Use(groupOf({}), (told) => {
      if (told.length > 0) throw new Error('oh no');
      return [{ x: 1 }];
    });
    const state = use.begin();
    await settled();
    use.end(0, 1);
    await settled();
    expect(state.error).toBe('oh no');
    expect(use.begin().done).toBe(false);
  });

  test('whose rows never succeed ends the search', async () => {
    const use = new Use(groupOf({ inFlight: 10 }));
    const state = use.begin();
    for (let i = 0; i < 110; i++) {
      await settled();
      use.end(i, null);
    }
    expect(state.error).toContain('none of its first 100 rows succeeded');
  });
});

test('a canceled search drops its rows without a job, and ends with its jobs', async () => {
  const use = new Use(groupOf({ inFlight: 2, ahead: 2 }));
  const state = use.begin();
  await settled();
  use.search.cancel();
  use.end(0, 1);
  use.end(1, 1);
  await settled();
  expect(use.submitted.length).toBe(2);
  expect(state.done).toBe(true);
  expect(use.search.report).toMatchObject({ asked: 4, ended: 4 });
});

test('a paused run asks for no rows and submits none', async () => {
  const use = new Use(groupOf({ inFlight: 2, ahead: 0 }));
  let resume = () => {};
  use.pause = new Promise((resolve) => {
    resume = resolve;
  });
  use.begin({ limit: 2 });
  await settled();
  expect([use.exchanges, use.submitted]).toEqual([[], []]);
  use.pause = null;
  resume();
  await settled();
  expect([use.exchanges, use.submitted.length]).toEqual([['/2'], 2]);
});

test('a limit that keeps a job from being submitted ends the search', async () => {
  const use = new Use(groupOf({}));
  use.accepts = 0;
  const state = use.begin();
  await settled();
  expect(state.done).toBe(true);
});

test('the condition of a search ends it, also for later submissions', async () => {
  const use = new Use(groupOf({ until: 'best.a.loss < 3' }));
  const state = use.begin();
  await settled();
  use.search.reached();
  use.end(0, 1);
  await settled();
  expect(state.done).toBe(true);
  const later = use.begin({}, { ...KEY, firing: 9 });
  await settled();
  expect([later.done, use.submitted.length]).toEqual([true, 1]);
  expect(use.problems).toEqual(['no more rows are asked for: best.a.loss < 3 holds']);
});

describe('a search in a run that goes on', () => {
  test('submits the rows whose jobs never came', async () => {
    const before = new Use(groupOf({ inFlight: 3 }));
    before.begin();
    await settled();
    before.end(1, 5);
    await settled();
    const use = new Use(groupOf({ inFlight: 3 }));
    for (const note of before.notes) use.search.restore(note);
    use.begin({ known: [0, 1] });
    await settled();
    expect(use.submitted).toEqual(['2: run 2', '3: run 3']);
    expect(use.end(0, 2)).toBe(true);
    await settled();
    expect(use.exchanges).toEqual(['/4', '1:5/1', '0:2/1']);
  });

  test('reports an optimizer that gives other rows, and uses those of the log', async () => {
    const before = new Use(groupOf({ inFlight: 2, ahead: 0 }));
    before.begin();
    await settled();
    before.end(0, 1);
    await settled();
    let other = 50;
    const use = new Use(groupOf({ inFlight: 2, ahead: 0 }), (_, count) =>
      Array.from({ length: count }, () => ({ x: other++ })),
    );
    for (const note of before.notes) use.search.restore(note);
    use.begin({ known: [0] });
    await settled();
    use.end(1, 3);
    await settled();
    expect(use.submitted.slice(0, 2)).toEqual(['1: run 1', '2: run 3']);
    expect(use.problems).toEqual([expect.stringContaining('it is not deterministic')]);
  });

  test('asks and tells as an undisturbed one does, wherever the first process ended', async () => {
    const group = groupOf({ inFlight: 3, rows: 12 });
    const play = async (use: Use, order: readonly number[]) => {
      for (const pick of order) {
        await settled();
        const open = [...Array(12).keys()].filter((index) => use.search.rowOf(KEY, index) !== null);
        const index = open[pick % Math.max(1, open.length)];
        if (index !== undefined) use.end(index, (index * 7) % 5);
      }
      await settled();
    };
    const picks = fc.array(fc.nat(20), { minLength: 12, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(picks, fc.nat(12), async (order, cut) => {
        const whole = new Use(group);
        whole.begin();
        await play(whole, order);
        const first = new Use(group);
        first.begin();
        await play(first, order.slice(0, cut));
        const next = new Use(group);
        for (const note of first.notes) next.search.restore(note);
        next.begin({ known: first.submitted.map((_, index) => index) });
        await play(next, order.slice(cut));
        expect(next.search.report).toEqual(whole.search.report);
        expect(next.exchanges).toEqual(cut === 12 ? [] : whole.exchanges);
      }),
      { numRuns: 10 },
    );
  });
});
