import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ensembleJsonSchema, type JsonSchema } from '../../../src/config/schema/json-schema.js';
import { TRIGGERS } from '../../../src/language/triggers/catalog.js';
import { diagnose, HELLO, withJob, withRules } from '../../support/config.js';

const schema = ensembleJsonSchema();

function at(...path: string[]): JsonSchema {
  let found: unknown = schema;
  for (const step of path) found = (found as Record<string, unknown>)[step];
  return found as JsonSchema;
}

describe('the JSON Schema', () => {
  test('has its title and its draft', () => {
    expect(schema).toMatchObject({
      $schema: 'http://json-schema.org/draft-07/schema#',
      title: 'flux-ensemble',
      type: 'object',
      required: ['jobs', 'rules'],
      additionalProperties: false,
    });
    expect(schema.$id).toEqual(expect.any(String));
  });

  test('lists triggers and actions with their descriptions', () => {
    const trigger = at('properties', 'rules', 'items', 'properties', 'trigger');
    expect(trigger.enum).toEqual(TRIGGERS.map(({ name }) => name));
    expect(trigger.enumDescriptions).toEqual(TRIGGERS.map(({ description }) => description));
    const name = at('properties', 'rules', 'items', 'properties', 'action', 'properties', 'name');
    const [action, ofPlugin] = name.anyOf as [JsonSchema, JsonSchema];
    expect(ofPlugin).toMatchObject({ type: 'string', pattern: expect.stringContaining('\\.') });
    expect(action.enum).toEqual([
      'submit',
      'cancel',
      'prune',
      'urgency',
      'terminate',
      'grow',
      'shrink',
      'custom',
      'exec',
      'notify',
    ]);
    expect(action.enumDescriptions).toHaveLength(10);
  });

  test('describes every key', () => {
    const undescribed: string[] = [];
    const look = (part: unknown, path: string): void => {
      if (typeof part !== 'object' || part === null) return;
      const { properties } = part as { properties?: Record<string, JsonSchema> };
      for (const [key, value] of Object.entries(properties ?? {})) {
        if (!path.endsWith('/if') && !value.description) undescribed.push(`${path}/${key}`);
      }
      for (const [key, value] of Object.entries(part)) look(value, `${path}/${key}`);
    };
    look(schema, '');
    expect(undescribed).toEqual([]);
  });

  const terminate = { name: 'terminate' };
  test.each([
    parse(HELLO),
    withJob({ workdir: null, environment: { A: 1, B: true, C: '' }, duration: 1.5, urgency: 31 }),
    withRules({
      trigger: 'metric',
      name: 'mean.sleep-pending',
      when: '> 5',
      action: { name: 'grow', value: '2' },
    }),
    withRules({ trigger: 'job-fail', action: { name: 'cancel', label: 'echo', backoff: null } }),
    {
      ...withRules({ trigger: 'start', action: terminate }),
      custom: { file: 'x.js' },
      logging: { debug: 'yes' },
    },
    { ...withRules(), custom: 'export const f = 1', logging: null },
    {},
    [],
    { jobs: [], rules: [], other: 1 },
    { jobs: [{ name: 'a', command: 'x', 'x-a': [1] }], rules: [], 'x-b': { c: 1 } },
    { jobs: [{ name: 'a', command: 'x', y: 1 }], rules: [] },
    { jobs: [], rules: null },
    withJob({ count: -1 }),
    withJob({ count: 1.5 }),
    withJob({ urgency: 32 }),
    withJob({ name: '' }),
    withJob({ environment: { 'A=B': 1 } }),
    withJob({ environment: { A: null } }),
    withRules({ trigger: 'strat', action: terminate }),
    withRules({ trigger: 'start' }),
    withRules({ trigger: 'metric', action: terminate }),
    withRules({ trigger: 'metric', when: 'mean.sleep-duration > 5', action: terminate }),
    withRules({ trigger: 'job-fail', action: { name: 'cancel' } }),
    withRules({ trigger: 'start', action: { name: 'exec' } }),
    withRules({ trigger: 'start', action: { name: 'urgency', label: 'sleep' } }),
    withRules({ trigger: 'start', action: { name: 'submit' } }),
    withRules({ trigger: 'start', action: { name: 'custom', label: 'f', timeout: 0 } }),
    { ...withRules({ trigger: 'start', action: terminate }), custom: { fil: 'x.js' } },
  ])('accepts what the loader accepts: %j', (value) => {
    const refused = diagnose(value).some(({ severity }) => severity === 'error');
    expect(accepts(schema, value)).toBe(!refused);
  });
});

/** The part of a JSON Schema validator that this schema needs. It throws at an unknown keyword. */
function accepts(schema: JsonSchema, value: unknown): boolean {
  return Object.entries(schema).every(([word, argument]) => {
    const check = WORDS[word];
    if (check === undefined) throw new Error(`the schema uses '${word}'`);
    return check(argument as never, value, schema);
  });
}

type Check = (argument: never, value: unknown, schema: JsonSchema) => boolean;

const always: Check = () => true;
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  object: isObject,
  array: Array.isArray,
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: Number.isInteger,
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
};

const WORDS: Readonly<Record<string, Check>> = {
  $id: always,
  $schema: always,
  title: always,
  description: always,
  default: always,
  enumDescriptions: always,
  // `if` applies both; a schema without `if` has no `then`.
  // biome-ignore lint/suspicious/noThenProperty: a word of JSON Schema
  then: always,
  if: (condition: JsonSchema, value, schema) =>
    !accepts(condition, value) || accepts(schema.then as JsonSchema, value),
  type: (types: string | string[], value) => [types].flat().some((type) => TYPES[type]?.(value)),
  enum: (values: unknown[], value) => values.includes(value),
  const: (wanted: unknown, value) => value === wanted,
  anyOf: (schemas: JsonSchema[], value) => schemas.some((schema) => accepts(schema, value)),
  allOf: (schemas: JsonSchema[], value) => schemas.every((schema) => accepts(schema, value)),
  required: (keys: string[], value) => !isObject(value) || keys.every((key) => Object.hasOwn(value, key)),
  properties: (schemas: Record<string, JsonSchema>, value) =>
    !isObject(value) ||
    Object.entries(schemas).every(
      ([key, schema]) => !Object.hasOwn(value, key) || accepts(schema, value[key]),
    ),
  additionalProperties: (allowed: false | JsonSchema, value, { properties = {}, patternProperties = {} }) =>
    !isObject(value) ||
    Object.keys(value)
      .filter((key) => !Object.hasOwn(properties as object, key))
      .filter(
        (key) => !Object.keys(patternProperties as object).some((pattern) => new RegExp(pattern).test(key)),
      )
      .every((key) => allowed !== false && accepts(allowed, value[key])),
  patternProperties: always,
  propertyNames: (schema: JsonSchema, value) =>
    !isObject(value) || Object.keys(value).every((key) => accepts(schema, key)),
  items: (schema: JsonSchema, value) => !Array.isArray(value) || value.every((item) => accepts(schema, item)),
  minimum: (least: number, value) => typeof value !== 'number' || value >= least,
  maximum: (most: number, value) => typeof value !== 'number' || value <= most,
  exclusiveMinimum: (bound: number, value) => typeof value !== 'number' || value > bound,
  minLength: (least: number, value) => typeof value !== 'string' || value.length >= least,
  pattern: (pattern: string, value) => typeof value !== 'string' || new RegExp(pattern, 'u').test(value),
};
