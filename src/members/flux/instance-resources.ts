/** The resources of a Flux instance, from its `resource.status`. */

import { z } from 'zod';

export interface InstanceResources {
  /** Its cores. */
  readonly slots: number;
  /** The end of its allocation in seconds since the epoch; null for one without an end. */
  readonly end: number | null;
}

const schema = z.object({
  R: z.object({
    execution: z.object({
      R_lite: z.array(z.object({ rank: z.string(), children: z.object({ core: z.string().default('') }) })),
      expiration: z.number().default(0),
    }),
  }),
});

/** The number of ids in an idset (RFC 22): 5 for `0-3,7`. */
function countIds(idset: string): number {
  let count = 0;
  for (const [, first = '', last = first] of idset.matchAll(/(\d+)(?:-(\d+))?/g)) {
    count += Math.max(0, Number(last) - Number(first) + 1);
  }
  return count;
}

/** Reads the JSON of an answer. Throws for an invalid one. */
export function readResources(answer: string): InstanceResources {
  const { R_lite, expiration } = schema.parse(JSON.parse(answer)).R.execution;
  const slots = R_lite.reduce((sum, { rank, children }) => sum + countIds(rank) * countIds(children.core), 0);
  return { slots, end: expiration > 0 ? expiration : null };
}

/**
 * The most jobs that are active at once in an instance without a limit of the file, or in instances that share its
 * resources: enough to keep them busy, and few enough for the memory of their brokers.
 */
export function windowFor({ slots }: Pick<InstanceResources, 'slots'>, instances = 1): number {
  const ofEach = Math.ceil(slots / instances);
  return instances * Math.max(256, Math.min(4 * ofEach, ofEach + 1024));
}
