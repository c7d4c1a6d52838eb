/** Streams of plausible but chaotic jobs, with random rules and random cuts, for fast-check. */

import fc from 'fast-check';
import { EMPTY_PLAN } from '../../src/engine/plan/plan.js';
import {
  type CasePlan,
  type CaseRule,
  type EventSpec,
  exception,
  jobspec,
  onCount,
  onRate,
  onStatistic,
  onWindow,
  rule,
  submitContext,
} from './build-case.js';
import type { Case, Cuts, Step } from './run-case.js';

export const groups = ['a', 'b-c.d', 'ünï 🌊'];
export const users: readonly unknown[] = [
  ...groups.map((group) => ({ group })),
  ...groups.map((group) => ({ group, ensemble: 'mine', more: [{ group: 'a' }] })),
  { group: 'a', ensemble: 'theirs' },
  { ensemble: null, group: 'a' },
  { group: 'later' },
  { group: 7 },
  null,
];
export const ids = [
  0n,
  1n,
  38319161344n,
  2n ** 53n,
  2n ** 53n + 1n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 2n,
];

/** Whole lives of jobs, of which `next` takes one step at a time. Times are filled in later. */
type Moment = readonly [name: string, context?: Readonly<Record<string, unknown>>];
const begin: readonly Moment[] = [
  ['submit', submitContext],
  ['validate'],
  ['depend'],
  ['priority', { priority: 16 }],
];
const run: readonly Moment[] = [['alloc', { annotations: null }], ['start']];
const over: readonly Moment[] = [['release', { ranks: 'all', final: true }], ['free'], ['clean']];
const ends = (status: number): readonly Moment[] => [['finish', { status }], ...over];
export const lives: readonly (readonly Moment[])[] = [
  [...begin, ['annotations', { annotations: {} }], ...run, ...ends(0)],
  [...begin, ...run, ...ends(256)],
  [...begin, ...run, ['exception', exception('cancel', 0)], ...ends(36608)],
  [...begin, ...run, ['exception', exception('timeout', 0)], ...ends(36352)],
  [...begin, ['exception', exception('cancel', 0)], ['clean']],
  [...begin, ['flux-restart'], ['priority', { priority: 1 }], ...run, ...ends(0)],
  [['submit', submitContext], ['invalidate']],
  [['submit', submitContext], ['dependency-add', { description: 'begin-time=1' }], ['invalidate']],
  [...begin, ...run, ['finish', { status: 256 }], ['exception', exception('cancel', 0)], ...over],
  [...begin, ...run, ['finish', { status: 9 }], ['exception', exception('timeout', 2)], ...over],
  [...begin, ...run, ['finish', { status: 0 }], ['exception', exception('cancel', 0)], ...over],
  [['submit', submitContext], ['start'], ['finish', { status: 0 }], ['clean']],
];

const anyMoment: fc.Arbitrary<Moment> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...lives.flat()) },
  {
    weight: 2,
    arbitrary: fc
      .record({ type: fc.constantFrom('cancel', 'timeout', 'exec', 'timelimit', ''), severity: fc.nat(7) })
      .map(({ type, severity }): Moment => ['exception', exception(type, severity)]),
  },
  {
    weight: 1,
    arbitrary: fc.integer({ min: -1, max: 70000 }).map((status): Moment => ['finish', { status }]),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Moment>(
      ['urgency', { urgency: 31, userid: 0 }],
      ['jobspec-update', { 'attributes.system.duration': 1.5 }],
      ['flux-restart'],
      ['debug.alloc-request'],
      ['dependency-add', { description: 'begin-time=1' }],
      ['memo', { text: 'é\u2028"\\', deep: { id: [1, { events: null }] } }],
      ['no-such-event', {}],
    ),
  },
);

const job = fc.nat(ids.length - 1);
const dt = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 0, max: 40 }).map((n) => n / 10) },
  { weight: 1, arbitrary: fc.constantFrom(0, 1e-7, 1000, -0.5, -30) },
);
// Some records carry a jobspec without need, and some lack one that they must have.
const spec = fc.oneof(
  { weight: 12, arbitrary: fc.constant('first' as const) },
  { weight: 1, arbitrary: fc.constantFrom('always' as const, 'never' as const) },
);

type Act =
  | {
      readonly act: 'next' | 'backlog';
      job: number;
      dt: number;
      spec: 'first' | 'always' | 'never';
      many: number;
    }
  | { readonly act: 'any'; job: number; dt: number; spec: 'first' | 'always' | 'never'; moments: Moment[] }
  | { readonly act: 'text'; text: string }
  | { readonly act: 'tear'; job: number; at: number }
  | { readonly act: 'tick'; dt: number };

