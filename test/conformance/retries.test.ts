/** Which jobs are submitted again, and when: the native engine against a plain model of the rules. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { NativeRetry } from '../../src/engine/addon.js';
import { Engine } from '../../src/engine/engine.js';
import type { PlanRetry } from '../../src/engine/plan/plan.js';
import { ReferenceEngine } from '../reference/reference-engine.js';
import {
  compile,
  type EventSpec,
  exception as exceptionContext,
  line,
  live,
  onCount,
  plan,
  untilSched,
} from './build-case.js';
import { testAddon } from './run-case.js';

const exception = (time: number, type: string, severity = 0): EventSpec => [
  time,
  'exception',
  exceptionContext(type, severity),
];

const ends: Readonly<Record<string, readonly EventSpec[]>> = {
  good: [[3, 'finish', { status: 0 }]],
  bad: [[3, 'finish', { status: 256 }]],
  badly: [exception(2, 'exec'), [3, 'finish', { status: 0 }]],
  late: [exception(2, 'timeout'), [3, 'finish', { status: 15 }]],
  canceled: [exception(2, 'cancel'), [3, 'finish', { status: 15 }]],
  'canceled while it waited': [exception(0.5, 'cancel')],
  'never started': [exception(0.5, 'alloc')],
  'with a note': [exception(2, 'node-slow', 3), [3, 'finish', { status: 256 }]],
};

const job = fc.record({
  group: fc.constantFrom('a', 'b', 'c'),
  origin: fc.oneof(
    { weight: 4, arbitrary: fc.record({ entry: fc.nat(3), attempt: fc.nat(3) }) },
    fc.constantFrom({ entry: 0 }, { rule: 1 }, { entry: -1 }, { entry: 'x', attempt: 1 }, 7, null, {}),
  ),
  parameters: fc.constantFrom({ t: 1 }, undefined),
  end: fc.constantFrom(...Object.values(ends)),
});

const retry: fc.Arbitrary<PlanRetry | null> = fc.option(
  fc.record({
    times: fc.nat(3),
    initial: fc.constantFrom(0, 0.5, 10),
    factor: fc.constantFrom(1, 2),
    longest: fc.constantFrom(15, 1e9),
    failed: fc.boolean(),
    timeout: fc.boolean(),
    canceled: fc.boolean(),
    exceptions: fc.subarray(['exec', 'alloc', 'node-slow']),
    entries: fc.constant(null),
  }),
);

test('both submit the same jobs again, at the same times', async () => {
  let seen = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(job, { maxLength: 12 }), retry, retry, async (jobs, first, second) => {
      const text = jobs
        .map(({ group, origin, parameters, end }, i) => {
          const start = 100 * (i + 1);
          const events: EventSpec[] = end.some(([, name]) => name === 'finish') ? [[1, 'start']] : [];
          const rest = [...events, ...end, [4, 'clean'] as const].map(
            ([time, ...more]) => [start + time, ...more] as EventSpec,
          );
          return live(BigInt(i + 1), { group, origin, parameters }, [...untilSched(start), ...rest]);
        })
        .join('');
      const compiled = compile(
        plan({
          groups: ['a', 'b', 'c'],
          virtualTime: true,
          remembered: [
            { group: 0, retry: first },
            { group: 1, retry: second },
          ],
          rules: [0, 1, 2].map((group) => onCount('retried', { group })),
        }),
      );
      // The last event makes the engine report everything that is due.
      const all = `${text}${line(99n, [[1e6, 'memo']])}`;
      const reference = new ReferenceEngine(compiled);
      reference.ingest(all);
      const retries: NativeRetry[] = [];
      const firings: [number, number | null][] = [];
      const engine = new Engine(
        compiled,
        {
          firing: ({ rule, value }) => firings.push([rule, value]),
          decodeError: (error) => expect.fail(error.reason),
          retry: (told) => retries.push(told),
        },
        { addon: testAddon() },
      );
      try {
        await engine.ingest(new TextEncoder().encode(all));
        const { groups, status } = await engine.metrics();
        expect([...groups.values()].map(({ count }) => count)).toEqual(
          [...reference.metrics.values()].map(({ count }) => count),
        );
        expect(status.retrying).toBe(0);
      } finally {
        engine.close();
      }
      expect(firings).toEqual(reference.firings.map(({ rule, value }) => [rule, value]));
      const inTime = reference.retries
        .map((each, number) => ({ ...each, number }))
        .sort((a, b) => a.due - b.due || a.number - b.number);
      expect(
        retries.map(({ job, attempt, timestamp: due, number }) => ({ job, attempt, due, number })),
      ).toEqual(inTime);
      seen += retries.length;
    }),
    { numRuns: 150 },
  );
  expect(seen).toBeGreaterThan(0);
});
