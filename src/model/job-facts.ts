/** Facts of one job, as plain data. */

import type { Parameters } from './parameters.js';

/** Keys of a node's facts, as Flux's tags name them after `node.`. */
export const NODE_KEYS = [
  'name',
  'broker_rank',
  'ntasks',
  'taskids',
  'ncores',
  'cores',
  'gpus',
  'resources',
] as const;

export type NodeKey = (typeof NODE_KEYS)[number];

/** Facts of a job, or of the first of its tasks, that tags can refer to. */
export interface JobTagValues {
  readonly id: bigint;
  /** See `filesOf`. */
  readonly name: string;
  readonly tasks: number;
  readonly nodes: number;
  /** Whether F58 begins with an ASCII `f`; see `hasAsciiIds`. */
  readonly ascii: boolean;
  /** Facts of the first node, by the tag's name without `node.`; null where only Flux knows. */
  readonly node: Readonly<Partial<Record<NodeKey, string>>> | null;
}

/** The facts that the process of a plugin receives. */
export interface JobFacts extends JobTagValues {
  readonly group: string;
  readonly parameters: Parameters;
  /** The values of tags that are not Flux's. */
  readonly values: Readonly<Record<string, string>>;
  /** Absolute. */
  readonly workdir: string;
  /** Relative to `workdir`, with Flux's tags, or null. */
  readonly output: string | null;
  readonly error: string | null;
}
