/** Cases about rules: repetitions, backoff, order, the end of a run, heartbeats. */

import {
  aCase,
  backlog,
  exception,
  line,
  live,
  onCount,
  onJob,
  onStatistic,
  rule,
  untilSched,
  wholeJob,
} from './build-case.js';
import type { Case } from './run-case.js';

const a = { group: 'a' };
const b = { group: 'b' };
const jobs = (from: number, to: number, user = a) => {
  let text = '';
  for (let i = from; i < to; i++)
    text += live(BigInt(i), user, wholeJob(10 * i + ((i * i) % 7), i % 3 === 0 ? 256 : 0));
  return text;
};
const comparisons = ['<', '<=', '>', '>=', '==', '!='] as const;
const heartbeat = rule({ trigger: 'heartbeat' });

export const ruleCases: Readonly<Record<string, Case>> = {
  'many jobs, every rule': aCase(jobs(1, 40) + jobs(40, 60, b)),
  'start rules': {
    ...aCase(jobs(1, 4), {
      rules: [
        rule({ trigger: 'start', repetitions: 1 }),
        onJob('clean'),
        rule({ trigger: 'start', repetitions: 1, wantsEvent: true }),
        rule({ trigger: 'start', repetitions: 0 }),
      ],
    }),
  },
  'repetitions and backoff': aCase(jobs(1, 30), {
    rules: [0, 1, 2, 5].flatMap((repetitions) =>
      [-1, 0, 1, 3].flatMap((backoff) => [
        onJob('finish', { repetitions, backoff }),
        onCount('success', { repetitions, backoff, comparison: '>', threshold: 2 }),
      ]),
    ),
  }),
  'occasions that the condition refuses do not count': aCase(jobs(1, 30), {
    rules: comparisons.flatMap((comparison) => [
      onCount('running', { comparison, threshold: 0, repetitions: 3, backoff: 1 }),
      onCount('finished', { comparison, threshold: 5 }),
      onStatistic('mean', 'duration', { comparison, threshold: 1.5 }),
      onStatistic('max', 'pending', { comparison, threshold: 0.75, repetitions: 2 }),
    ]),
  }),
  'conditions that stop holding': aCase(jobs(1, 30), {
    rules: [1, 2, 1000].flatMap((repetitions) =>
      [
        { timing: null, backoff: -1 },
        { timing: { for: 2, cooldown: 0, interval: 0 }, backoff: -1 },
        { timing: { for: 0, cooldown: 15, interval: 0 }, backoff: 1 },
      ].map((parts) =>
        onCount('running', {
          ...{ repetitions, comparison: '>' as const, threshold: 0, ...parts },
          resolve: { goto: -1, terminal: false, wantsEvent: true },
        }),
      ),
    ),
  }),
  'metric rules before job rules, each in the order of rules': aCase(jobs(1, 3), {
    rules: [onJob('success'), onCount('success'), onJob('finish'), onCount('finished'), onJob('cleanup')],
  }),
  'a rule filters by group': aCase(jobs(1, 4) + jobs(4, 8, b), {
    rules: [
      onJob('finish', { group: 1 }),
      onJob('fail', { group: 0 }),
      onJob('run'),
      onCount('failed', { group: 1 }),
    ],
  }),
  'a terminal metric rule ends the judging in the middle of an event': aCase(jobs(1, 8), {
    rules: [
      onJob('finish'),
      onCount('finished'),
      onCount('success', { terminal: true, threshold: 2, comparison: '==' }),
      onCount('running'),
    ],
  }),
  'a terminal job rule': aCase(jobs(1, 8), {
    rules: [onJob('fail', { terminal: true, backoff: 2 }), onJob('fail'), onJob('finish'), heartbeat],
  }),
  'a terminal start rule': aCase(jobs(1, 3), {
    rules: [
      rule({ trigger: 'start' }),
      rule({ trigger: 'start', terminal: true }),
      rule({ trigger: 'start' }),
      onJob('submit'),
    ],
  }),
  'the end by command': aCase(jobs(1, 3), {}, [
    { do: 'end' },
    { do: 'ingest', text: jobs(3, 6) },
    { do: 'tick', now: 1000 },
  ]),
  'rules added on the way': aCase(jobs(1, 4), { rules: [onJob('submit', { repetitions: 2 })] }, [
    { do: 'addRule', rule: onJob('finish') },
    { do: 'addRule', rule: onCount('success', { comparison: '>', threshold: 3 }) },
    { do: 'ingest', text: jobs(4, 9) },
    { do: 'addRule', rule: heartbeat },
    { do: 'addRule', rule: onStatistic('min', 'duration', { terminal: true }) },
    { do: 'tick', now: 500 },
    { do: 'ingest', text: jobs(9, 12) },
  ]),
  'metrics without a value are not judged': aCase(live(1n, a, untilSched(10)), {}, [
    { do: 'tick', now: 0.5 },
  ]),
  'heartbeats with nothing there': aCase(
    '',
    { rules: [heartbeat, onCount('pending'), onStatistic('min', 'pending')] },
    [
      { do: 'tick', now: 5 },
      { do: 'tick', now: 6 },
    ],
  ),
  'heartbeats over a job that waits': aCase(jobs(1, 9) + live(100n, a, untilSched(100)), {}, [
    { do: 'tick', now: 200 },
    { do: 'tick', now: 300.5 },
    {
      do: 'ingest',
      text: line(100n, [
        [301, 'alloc'],
        [302, 'start'],
      ]),
    },
    { do: 'tick', now: 400 },
  ]),
  'heartbeats over jobs that wait, do not wait any more, or can not wait yet': aCase(
    live(1n, a, untilSched(100)) +
      live(2n, a, untilSched(110).slice(0, 1)) +
      live(3n, a, [...untilSched(90), [91, 'exception', exception('cancel', 0)]]) +
      live(4n, a, [...untilSched(80), [81, 'alloc'], [82, 'start']]) +
      live(5n, a, [...untilSched(70), [71, 'alloc']]) +
      live(6n, a, untilSched(60).slice(1)) +
      live(7n, b, untilSched(50)) +
      backlog(8n, a, [
        [40, 'submit'],
        [41, 'invalidate'],
      ]),
    {
      rules: [0, 1].flatMap((group) =>
        (['min', 'max'] as const).flatMap((statistic) => [
          onStatistic(statistic, 'pending', { group }),
          onStatistic(statistic, 'duration', { group }),
        ]),
      ),
    },
    [
      { do: 'tick', now: 120 },
      { do: 'tick', now: 105 },
      { do: 'tick', now: 45 },
    ],
  ),
  'heartbeats count as occasions': aCase(
    jobs(1, 5),
    {
      rules: [
        onCount('finished', { backoff: 2 }),
        { ...heartbeat, backoff: 1 },
        { ...heartbeat, repetitions: 2 },
      ],
    },
    [1, 2, 3, 4, 5, 6].map((now) => ({ do: 'tick', now })),
  ),
  'a terminal rule at a heartbeat': aCase(
    jobs(1, 5),
    {
      rules: [
        heartbeat,
        onCount('finished', { threshold: 3, comparison: '>=', terminal: true }),
        onCount('success'),
      ],
    },
    [
      { do: 'tick', now: 99 },
      { do: 'tick', now: 100 },
    ],
  ),
};
