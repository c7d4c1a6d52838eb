/** The dashboard's stores, without a browser. */

import { describe, expect, test } from 'vitest';
import { sharesOf } from '../../../src/api/client/counts.js';
import { type Condition, distanceOf } from '../../../src/api/client/distance.js';
import { RateMeter, secondsLeft } from '../../../src/api/client/rate.js';
import { Session } from '../../../web/api/session.js';
import { colorOf, shareOf, textColorOn } from '../../../web/format/colors.js';
import { questionOf, requestOf } from '../../../web/store/actions.js';
import { ganttOf } from '../../../web/store/gantt.js';
import { barsOf, numberAt } from '../../../web/store/histogram.js';
import { EMPTY_QUERY, orderOf, shownColumns, sortedBy } from '../../../web/store/jobs-query.js';
import { choicesOf } from '../../../web/store/parameters.js';
import { RunStore } from '../../../web/store/run.js';
import { joined, Timeline } from '../../../web/store/timeline.js';

const zero = {
  ...{ submitted: 0, finished: 0, success: 0, failed: 0, canceled: 0 },
  ...{ timeout: 0, exception: 0, retried: 0, queued: 0, pending: 0, running: 0 },
};

describe('a run', () => {
  const ensemble = (updated: number, counts: Partial<typeof zero>) => ({
    ...{ id: 'e', name: 'study', status: 'running', updated, elapsed: updated - 1000 },
    counts: { ...zero, ...counts },
  });
  const sent = (event: string, data: object) => ({ event, id: null, data: JSON.stringify(data) });

  test('takes changes over its state, and keeps what has not changed', () => {
    const store = new RunStore('e');
    store.take(
      sent('state', {
        ensemble: ensemble(1000, { submitted: 4, pending: 4 }),
        groups: [{ name: 'a' }, { name: 'b' }],
        rules: [{ rule: 0, state: 'inactive' }],
        metrics: { x: 1, y: 2 },
        firings: [{ number: 0 }],
      }),
    );
    const b = store.groups.get('b');
    store.take(
      sent('change', {
        ensemble: ensemble(1010, { submitted: 4, success: 2, running: 2 }),
        groups: [{ name: 'a', exceptions: {} }],
        metrics: { y: 3 },
      }),
    );
    store.take(sent('firing', { number: 1 }));
    expect(store.groups.get('a')).toEqual({ name: 'a', exceptions: {} });
    expect(store.groups.get('b')).toBe(b);
    expect(store.metrics).toEqual({ x: 1, y: 3 });
    expect(store.firings).toEqual([{ number: 0 }, { number: 1 }]);
    expect(store.rate).toBeCloseTo(0.2);
    expect(store.timeline.points.map(({ pending, running }) => [pending, running])).toEqual([
      [4, 0],
      [0, 2],
    ]);
    store.take(sent('state', { ensemble: ensemble(1020, {}), groups: [{ name: 'c' }] }));
    expect([...store.groups.keys(), ...store.rules.keys(), ...store.firings]).toEqual(['c']);
    store.close();
  });

  test('keeps the latest 200 firings', () => {
    const store = new RunStore('e');
    for (let number = 0; number < 1000; number++) store.take(sent('firing', { number }));
    expect(store.firings).toHaveLength(200);
    expect(store.firings.at(-1)).toEqual({ number: 999 });
    store.close();
  });

  test('wakes its views a few times a second, however many events come', async () => {
    const store = new RunStore('e');
    let woken = 0;
    store.subscribe(() => woken++);
    await new Promise<void>((resolve) => {
      store.subscribe(resolve);
      for (let number = 0; number < 5000; number++) store.take(sent('firing', { number }));
    });
    expect(woken).toBe(1);
    store.close();
  });
});

test('shares count failed jobs once, and all others are done', () => {
  const counts = {
    ...zero,
    submitted: 10,
    success: 3,
    failed: 2,
    timeout: 1,
    canceled: 1,
    running: 2,
    pending: 2,
    queued: 5,
  };
  expect(sharesOf(counts)).toEqual({
    ...{ success: 3, failed: 2, canceled: 1, running: 2, pending: 2, queued: 5 },
    ...{ total: 15, done: 6 },
  });
});

describe('a rate', () => {
  test('is that of the last minute', () => {
    const rates = new RateMeter();
    for (let time = 0; time <= 300; time++) rates.add(time, time <= 200 ? time * 10 : 2000 + (time - 200));
    expect(rates.rate(300, 2100, 300)).toBeCloseTo(1, 1);
  });

  test('is that of the whole run at first, and 0 after a minute without an end', () => {
    const rates = new RateMeter();
    expect(rates.rate(0, 0, 0)).toBe(null);
    rates.add(100, 50);
    expect(rates.rate(100, 50, 100)).toBe(0.5);
    expect(rates.rate(161, 50, 161)).toBe(0);
  });

  test('gives the time that is left', () => {
    expect(secondsLeft(100, 4)).toBe(25);
    expect(secondsLeft(0, null)).toBe(0);
    expect(secondsLeft(5, 0)).toBe(null);
    expect(secondsLeft(5, null)).toBe(null);
  });
});

