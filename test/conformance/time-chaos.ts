/** Chaotic streams in virtual time, with rules about time, states and several metrics, for fast-check. */

import fc from 'fast-check';
import { EMPTY_PLAN, type PlanMetric, type PlanStep } from '../../src/engine/plan/plan.js';
import { type CaseRule, onCount, onStatistic, rule } from './build-case.js';
import { acts, anyRule, type ChaosRun, groups, ids, lives, play, resolution, users } from './chaos.js';

const states = ['explore', 'refine', 'done'];

const operands: readonly PlanMetric[] = [
  onCount('finished'),
  onCount('failed', { group: 1 } as never),
  onCount('running'),
  onCount('pending', { group: 2 } as never),
  onStatistic('max', 'duration'),
  onStatistic('min', 'pending'),
].map(({ metric }) => metric as PlanMetric);

const step = (op: PlanStep['op'], value: PlanStep['value'] = null): PlanStep => ({ op, value });
const number = fc.constantFrom(0, 1, 2, 3, 0.5, -1).map((value) => [step('number', value)]);
const names = ['finish', 'clean', 'exception', 'debug', 'cancel', '', ...states];

/** Steps that make a condition. `event` is known only to rules on jobs. */
const condition = fc.letrec<{ number: PlanStep[]; text: PlanStep[]; truth: PlanStep[] }>((tie) => ({
  number: fc.oneof(
    { maxDepth: 3 },
    number,
    fc.nat(operands.length - 1).map((index) => [step('metric', index)]),
    fc.constantFrom('event.status' as const, 'event.exception.severity' as const).map((op) => [step(op)]),
    fc
      .tuple(
        tie('number'),
        tie('number'),
        fc.constantFrom('+' as const, '-' as const, '*' as const, '/' as const),
      )
      .map(([a, b, op]) => [...a, ...b, step(op)]),
    tie('number').map((a) => [...a, step('negative')]),
  ),
  text: fc.oneof(
    fc
      .constantFrom('state' as const, 'event.name' as const, 'event.exception.type' as const)
      .map((op) => [step(op)]),
    fc.constantFrom(...names).map((name) => [step('text', name)]),
  ),
  truth: fc.oneof(
    { maxDepth: 4 },
    fc
      .tuple(
        tie('number'),
        tie('number'),
        fc.constantFrom(
          '<' as const,
          '<=' as const,
          '>' as const,
          '>=' as const,
          '==' as const,
          '!=' as const,
        ),
      )
      .map(([a, b, op]) => [...a, ...b, step(op)]),
    fc
      .tuple(tie('text'), tie('text'), fc.constantFrom('same' as const, 'different' as const))
      .map(([a, b, op]) => [...a, ...b, step(op)]),
    fc
      .tuple(tie('truth'), tie('truth'), fc.constantFrom('and' as const, 'or' as const))
      .map(([a, b, op]) => [...a, ...b, step(op)]),
    tie('truth').map((a) => [...a, step('not')]),
  ),
})).truth;

const timing = fc.record({
  for: fc.constantFrom(0, 0, 1, 5.5, 30),
  cooldown: fc.constantFrom(0, 0, 2, 20),
  interval: fc.constantFrom(1.5, 4, 60),
});

const state = fc.nat(states.length - 1);
const placing = fc.record({
  in: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.uniqueArray(state, { minLength: 1, maxLength: 2 }) },
  ),
  goto: fc.oneof(fc.constant(-1), state),
  enter: state,
});

const common = {
  repetitions: fc.constantFrom(1, 2, 3, 1000),
  backoff: fc.constantFrom(-1, -1, 0, 1),
  terminal: fc.integer({ min: 0, max: 40 }).map((n) => n === 0),
  wantsEvent: fc.boolean(),
};

const timeRule: fc.Arbitrary<CaseRule> = fc
  .record({
    base: fc.oneof(
      anyRule(true),
      fc
        .record({
          ...common,
          trigger: fc.constantFrom('interval' as const, 'state' as const, 'heartbeat' as const),
        })
        .map(rule),
      fc
        .record({
          ...common,
          trigger: fc.constant('job' as const),
          event: fc.constant('stalled'),
          group: fc.integer({ min: -1, max: groups.length - 1 }),
        })
        .map(rule),
      fc.record({ ...common, trigger: fc.constant('metric' as const) }).map(rule),
    ),
    when: condition,
    conditional: fc.boolean(),
    timing,
    placing,
    resolve: resolution(placing.map(({ goto }) => goto)),
  })
  .map(({ base, when, conditional, timing: times, placing: places, resolve }) => {
    const { trigger } = base;
    const isMetric = trigger === 'metric';
    // A condition without a metric of its own is an expression.
    const expressed = isMetric ? base.metric === null : conditional && trigger !== 'start';
    return {
      ...base,
      ...(expressed ? { when, operands } : {}),
      timing: {
        for: isMetric || trigger === 'state' ? times.for : 0,
        cooldown: times.cooldown,
        interval: trigger === 'interval' ? times.interval : 0,
      },
      states: places,
      resolve: isMetric ? resolve : null,
    };
  });

/** As `chaos`, in virtual time. */
export const timeChaos: fc.Arbitrary<ChaosRun> = fc
  .record({
    rules: fc.array(timeRule, { minLength: 2, maxLength: 14 }),
    stalled: fc.array(fc.constantFrom(0, 0.5, 3, 12), { minLength: groups.length, maxLength: groups.length }),
    heartbeat: fc.constantFrom(0, 2, 25),
    kinds: fc.array(fc.record({ user: fc.nat(users.length - 1), life: fc.nat(lives.length - 1) }), {
      minLength: ids.length,
      maxLength: ids.length,
    }),
    all: acts(true),
    cuts: fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 6 }),
  })
  .map(({ rules, stalled, heartbeat, kinds, all, cuts }) => {
    const plan = { ...EMPTY_PLAN, groups, states, stalled, heartbeat, virtualTime: true, rules };
    const { steps, ...one } = play(plan, kinds, all);
    // The run begins with the first event, and changes its state in the middle.
    const [, ...rest] = steps;
    rest.splice(rest.length >> 1, 0, { do: 'goTo', state: rest.length % states.length });
    return { one: { ...one, steps: rest }, cuts };
  });
