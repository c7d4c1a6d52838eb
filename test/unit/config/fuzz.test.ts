import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { configFromObject, loadConfig, parseConfig } from '../../../src/config/load.js';
import { loadTests } from '../../../src/config/load-tests.js';
import { ConfigError, EnsembleError } from '../../../src/errors.js';
import { HELLO } from '../../support/config.js';

/** Text that resembles YAML is more likely to reach deep code than other text. */
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
      ...[
        'parameters:',
        'retry:',
        'use:',
        'tests:',
        'x-a:',
        'exec',
        'command:',
        '{{x}}',
        '{{event.id}}',
        '&&',
        '$A',
      ],
      ...[
        '18446744073709551615',
        '0x10',
        '1.10',
        '.inf',
        '1h',
        '-0',
        'from:',
        'to:',
        'step:',
        'replace-failures',
      ],
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(''));

/** A valid file with one piece replaced. */
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
    'exec',
    'run {{x}} && $HOME > *',
    '{{event.id}}',
    '1h30m',
    9007199254740993n,
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
const job = mapping(
  ...['name', 'command', 'count', 'nodes', 'tasks', 'environment', 'output', 'error', 'workdir', 'duration'],
  ...[
    'parameters',
    'samples',
    'seed',
    'retry',
    'stalled',
    'attributes',
    'urgency',
    'queue',
    'x-a',
    'walltime',
  ],
);
const action = mapping(
  ...[
    'name',
    'label',
    'value',
    'repetitions',
    'backoff',
    'timeout',
    'onError',
    'command',
    'parameters',
    'goto',
  ],
  ...['with', 'x-a'],
);
const rule = fc.record(
  { trigger: scalar, name: scalar, when: scalar, in: scalar, for: scalar, action: sometimes(action) },
  { requiredKeys: [] },
);
const ensemble = fc.record(
  {
    jobs: sometimes(fc.array(sometimes(job), { maxLength: 3 })),
    rules: sometimes(fc.array(sometimes(rule), { maxLength: 3 })),
    logging: sometimes(mapping('debug', 'heartbeat')),
    custom: scalar,
    states: sometimes(fc.array(scalar, { maxLength: 3 })),
    use: sometimes(fc.array(sometimes(mapping('algorithm', 'with')), { maxLength: 2 })),
    tests: sometimes(fc.array(sometimes(mapping('name', 'jobs', 'events', 'expect')), { maxLength: 2 })),
  },
  { requiredKeys: [] },
);

/** Reads the input, and checks that the only failure is a ConfigError with an error in it. */
function readSafely(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.diagnostics.some(({ severity }) => severity === 'error')).toBe(true);
    expect(error.diagnostics.every(({ message }) => message !== '')).toBe(true);
  }
}

describe('for any input,', () => {
  test.each([
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

  test('loadConfig and loadTests throw only errors of the package, for bytes and for YAML of any value', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ensemble-fuzz-'));
    const path = join(folder, 'e.yaml');
    const values = fc.oneof(fc.anything({ withBigInt: true, maxDepth: 3 }), ensemble);
    const yaml = values.map((value) => {
      try {
        return Buffer.from(stringify(value));
      } catch {
        return Buffer.from('a: 1');
      }
    });
    const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
    const testFile = yaml.map((text) => Buffer.concat([Buffer.from('ensemble: ./e.yaml\n'), text]));
    try {
      await fc.assert(
        fc.asyncProperty(fc.oneof(bytes, yaml, testFile), async (content) => {
          writeFileSync(path, content);
          for (const load of [loadConfig, loadTests]) {
            const error: unknown = await load(path).then(
              () => null,
              (reason: unknown) => reason,
            );
            if (error !== null) expect(error).toBeInstanceOf(EnsembleError);
          }
        }),
        { numRuns: 500 },
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('parseConfig throws only ConfigError for values that are not text', () => {
    fc.assert(
      fc.property(fc.anything(), (input) => {
        fc.pre(typeof input !== 'string');
        readSafely(() => parseConfig(input as string));
      }),
    );
  });

  test('configFromObject throws only ConfigError for an object that contains itself', () => {
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

  test.each([
    ['anything', fc.anything({ withNullPrototype: true, withMap: true, withBigInt: true })],
    ['nearly an ensemble', ensemble],
  ])('configFromObject throws nothing but ConfigError: %s', (_, value) => {
    fc.assert(
      fc.property(value, (input) => readSafely(() => configFromObject(input))),
      { numRuns: 2000 },
    );
  });
});
