/** What the process of the custom functions and the ensemble send each other. */

import type { MetricsSnapshot } from '../../engine/snapshot.js';
import type { JobFacts } from '../../plugins/job.js';
import type { CustomArguments, CustomHandle } from '../../model/user-function.js';

/** What to load: the URL of a module, and which functions of it rules name; `plugin`: the actions of a plugin. */
export interface ModuleToLoad {
  readonly url: string;
  readonly names: readonly string[] | 'plugin';
}

/** The arguments of a call that can be handed over as they are. */
export interface PlainArguments extends Pick<CustomArguments, 'event' | 'rule' | 'action' | 'firing'> {
  readonly snapshot: MetricsSnapshot;
  readonly member: string;
  /** For actions of plugins. */
  readonly job: JobFacts | null;
}

/** What a function may ask of its handle. */
export type HandleMethod = Exclude<keyof CustomHandle, 'member' | 'signal'>;

export type ToChild =
  /** The first one. */
  | { readonly kind: 'load'; readonly module: ModuleToLoad }
  | { readonly kind: 'call'; readonly call: number; readonly name: string; readonly args: PlainArguments }
  /** The call's time, or the run, is over. */
  | { readonly kind: 'abort'; readonly call: number }
  | { readonly kind: 'ping' }
  | { readonly kind: 'answer'; readonly ask: number; readonly value: unknown; readonly error: Error | null };

export type FromChild =
  /** Which of the names are functions. */
  | { readonly kind: 'loaded'; readonly functions: readonly string[] }
  | { readonly kind: 'unloadable'; readonly reason: string }
  | { readonly kind: 'returned'; readonly call: number; readonly value: unknown }
  | { readonly kind: 'failed'; readonly call: number; readonly message: string; readonly stack: string }
  /** By an error that nothing caught. */
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