const bad = fc.constantFrom(
  '',
  ' ',
  'null',
  '{}',
  '{"id":1}',
  '{"id":-1,"events":[]}',
  '{"events":[]}',
  '{"id":1.5,"events":[]}',
  '{"id":1,"events":[{"timestamp":1}]}',
  '{"id":1,"events":[{"timestamp":0,"name":"clean"}]}',
  '{"id":1,"events":[{"timestamp":1,"name":"clean"},{"timestamp":2,"name":"finish"}]}',
  '{"id":0,"events":[{"name":"exception","timestamp":1,"context":{"type":"cancel","severity":9}}]}',
);

export const acts = (ticks: boolean): fc.Arbitrary<Act[]> => {
  const moves = fc.record({
    act: fc.constantFrom('next', 'backlog'),
    job,
    dt,
    spec,
    many: fc.integer({ min: 2, max: 6 }),
  });
  const choices: fc.WeightedArbitrary<Act>[] = [
    { weight: 12, arbitrary: moves as fc.Arbitrary<Act> },
    {
      weight: 3,
      arbitrary: fc.record({
        act: fc.constant('any' as const),
        job,
        dt,
        spec,
        moments: fc.array(anyMoment, { maxLength: 3 }),
      }),
    },
    { weight: 1, arbitrary: bad.map((text): Act => ({ act: 'text', text })) },
    { weight: 1, arbitrary: fc.record({ act: fc.constant('tear' as const), job, at: fc.nat(60) }) },
  ];
  if (ticks) choices.push({ weight: 2, arbitrary: dt.map((by): Act => ({ act: 'tick', dt: by })) });
  return fc.array(fc.oneof(...choices), { maxLength: 120, size: 'max' });
};

const comparison = fc.constantFrom('<', '<=', '>', '>=', '==', '!=', null);
const events = [
  'submit',
  'clean',
  'start',
  'finish',
  'exception',
  'debug',
  'invalidate',
  'priority',
  'urgency',
  'memo',
];
const derived = ['sched', 'run', 'cleanup', 'inactive', 'success', 'fail', 'cancel', 'timeout'];
const counts = [
  'submitted',
  'finished',
  'success',
  'failed',
  'canceled',
  'timeout',
  'exception',
  'pending',
  'running',
] as const;
const extremes = ['min', 'max'] as const;
const statistics = [...extremes, 'mean', 'variance', 'iqr', 'mad', 'q25', 'q50', 'q75'] as const;

const asked = ['std', 'sum', 'last', 'count', 'ewma', 'quantile', 'piqr', 'pmad', ...extremes] as const;
const atAges = ['count', 'quantile', 'piqr', 'pmad', ...extremes] as const;

/** The second action of a metric rule, if any. */
export const resolution = (goto: fc.Arbitrary<number>): fc.Arbitrary<CaseRule['resolve']> =>
  fc.oneof(
    fc.constant(null),
    fc.record({
      goto,
      terminal: fc.integer({ min: 0, max: 15 }).map((n) => n === 0),
      wantsEvent: fc.boolean(),
    }),
  );

/** With ticks, only results that do not depend on the order in which the ages of waiting jobs are added. */
export const anyRule = (ticks: boolean): fc.Arbitrary<CaseRule> => {
  const common = {
    repetitions: fc.constantFrom(0, 1, 2, 3, 1000),
    backoff: fc.constantFrom(-1, -1, 0, 1, 2),
    terminal: fc.integer({ min: 0, max: 7 }).map((n) => n === 0),
    wantsEvent: fc.boolean(),
  };
  const judged = fc.record({
    ...common,
    group: fc.nat(groups.length - 1),
    comparison,
    threshold: fc.constantFrom(0, 1, 2, 3, 0.5, 1.5, 10, -1),
    resolve: resolution(fc.constant(-1)),
  });
  return fc.oneof(
    fc
      .record({
        ...common,
        trigger: fc.constant('job' as const),
        group: fc.integer({ min: -1, max: groups.length - 1 }),
        event: fc.constantFrom(...events, ...derived),
      })
      .map(rule),
    fc
      .tuple(fc.constantFrom(...counts), judged, fc.boolean())
      .map(([count, parts, fromZero]) => onCount(count, parts, fromZero)),
    fc
      .tuple(fc.constantFrom(...statistics), judged)
      .map(([statistic, parts]) => onStatistic(statistic, 'duration', parts)),
    fc
      .tuple(fc.constantFrom(...(ticks ? extremes : statistics)), judged)
      .map(([statistic, parts]) => onStatistic(statistic, 'pending', parts)),
    fc
      .tuple(fc.constantFrom(...asked), fc.constantFrom(0, 0, 5, 60), fc.constantFrom(0, 0.5, 0.99), judged)
      .map(([statistic, window, quantile, parts]) =>
        onWindow(statistic, 'duration', window, parts, quantile),
      ),
    fc
      .tuple(fc.constantFrom(...atAges), fc.constantFrom(0, 5, 60), judged)
      .map(([statistic, window, parts]) => onWindow(statistic, 'pending', window, parts, 0.9)),
    fc
      .tuple(fc.constantFrom(...counts.slice(0, 7)), fc.constantFrom(2, 30), judged)
      .map(([count, window, parts]) => onRate(count, window, parts)),
    fc.record({ ...common, trigger: fc.constantFrom('start' as const, 'heartbeat' as const) }).map(rule),
  );
};