describe('the distance of a condition', () => {
  const condition = (
    comparison: '>=' | '<' | '==',
    threshold: number,
    value: number | null,
    holds = false,
  ): Condition => ({
    ...{ text: '', holds, values: { m: value } },
    bound: { metric: 'm', comparison, threshold },
  });

  test.each([
    [condition('>=', 100, 63), 0.63],
    [condition('>=', 100, 140, true), 1],
    [condition('<', 10, 40), 0.25],
    [condition('>=', 0, -5), null],
    [condition('==', 3, 2), null],
  ])('is a share where that means something: %j', (given, share) => {
    expect(distanceOf(given)?.share).toBe(share);
  });

  test('is unknown without a value or a number to compare with', () => {
    expect(distanceOf(condition('>=', 100, null))).toBe(null);
    expect(distanceOf({ text: '', holds: null, values: {}, bound: null })).toBe(null);
  });
});

describe('a timeline', () => {
  test('stays small over days, and ends with the latest point', () => {
    const timeline = new Timeline();
    for (let time = 0; time < 100_000; time++) timeline.add({ time, pending: time, running: 1 });
    expect(timeline.points.length).toBeLessThanOrEqual(600);
    expect(timeline.points.length).toBeGreaterThan(250);
    expect(timeline.points[0]?.time).toBe(0);
    expect(timeline.points.at(-1)?.time).toBe(99_999);
  });

  test('continues that of the server, which ends some seconds ago', () => {
    const occupation = (means: number[]) => ({ means, peak: 2, seconds: 30 });
    const server = { begin: 100, end: 120, used: null };
    const [running, pending] = [occupation([2, 1]), occupation([0, 3])];
    const seen = [119, 121].map((time) => ({ time, running: 1, pending: 4 }));
    expect(joined({ ...server, running, pending }, seen)).toEqual([
      { time: 105, running: 2, pending: 0 },
      { time: 115, running: 1, pending: 3 },
      { time: 121, running: 1, pending: 4 },
    ]);
  });
});

describe('the bars of jobs over time', () => {
  const job = (id: string, submit: number, start: number | null, finish: number | null, result: string) => ({
    ...{ id, group: 'a', index: 0, submit, start, finish, result },
  });

  test('begin before the first start, and end now while a job is active', () => {
    const gantt = ganttOf(
      [
        job('r', 50, 180, null, 'active'),
        job('c', 60, 115, 150, 'completed'),
        job('p', 170, null, null, 'active'),
      ],
      200,
    );
    // 85 of 100 seconds are those since the first start.
    expect([gantt?.begin, gantt?.end]).toEqual([100, 200]);
    expect(gantt?.rows).toMatchObject([
      { kind: 'running', pending: { left: 0, width: 80 }, running: { left: 80, width: 20 } },
      { kind: 'success', pending: { left: 0, width: 15 }, running: { left: 15, width: 35 } },
      { kind: 'running', pending: { left: 70, width: 30 }, running: null },
    ]);
    expect(gantt?.rows[0]?.text).toMatch(
      /^r of a: running, submitted at .*, pending 2 min 10 s, running 20 s$/,
    );
    expect(gantt?.rows[2]?.text).toMatch(/^p of a: pending, submitted at .*, pending 30 s$/);
  });

  test('end with the last job after the run, whose jobs may have unknown times', () => {
    const lost = { ...job('l', 10, 20, null, 'lost'), submit: null };
    const gantt = ganttOf([job('f', 10, 20, 30, 'failed'), lost, job('c', 10, null, 15, 'canceled')], 1000);
    expect(gantt).toMatchObject({ begin: expect.closeTo(30 - 10 / 0.85), end: 30 });
    expect(gantt?.rows.map(({ kind, pending, running }) => [kind, pending !== null, running?.width])).toEqual(
      [
        ['failed', true, 85],
        ['failed', false, 0],
        ['canceled', false, undefined],
      ],
    );
    expect(ganttOf([], 1000)).toBe(null);
    expect(ganttOf([job('c', 10, null, 15, 'canceled')], 1000)?.rows[0]?.pending).toEqual({
      left: 0,
      width: 100,
    });
  });
});

