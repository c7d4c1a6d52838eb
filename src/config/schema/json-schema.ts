/** The JSON Schema of an ensemble file, for editors that complete and check YAML. */

import { z } from 'zod';
import { ownKeys } from './actions.js';
import { configSchema } from './ensemble.js';

/** A JSON Schema document or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** The schema as draft 7, which is what YAML editors understand best. */
export function ensembleJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(configSchema, {
    target: 'draft-7',
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema, path }) => {
      // Integers that a number would round are integers in JSON too.
      if (zodSchema._zod.def.type === 'bigint') jsonSchema.type = 'integer';
      if (jsonSchema.additionalProperties === false) jsonSchema.patternProperties = { '^x-': {} };
      // Keys that another key requires. zod can't express these, and `resolve/` checks them.
      const place = path.join('/');
      if (place === JOB) jsonSchema.anyOf = [{ required: ['command'] }, { required: ['use'] }];
      if (place === RULE) jsonSchema.allOf = [METRIC_RULE];
      if (place.startsWith(`${RULE}/properties/`) && /\/(action|resolve(\/anyOf\/0)?)$/.test(place)) {
        jsonSchema.allOf = ownKeys.flatMap(({ name, of }) => {
          const actions = of.filter(({ key }) => key.required).map(({ action }) => action);
          return actions.length === 0 ? [] : [needs('name', actions, name)];
        });
      }
    },
  });
  return {
    $id: 'urn:flux-ensemble:ensemble.schema.json',
    title: 'flux-ensemble',
    description: 'An ensemble: job groups, and rules for their actions.',
    ...schema,
  };
}

const JOB = 'properties/jobs/items';
const RULE = 'properties/rules/items';

/** A rule on metrics names its metric, or has an expression that does. */
const METRIC_RULE = {
  if: { properties: { trigger: { const: 'metric' } }, required: ['trigger'] },
  // biome-ignore lint/suspicious/noThenProperty: a word of JSON Schema; the object is never awaited
  then: { anyOf: [{ required: ['name'] }, { required: ['when'] }] },
};

function needs(key: string, values: readonly string[], needed: string) {
  return {
    if: { properties: { [key]: { enum: [...values] } }, required: [key] },
    // biome-ignore lint/suspicious/noThenProperty: a word of JSON Schema; the object is never awaited
    then: { required: [needed] },
  };
}
