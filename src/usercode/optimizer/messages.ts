/** Messages between the run and the process of an optimizer. */

import type { OptimizerFacts, ToldRow } from '../../model/search.js';

/** Makes the object of a class. */
export interface BeginRequest {
  readonly path: string;
  /** Name of the class; null for the only one of the file. */
  readonly name: string | null;
  readonly facts: OptimizerFacts;
}

/** Tells rows, then asks for `count` rows; 0 for none. */
export interface ExchangeRequest {
  readonly told: readonly ToldRow[];
  readonly count: number;
}

export interface OptimizerRequest {
  readonly kind: 'request';
  readonly id: number;
  readonly do: 'begin' | 'exchange';
  readonly with: object;
}

export type OptimizerAnswer =
  | ({ readonly kind: 'answer'; readonly id: number } & (
      | { readonly value: unknown }
      /** The stack of an exception, or another failure. */
      | { readonly error: string }
      /** Describes an invalid answer. */
      | { readonly unusable: string }
    ))
  | { readonly kind: 'printed'; readonly text: string };