describe('the choices of a plot by parameters', () => {
  const variable = (name: string, kind: 'number' | 'text' = 'number', distinct = 5) => ({
    ...{ name, kind, distinct, jobs: 10, min: null, max: null },
  });
  const none = { x: '', y: '', color: '' };
  const times = [variable('duration'), variable('pending')];

  test('are a heat map for two parameters', () => {
    const all = [
      variable('parameters.fixed', 'number', 1),
      variable('parameters.T'),
      variable('parameters.kind', 'text'),
    ];
    const choices = choicesOf([...all, variable('measured.energy'), ...times], none);
    expect(choices).toMatchObject({
      ...{ plot: 'heatmap', x: 'parameters.T', y: 'parameters.kind', color: 'measured.energy' },
      colors: ['measured.energy', 'duration', 'pending', 'failure'],
    });
    const wanted = { x: 'parameters.kind', y: 'duration', color: 'measured.energy' };
    // The values of texts are one row, whose colors are y.
    expect(choicesOf([...all, ...times], wanted)).toMatchObject({
      plot: 'heatmap',
      color: 'duration',
      colors: [],
    });
  });

  test('are points for one parameter, and a line for the share of failures', () => {
    const all = [variable('parameters.T'), ...times];
    expect(choicesOf(all, none)).toMatchObject({
      ...{ plot: 'scatter', x: 'parameters.T', y: 'duration', color: 'result' },
      ...{ ys: ['duration', 'pending', 'failure'], colors: ['result', 'pending'] },
    });
    expect(choicesOf(all, { ...none, y: 'failure' })).toMatchObject({
      plot: 'scatter',
      y: 'failure',
      colors: [],
    });
    expect(choicesOf(times, none)).toMatchObject({ plot: 'scatter', x: 'duration', y: 'pending' });
    expect(choicesOf([], none)).toBe(null);
  });
});

test('numbers have colors on which their text is readable', () => {
  const luminance = (color: string) => {
    const parts = color.startsWith('#')
      ? [0, 0, 0].fill(color === '#fff' ? 255 : 0)
      : (color.match(/\d+/g) ?? []).map(Number);
    const [r = 0, g = 0, b = 0] = parts.map((part) =>
      part <= 0.04045 * 255 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  for (let share = 0; share <= 1; share += 0.01) {
    const both = [luminance(colorOf(share)), luminance(textColorOn(share))].sort((a, b) => b - a) as [
      number,
      number,
    ];
    expect((both[0] + 0.05) / (both[1] + 0.05)).toBeGreaterThanOrEqual(4.5);
  }
  expect(new Set([0, 0.25, 0.5, 0.75, 1].map(colorOf)).size).toBe(5);
  expect([shareOf(5, 0, 10), shareOf(3, 3, 3)]).toEqual([0.5, 0.5]);
});

test('the bars of a histogram are as wide as their exponents, with marks at the quantiles', () => {
  const empty = { count: 0, sum: 0, min: null, max: null, zeros: 0, scale: 1, first: 0, buckets: [] };
  expect(barsOf({ ...empty, quantiles: { p50: null, p95: null, p99: null } })).toBe(null);
  // At scale 1, the bucket 2 holds the numbers from 2 to 2.83.
  const bars = barsOf({
    ...{ ...empty, count: 4, first: 2, buckets: [3, 1] },
    quantiles: { p50: 2, p95: 4, p99: 4 },
  });
  expect(bars).toMatchObject({ places: [2.5, 3.5], counts: [3, 1] });
  expect(bars?.marks).toEqual([
    { name: 'P50', place: 2, value: 2 },
    { name: 'P95', place: 4, value: 4 },
    { name: 'P99', place: 4, value: 4 },
  ]);
  expect(numberAt(3, 1)).toBeCloseTo(2.83, 2);
});

test('an action is requested with the fields that it has, once its number is valid', () => {
  expect(requestOf('submit', 'a', '')).toEqual({ name: 'submit', label: 'a' });
  expect(requestOf('submit', 'a', '3')).toEqual({ name: 'submit', label: 'a', value: 3 });
  expect(requestOf('cancel', 'a', '3')).toEqual({ name: 'cancel', label: 'a' });
  expect(requestOf('grow', 'a', '2')).toEqual({ name: 'grow', value: 2 });
  expect([requestOf('grow', 'a', ''), requestOf('grow', 'a', '1.5')]).toEqual([null, null]);
  expect(questionOf({ name: 'submit', label: 'a', value: 1 })).toBe('Submit 1 job of a?');
});

test('the order of a column rises, falls, and is that of submission again', () => {
  const rising = sortedBy(EMPTY_QUERY, 'duration');
  const falling = sortedBy(rising, 'duration');
  expect([rising.sort, falling.sort, sortedBy(falling, 'duration').sort]).toEqual([
    'duration',
    'duration:desc',
    '',
  ]);
  expect([orderOf(rising, 'duration'), orderOf(falling, 'duration'), orderOf(falling, 'id')]).toEqual([
    ...['ascending', 'descending', 'none'],
  ]);
  expect(sortedBy(falling, 'id').sort).toBe('id');
  expect(shownColumns(['firing', 'duration', 'id', 'parameters.T'])).toEqual([
    'id',
    'duration',
    'parameters.T',
  ]);
});

test('a session asks for a token when the server refuses, and forgets a refused one', () => {
  const kept = new Map<string, string>();
  const session = new Session({
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
    removeItem: (key) => kept.delete(key),
  });
  session.refused('a token is required');
  expect([session.needed, session.refusal]).toEqual([true, null]);
  session.set(' secret ');
  expect([session.needed, session.token]).toEqual([false, 'secret']);
  session.refused('the token is unknown');
  expect([session.needed, session.refusal, session.token, kept.size]).toEqual([
    true,
    'the token is unknown',
    null,
    0,
  ]);
});
