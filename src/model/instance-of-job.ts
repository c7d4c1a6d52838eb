/**
 * The instance of a job in a tree of Flux instances. Ids have 14 bits for the rank of the broker that made them. In a
 * tree, the highest of these numbers stand for sub-instances, which count down from there (`native/tree/instance_id.h`).
 */

const GENERATOR_SHIFT = 10n;
const GENERATORS = 1n << 14n;
const MAX_INSTANCE = 8192n;

/** A job as its own instance knows it. */
export interface JobInInstance {
  /** The number of the sub-instance, counted from 1; 0 for the parent, and for a job outside of a tree. */
  readonly instance: number;
  readonly id: bigint;
}

export function instanceOfJob(id: bigint): JobInInstance {
  const generator = (id >> GENERATOR_SHIFT) % GENERATORS;
  const instance = GENERATORS - generator;
  if (instance > MAX_INSTANCE) return { instance: 0, id };
  return { instance: Number(instance), id: id - (generator << GENERATOR_SHIFT) };
}
