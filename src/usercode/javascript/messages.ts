/** Messages between the run and the process of the custom functions. */

import type { MetricsSnapshot } from '../../model/metrics.js';
import type { CustomHandle } from '../../model/user-function.js';

/**
 * A function that returns the callable functions of a module: the URL of its own module, and its name there. It is
 * an exported `(url: string) => Promise<ReadonlyMap<string, (args: never) => unknown>>`.
 */
export interface FunctionLoader {
  readonly url: string;
  readonly name: string;
}

/** The module to load: its URL, and the names of its functions or the function that loads them. */
export interface ModuleToLoad {
  readonly url: string;
  readonly names: readonly string[] | FunctionLoader;
}

/** The names that are functions of the module, each with the reason why it can't be called, or null. */
export type FoundFunctions = Readonly<Record<string, string | null>>;

/** The arguments of a call that can be cloned. */
export interface PlainArguments {
  readonly snapshot: MetricsSnapshot;
  readonly member: string;
}

/** Requests of a function to its handle. */
export type HandleMethod = Exclude<keyof CustomHandle, 'member' | 'signal'>;

export type ToChild =
  /** The first message. */
  | { readonly kind: 'load'; readonly module: ModuleToLoad }
  | { readonly kind: 'call'; readonly call: number; readonly name: string; readonly args: PlainArguments }
  /** The call timed out, or the run has ended. */
  | { readonly kind: 'abort'; readonly call: number }
  | { readonly kind: 'ping' }
  | { readonly kind: 'answer'; readonly ask: number; readonly value: unknown; readonly error: Error | null };

export type FromChild =
  | { readonly kind: 'loaded'; readonly functions: FoundFunctions }
  | { readonly kind: 'unloadable'; readonly reason: string }
  | { readonly kind: 'returned'; readonly call: number; readonly value: unknown }
  | { readonly kind: 'failed'; readonly call: number; readonly message: string; readonly stack: string }
  /** The process ended by an uncaught error. */
  | { readonly kind: 'died'; readonly message: string; readonly stack: string }
  | { readonly kind: 'printed'; readonly text: string }
  | { readonly kind: 'pong' }
  | {
      readonly kind: 'ask';
      readonly ask: number;
      readonly call: number;
      readonly method: HandleMethod;
      readonly args: readonly unknown[];
    };
