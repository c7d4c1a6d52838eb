import fc from 'fast-check';
import { describe, test } from 'vitest';
import { configFromObject } from '../../../src/config/load.js';
import { ConfigError } from '../../../src/errors.js';

const scalar = fc.oneof(
  fc.constantFrom<unknown>(
    'a',
    '10s',
    '1..3',
    'finish a 1',
    'submit a x2',
    'replace-failures',
    './x.yaml',
    'exit 3',
  ),
  fc.constantFrom<unknown>('> 3', '40 +- 2', 'count.a.success', 'idle', null, undefined, 5, -1, 0.5, true),
  fc.anything({ maxDepth: 2 }),
);
const of = (keys: readonly string[], value: fc.Arbitrary<unknown>) =>
  fc.dictionary(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...keys) }, fc.string()), value);
const listOf = (value: fc.Arbitrary<unknown>) => fc.oneof(fc.array(value, { maxLength: 4 }), value, scalar);
const plan = of(['wait', 'duration', 'outcome'], listOf(scalar));
const timed = listOf(of(['0s', '10s', '1m', 'x'], listOf(scalar)));
const expectations = fc.record(
  {
    firings: timed,
    metrics: of(['count.a.success', 'mean.a-duration', 'x'], scalar),
    state: scalar,
    end: scalar,
    within: scalar,
  },
  { requiredKeys: [] },
);
const testCase = fc.record(
  {
    name: fc.oneof(fc.constantFrom('t', 'u'), scalar),
    jobs: fc.oneof(of(['a', 'b'], fc.oneof(plan, scalar)), scalar),
    events: timed,
    slots: scalar,
    start: scalar,
    until: scalar,
    recording: scalar,
    synth: fc.oneof(of(['groups', 'jobs', 'seed', 'meanDuration'], listOf(scalar)), scalar),
    expect: fc.oneof(expectations, scalar),
  },
  { requiredKeys: ['name', 'expect'] },
);
const use = of(['algorithm', 'with'], fc.oneof(of(['group', 'budget', 'target'], scalar), scalar));

describe('tests and uses of any kind', () => {
  test('are read, or refused with a message', () => {
    fc.assert(
      fc.property(listOf(testCase), listOf(use), (tests, uses) => {
        try {
          configFromObject({ jobs: [{ name: 'a', command: 'x' }], rules: [], tests, use: uses });
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });
});
