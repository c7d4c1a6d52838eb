/** Parts that several resources have. */

import { z } from 'zod';

/** Schemas with a name, which are the components of the OpenAPI document. */
export const components = z.registry<{ id: string; description?: string }>();

/** Names a schema. */
export function component<Schema extends z.ZodType>(id: string, description: string, schema: Schema): Schema {
  components.add(schema, { id, description });
  return schema;
}

export const time = z.number().meta({ description: 'Seconds since the epoch.' });
export const seconds = z.number().meta({ description: 'Seconds.' });
export const count = z.number().meta({ description: 'A number of items, below 2^53.' });

/** The numbers of metrics by name; null without a value. */
export const values = z.record(z.string(), z.number().nullable());

/** An ensemble in a path. */
export const ensemblePath = z.object({
  ensemble: z.string().meta({ description: 'The id of an ensemble, or its name where only one has it.' }),
});

/** A page of a list. */
export const pageQuery = z.object({
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(200)
    .meta({ description: 'At most this many items.' }),
  cursor: z.string().max(4096).optional().meta({ description: '`next` of the page before.' }),
});

/** `next` of a page. */
export const nextCursor = z
  .string()
  .nullable()
  .meta({ description: 'The cursor of the next page; null for the last one.' });

/** Returns part of a list, and the cursor of what follows. The list only grows at its end. */
export function pageOf<Item>(
  items: readonly Item[],
  { limit, cursor }: z.infer<typeof pageQuery>,
): { page: readonly Item[]; next: string | null } | null {
  const from = cursor === undefined ? 0 : /^\d{1,9}$/.test(cursor) ? Number(cursor) : null;
  if (from === null) return null;
  const page = items.slice(from, from + limit);
  const after = from + page.length;
  return { page, next: after < items.length ? String(after) : null };
}
