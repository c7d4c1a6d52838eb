/** Cases about metrics that are kept only where a rule names them: sketches, windows, rates. */

import type { NativeStatistic } from '../../src/engine/plan/plan.js';
import {
  type CaseRule,
  jobspec,
  line,
  live,
  onRate,
  onStatistic,
  onWindow,
  plan,
  untilSched,
  wholeJob,
} from './build-case.js';
import type { Case, Step } from './run-case.js';

const a = { group: 'a' };
const kept = ['mean', 'variance', 'min', 'max', 'iqr', 'mad', 'q25', 'q50', 'q75'] as const;
const plain = ['std', 'sum', 'last', 'count'] as const;
const sketched = ['quantile', 'piqr', 'pmad'] as const;
const counts = ['submitted', 'finished', 'success', 'failed', 'canceled', 'timeout', 'exception'] as const;

/** Every statistic of a window, or of the whole run for 0. */
function everything(variable: 'duration' | 'pending', window: number): CaseRule[] {
  const others: NativeStatistic[] = window === 0 ? ['ewma'] : [];
  const quantiles = [0, 0.05, 0.5, 0.95, 0.999, 1];
  return [
    ...[...kept, ...plain, ...sketched.slice(1), ...others].map((name) => onWindow(name, variable, window)),
    ...quantiles.map((q) => onWindow('quantile', variable, window, {}, q)),
  ];
}

/** A job that begins at `t`, of nearly any length, zero included. */
function job(i: number, t: number): string {
  const duration = i % 7 === 0 ? 0 : ((i * i * 37) % 1009) / (i % 5 === 0 ? 0.01 : 10);
  return live(BigInt(i), i % 4 === 0 ? { group: 'b' } : a, [
    ...untilSched(t),
    [t + 0.5 + (i % 3), 'start'],
    [t + 3 + duration, 'finish', { status: i % 6 === 0 ? 256 : 0 }],
    [t + 4 + duration, 'clean'],
  ]);
}

const jobs = (from: number, to: number, every: number) =>
  Array.from({ length: to - from }, (_, i) => job(from + i, 100 + (from + i) * every)).join('');

const start: Step = { do: 'start', now: 90 };
const of = (rules: readonly CaseRule[], ...steps: readonly Step[]): Case => ({
  // In virtual time: in real time, windows would move with the clock.
  plan: plan({ rules, virtualTime: true }),
  steps: [start, ...steps],
});

export const metricCases: Readonly<Record<string, Case>> = {
  'every statistic by name': of([...everything('duration', 0), ...everything('pending', 0)], {
    do: 'ingest',
    text: jobs(1, 60, 10),
  }),
  'every statistic over windows': of(
    [60, 600, 7.3].flatMap((window) => [...everything('duration', window), ...everything('pending', window)]),
    { do: 'ingest', text: jobs(1, 40, 10) },
  ),
  'windows that ticks empty': of(
    [...everything('duration', 60), ...everything('pending', 120)],
    { do: 'ingest', text: jobs(1, 10, 3) },
    ...[1000, 5000, 5059, 5060, 5061, 90].map((now): Step => ({ do: 'tick', now })),
    { do: 'ingest', text: jobs(20, 25, 3) },
  ),
  'rates of everything that only grows': of(
    [10, 60, 3600].flatMap((window) => counts.map((count) => onRate(count, window))),
    { do: 'tick', now: 99.9 },
    { do: 'tick', now: 100 },
    { do: 'ingest', text: jobs(1, 30, 2) },
    { do: 'tick', now: 20_000 },
  ),
  'a rate without a start has no value': {
    plan: plan({ rules: [onRate('finished', 1)], virtualTime: false }),
    steps: [{ do: 'ingest', text: jobs(1, 5, 5) }],
  },
  'records that are late go where they belong': of(
    [onWindow('sum', 'duration', 60), onWindow('last', 'duration', 60), onRate('finished', 60)],
    { do: 'ingest', text: live(1n, a, wholeJob(500)) },
    { do: 'ingest', text: live(2n, a, wholeJob(460)) },
    { do: 'ingest', text: live(3n, a, wholeJob(430)) },
    { do: 'ingest', text: live(4n, { group: 'nobody' }, wholeJob(505)) },
    { do: 'ingest', text: live(5n, a, wholeJob(525)) },
  ),
  'a job that comes without an event, into a window that is empty': of(
    [onRate('submitted', 30, { comparison: '<', threshold: 2 }), onRate('finished', 2)],
    { do: 'ingest', text: live(1n, a, untilSched(100)) + line(1n, [[140, 'memo']]) },
    { do: 'ingest', text: line(2n, [], jobspec(a)) },
    {
      do: 'ingest',
      text: line(1n, [
        [141, 'start'],
        [141.5, 'finish', { status: 0 }],
        [180, 'memo'],
      ]),
    },
  ),
  'windows and sketches of rules added on the way': of(
    [onStatistic('mean', 'duration')],
    { do: 'ingest', text: jobs(1, 9, 5) },
    { do: 'addRule', rule: onWindow('sum', 'duration', 0) },
    { do: 'addRule', rule: onWindow('quantile', 'duration', 0, {}, 0.5) },
    { do: 'addRule', rule: onRate('finished', 60) },
    { do: 'ingest', text: jobs(9, 15, 5) },
    { do: 'addRule', rule: onWindow('pmad', 'duration', 600) },
    { do: 'addRule', rule: onWindow('ewma', 'duration', 0) },
    { do: 'ingest', text: jobs(15, 40, 5) },
  ),
  'heartbeats over a job that waits, with everything asked of pending times': of(
    [...everything('pending', 0), ...everything('pending', 60), onRate('submitted', 60)],
    { do: 'ingest', text: jobs(1, 9, 5) + live(100n, a, untilSched(160)) },
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
  ),
};
