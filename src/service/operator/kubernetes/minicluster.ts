/** The parts of a MiniCluster of the Flux operator that concern its size. */

import { z } from 'zod';

const size = z.int().min(0).nullish();

const schema = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    resourceVersion: z.string(),
  }),
  // The operator's default is 1.
  spec: z.object({ size: z.int().min(0).default(1), minSize: size, maxSize: size }),
  status: z.object({ size, maximumSize: size }).nullish(),
});

export interface MiniCluster {
  readonly name: string;
  readonly namespace: string;
  /** Changes with every change of the object. A patch with it fails if the object has changed since. */
  readonly resourceVersion: string;
  /** The requested size. */
  readonly size: number;
  readonly minSize: number | null;
  readonly maxSize: number | null;
  /** The size that the operator has last set. */
  readonly currentSize: number | null;
  /** The largest size that the operator allows. */
  readonly maximumSize: number | null;
}

/** Reads an object of the API. Throws ZodError for another object. */
export function readMiniCluster(object: unknown): MiniCluster {
  const { metadata, spec, status } = schema.parse(object);
  return {
    ...metadata,
    size: spec.size,
    minSize: spec.minSize ?? null,
    maxSize: spec.maxSize ?? null,
    currentSize: status?.size ?? null,
    maximumSize: status?.maximumSize ?? null,
  };
}
