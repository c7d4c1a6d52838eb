/** Actions of rules, as data. */

import type { PluginPartName } from './part-name.js';

/**
 * The kinds of actions. Each file of `actions/` adds its own kind by declaration merging, so the types of a kind stand
 * where the kind is defined:
 *
 *     export interface NoteKind {
 *       readonly data: { readonly text: string };
 *       readonly report: { readonly text: string };
 *     }
 *
 *     declare module '../model/action.js' {
 *       interface ActionKinds {
 *         note: NoteKind;
 *       }
 *     }
 *
 * `data` is what an action of the kind has in addition to `ActionCommon`. `report` is what observers get when it acts.
 */
// biome-ignore lint/suspicious/noEmptyInterface: the files of the kinds fill it
export interface ActionKinds {}

/** The name of a kind: that of its actions, or `plugin` for all actions of plugins. */
export type ActionKind = keyof ActionKinds;

/** Properties of every action. */
export interface ActionCommon {
  /** Maximum number of times that the action runs; 0 for never. */
  readonly repetitions: number;
  /** How many times the trigger is skipped after each run, or null for no backoff. */
  readonly backoff: number | null;
  /** The effect of an error of the action on the run. */
  readonly onError: 'continue' | 'stop';
  /** The state that the ensemble goes to when the rule fires, or null. */
  readonly goto: string | null;
}

/** An action of a kind. */
export type ActionOf<Kind extends ActionKind> = Kind extends ActionKind
  ? ActionCommon & {
      readonly name: Kind extends 'plugin' ? PluginPartName : Kind;
    } & ActionKinds[Kind]['data']
  : never;

/** An action of a rule. */
export type Action = ActionOf<ActionKind>;

/** A report on an action of a kind. */
export type ReportOf<Kind extends ActionKind> = Kind extends ActionKind
  ? { readonly kind: Kind } & ActionKinds[Kind]['report']
  : never;

/** A description of a planned or performed action, for people and logs. */
export type ActionReport = ReportOf<ActionKind>;
