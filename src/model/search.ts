/** Searches: groups whose rows come from an optimizer, which is asked for rows and gets their results. */

import type { ExpressionCondition } from './condition.js';
import type { ParameterValue } from './parameters.js';
import type { Row } from './written.js';

/** Better objectives are smaller, or larger. */
export const DIRECTIONS = ['minimize', 'maximize'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** Samplers of Optuna. */
export const SAMPLERS = ['tpe', 'random', 'cmaes', 'qmc'] as const;

/** The program of an optimizer. */
export type OptimizerSource =
  /** A class of a file; `name` is null for its only one. */
  | { readonly kind: 'python' | 'javascript'; readonly path: string; readonly name: string | null }
  | { readonly kind: 'command'; readonly words: readonly string[] }
  | { readonly kind: 'optuna'; readonly sampler: (typeof SAMPLERS)[number] };

/** `ask` of a group. */
export interface AskOptions {
  readonly optimizer: OptimizerSource;
  /** The optimizer in words: `./search.py`. */
  readonly title: string;
  /** For the optimizer to read. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Names of the parameters; null where the first answer brings them. */
  readonly names: readonly string[] | null;
  /** Names in the tags of the jobs, which every row must have. */
  readonly needed: readonly string[];
  /** Parameters with one value, which is that of every row. */
  readonly constants: Row;
  /** For the optimizer, by name: a distribution as in the file (`{uniform: [0, 1]}`), or a list of values. */
  readonly space: Readonly<Record<string, unknown>>;
  /** The variable of the group that is optimized. */
  readonly objective: string;
  readonly direction: Direction;
  /** Most jobs at once. */
  readonly inFlight: number;
  /** Rows that are asked for before there is room for their jobs. */
  readonly ahead: number;
  /** Most rows of the search; null for any number. */
  readonly rows: number | null;
  /** The search ends when it holds; null without one. */
  readonly until: ExpressionCondition | null;
  readonly seed: number;
  /** Seconds that an answer may take. */
  readonly timeout: number;
}

/** How a row ended. `pruned`: its job was canceled because it was worse than others. */
export const ROW_OUTCOMES = ['success', 'failed', 'timeout', 'canceled', 'pruned'] as const;
export type RowOutcome = (typeof ROW_OUTCOMES)[number];

/** The last values of a job by name: numbers that were measured or that it told, and texts that it told. */
export type RowValues = Readonly<Record<string, number | string>>;

/** A row that has ended, as an optimizer gets it. */
export interface ToldRow {
  /** Number of the row in the search, counted from 0. */
  readonly row: number;
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  readonly outcome: RowOutcome;
  /** Null for a row that has not succeeded, or was not pruned. */
  readonly objective: number | null;
  readonly values: RowValues;
}

/** Facts for an optimizer when it begins. */
export interface OptimizerFacts {
  readonly seed: number;
  readonly objective: string;
  readonly direction: Direction;
  readonly names: readonly string[] | null;
  /** As in `AskOptions`. */
  readonly space: Readonly<Record<string, unknown>>;
  readonly options: Readonly<Record<string, unknown>>;
}

/** The best row of a search. */
export interface BestRow {
  readonly row: number;
  readonly job: bigint | null;
  readonly objective: number;
  readonly parameters: Readonly<Record<string, ParameterValue>>;
}

/** A search at the end of the run. */
export interface SearchReport {
  readonly group: string;
  readonly objective: string;
  readonly direction: Direction;
  /** Rows that the optimizer gave, and those that have ended. */
  readonly asked: number;
  readonly ended: number;
  /** Rows with the same values as an earlier row. */
  readonly repeated: number;
  /** Null before a row has succeeded. */
  readonly best: BestRow | null;
}

/** Whether an objective is better than another one. */
export function isBetter(direction: Direction, one: number, other: number): boolean {
  return direction === 'minimize' ? one < other : one > other;
}