/** Reverses the order of keys in every other record. */
function write(id: bigint, moments: readonly EventSpec[], withSpec: unknown): string {
  const flip = moments.length % 2 === 0 || id % 2n === 0n;
  const entries = moments.map(([timestamp, name, context]) => {
    const known = context === undefined ? {} : { context };
    return flip ? { ...known, name, timestamp } : { timestamp, name, ...known };
  });
  const parts = [`"id":${id}`, `"events":${JSON.stringify(entries)}`];
  if (withSpec !== undefined) parts.push(`"jobspec":${JSON.stringify(withSpec)}`);
  return `{${(flip ? parts.reverse() : parts).join(flip ? ' , ' : ',')}}\n`;
}

export function play(
  plan: CasePlan,
  kinds: readonly { user: number; life: number }[],
  all: readonly Act[],
): Case {
  const steps: Step[] = [{ do: 'start', now: 99 }];
  const jobs = kinds.map(({ user, life }) => ({
    spec: jobspec(users[user]),
    life: lives[life] ?? [],
    at: 0,
    told: false,
  }));
  let now = 100;
  for (const act of all) {
    if (act.act === 'text') {
      steps.push({ do: 'ingest', text: `${act.text}\n` });
      continue;
    }
    if (act.act === 'tick') {
      now = Math.max(now + act.dt, 0.125);
      steps.push({ do: 'tick', now });
      continue;
    }
    const one = jobs[act.job] as (typeof jobs)[number];
    const id = ids[act.job] as bigint;
    if (act.act === 'tear') {
      steps.push({ do: 'ingest', text: `${write(id, [[now, 'clean']], one.spec).slice(0, act.at)}\n` });
      continue;
    }
    let moments: readonly Moment[];
    if (act.act === 'any') {
      moments = act.moments;
    } else {
      moments = one.life.slice(one.at, one.at + (act.act === 'backlog' ? act.many : 1));
      one.at += moments.length;
    }
    const timed = moments.map(([name, context]): EventSpec => {
      now = Math.max(now + act.dt, 0.125);
      return context === undefined ? [now, name] : [now, name, context];
    });
    const tell = act.spec === 'always' || (act.spec === 'first' && !one.told);
    one.told ||= tell;
    steps.push({ do: 'ingest', text: write(id, timed, tell ? one.spec : undefined) });
  }
  steps.push({ do: 'finishStream' });
  return { plan, steps };
}

export interface ChaosRun {
  readonly one: Case;
  readonly cuts: Cuts;
}

export const chaos: fc.Arbitrary<ChaosRun> = fc.boolean().chain((ticks) =>
  fc
    .record({
      trackAll: fc.boolean(),
      ensemble: fc.constantFrom('', 'mine'),
      rules: fc.array(anyRule(ticks), { maxLength: 12 }),
      kinds: fc.array(fc.record({ user: fc.nat(users.length - 1), life: fc.nat(lives.length - 1) }), {
        minLength: ids.length,
        maxLength: ids.length,
      }),
      all: acts(ticks),
      cuts: fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 6 }),
    })
    .map(({ trackAll, ensemble, rules, kinds, all, cuts }) => ({
      one: play({ ...EMPTY_PLAN, virtualTime: true, groups, trackAll, ensemble, rules }, kinds, all),
      cuts,
    })),
);
