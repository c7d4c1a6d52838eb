/** The OpenAPI document of the routes. */

import { z } from 'zod';
import { problemCodes, problemDetails } from './problem.js';
import type { Route } from './route.js';
import { components } from './schemas/common.js';

type Json = Record<string, unknown>;

const REFERENCES = '#/components/schemas/';

/** The schema of a part of a request, or the reference to it. */
function schemaOf(schema: z.ZodType): Json {
  const id = components.get(schema)?.id;
  if (id !== undefined) return { $ref: `${REFERENCES}${id}` };
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'input' }) as Json;
  return json;
}

function parametersOf(schema: z.ZodType | undefined, place: 'path' | 'query'): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(schema) as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    // Numbers of a query are texts that are read.
    schema: rest,
  }));
}

function answerOf({ answer, types = [] }: Route): Json {
  if (answer !== null) return { 'application/json': { schema: schemaOf(answer) } };
  return Object.fromEntries(types.map((type) => [type, { schema: { type: 'string' } }]));
}

function operationOf(route: Route): Json {
  const { operation, summary, path, query, body, acts } = route;
  return {
    operationId: operation,
    summary,
    parameters: [...parametersOf(path, 'path'), ...parametersOf(query, 'query')],
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: schemaOf(body) } },
          },
        }),
    responses: {
      200: { description: acts === true ? 'It was done.' : 'The resource.', content: answerOf(route) },
      default: {
        description: `A problem: ${problemCodes.join(', ')}.`,
        content: { 'application/problem+json': { schema: schemaOf(problemDetails) } },
      },
    },
  };
}

/** Returns the document. `base` is the path of the API. */
export function openApiDocument(routes: readonly Route[], base: string, version: string): Json {
  const { schemas } = z.toJSONSchema(components as unknown as typeof z.globalRegistry, {
    uri: (name) => `${REFERENCES}${name}`,
    metadata: components as unknown as typeof z.globalRegistry,
  });
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = `${base}${route.url}`;
    paths[path] = { ...paths[path], [route.method]: operationOf(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'flux-ensemble',
      version,
      summary: 'Ensembles of jobs, their statistics, rules and firings.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    servers: [{ url: '/' }],
    security: [{ token: [] }, {}],
    paths,
    components: {
      schemas: Object.fromEntries(
        Object.entries(schemas).map(([id, { $schema: _, $id: __, id: ___, ...schema }]) => [id, schema]),
      ),
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
  };
}
