import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { configFromObject, parseConfig } from '../../../src/config/load.js';
import { ConfigError } from '../../../src/errors.js';
import { HELLO } from './helpers.js';

/** Text that is nearly YAML is more likely to reach deep than any other. */
const yamlish = fc
  .array(
    fc.constantFrom(
      ...[
        'jobs:',
        'rules:',
        'custom:',
        'logging:',
        'name:',
        'trigger:',
        'action:',
        'when:',
        '<<:',
        '*a',
        '&a ',
      ],
      ...[
        '\n',
        '\n  ',
        '\n    ',
        '- ',
        ' ',
        '[',
        ']',
        '{',
        '}',
        ', ',
        '"',
        "'",
        '|',
        '>',
        '---\n',
        '%YAML 1.1\n',
      ],
      ...['submit', 'metric', 'start', 'count.a.success', '> 5', '3', 'null', '!!set', '!', '#', '\t', '? '],
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(''));

/** A right file with a piece replaced. */
const damaged = fc
  .tuple(fc.nat(HELLO.length), fc.nat(40), fc.oneof(fc.string({ unit: 'binary' }), yamlish))
  .map(([at, length, patch]) => HELLO.slice(0, at) + patch + HELLO.slice(at + length));

const scalar = fc.oneof(
  fc.constantFrom(
    'start',
    'metric',
    'job-finish',
    'submit',
    'custom',
    'grow',
    'a',
    'count.a.success',
    '> 3',
    '',
  ),
  fc.double(),
  fc.integer(),
  fc.constant(null),
  fc.constant(undefined),
  fc.boolean(),
  fc.anything({ maxDepth: 2 }),
);
const sometimes = <T>(usual: fc.Arbitrary<T>) => fc.oneof({ weight: 4, arbitrary: usual }, scalar);
const mapping = (...keys: string[]) =>
  fc.dictionary(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...keys) }, fc.string()), scalar);
const job = mapping('name', 'command', 'count', 'nodes', 'tasks', 'environment', 'output', 'duration');
const action = mapping('name', 'label', 'value', 'repetitions', 'backoff', 'timeout', 'onError');
const rule = fc.record(
  { trigger: scalar, name: scalar, when: scalar, action: sometimes(action) },
  { requiredKeys: [] },
);
const ensemble = fc.record(
  {
    jobs: sometimes(fc.array(sometimes(job), { maxLength: 3 })),
    rules: sometimes(fc.array(sometimes(rule), { maxLength: 3 })),
    logging: sometimes(mapping('debug', 'heartbeat')),
    custom: scalar,
  },
  { requiredKeys: [] },
);

/** Reads, and checks that nothing but a ConfigError that tells of an error comes out of it. */
function readSafely(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.diagnostics.some(({ severity }) => severity === 'error')).toBe(true);
    expect(error.diagnostics.every(({ message }) => message !== '')).toBe(true);
  }
}

describe('whatever it is given,', () => {
  it.each([
    ['text', fc.string({ unit: 'binary', maxLength: 200 })],
    ['nearly YAML', yamlish],
    ['a damaged file', damaged],
    ['JSON', fc.json()],
  ])('parseConfig throws nothing but ConfigError: %s', (_, text) => {
    fc.assert(
      fc.property(text, (input) => readSafely(() => parseConfig(input))),
      { numRuns: 1000 },
    );
  });

  it('parseConfig does so for what is no text', () => {
    fc.assert(
      fc.property(fc.anything(), (input) => {
        fc.pre(typeof input !== 'string');
        readSafely(() => parseConfig(input as string));
      }),
    );
  });

  it('configFromObject throws nothing but ConfigError: what holds itself', () => {
    const node = fc.constantFrom('jobs', 'rules', 'attributes', 'environment', 'with', 'action', 'a');
    fc.assert(
      fc.property(fc.array(node, { minLength: 1, maxLength: 6 }), fc.boolean(), (keys, list) => {
        const root: Record<string, unknown> = { jobs: [], rules: [] };
        let at = root;
        for (const key of keys) {
          const next = {};
          at[key] = list ? [next] : next;
          at = next;
        }
        at.end = root;
        expect(() => configFromObject(root)).toThrow(ConfigError);
      }),
    );
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level++) deep = { attributes: deep };
    expect(() => configFromObject({ jobs: [deep], rules: [] })).toThrow(/nested too deeply/);
  });

  it.each([
    ['anything', fc.anything({ withNullPrototype: true, withMap: true, withBigInt: true })],
    ['nearly an ensemble', ensemble],
  ])('configFromObject throws nothing but ConfigError: %s', (_, value) => {
    fc.assert(
      fc.property(value, (input) => readSafely(() => configFromObject(input))),
      { numRuns: 2000 },
    );
  });
});
