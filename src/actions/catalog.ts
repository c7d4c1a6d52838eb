/**
 * All kinds of actions. To add one, write its file and name it here: `namedActions` for an action that a file asks for
 * by its name. The schema of files, the checks of actions, the dispatcher, graphs, reports and the documentation read
 * this table. A kind without its types, or types without their kind, do not compile.
 */

import type { ActionPlans, MakePortion } from '../engine/plan/compile.js';
import type { Action, ActionKind } from '../model/action.js';
import type { EnsembleConfig } from '../model/ensemble.js';
import { isPluginPart } from '../model/part-name.js';
import { cancel } from './cancel.js';
import { custom } from './custom.js';
import type { ActionDefinition } from './define.js';
import { exec } from './exec.js';
import { goto } from './goto.js';
import { grow } from './grow.js';
import { notify } from './notify.js';
import { plugin } from './plugin.js';
import { prune } from './prune/prune.js';
import { shrink } from './shrink.js';
import { nativePortions } from './submit/native.js';
import { submit } from './submit/submit.js';
import { terminate } from './terminate.js';
import { urgency } from './urgency.js';

/** Kinds by the names that stand in files, in the order of the documentation. */
export const namedActions = {
  submit,
  cancel,
  prune,
  urgency,
  terminate,
  grow,
  shrink,
  custom,
  exec,
  notify,
} as const;

/** All kinds. It is exported, because the types of the library reach the files of the kinds through it. */
export const actionKinds = { ...namedActions, goto, plugin } as const satisfies {
  readonly [Kind in ActionKind]: ActionDefinition<Kind>;
};

/** A name that actions of files have, other than the names of plugins' actions. */
export type ActionName = keyof typeof namedActions;

/** The names of all those actions. */
export const actionNames = Object.keys(namedActions) as readonly ActionName[];

/** The definition of the kind of a name; of an action without a name for null. */
export function kindNamed(name: Action['name'] | null): ActionDefinition {
  if (name === null) return goto as ActionDefinition;
  return (isPluginPart(name) ? plugin : actionKinds[name]) as ActionDefinition;
}

/** The definition of an action's kind. */
export function kindOf<A extends Action>({ name }: A): ActionDefinition {
  return kindNamed(name);
}

/** The definition of a report's kind. */
export function kindOfReport({ kind }: { readonly kind: ActionKind }): ActionDefinition {
  return actionKinds[kind] as ActionDefinition;
}

/** The names of actions that may be requested from outside of the run. */
export type ExternalName = {
  [Name in ActionName]: (typeof namedActions)[Name] extends { readonly external: true } ? Name : never;
}[ActionName];

export const externalNames = actionNames.filter(
  (name) => namedActions[name].external,
) as readonly ExternalName[];

/** Whether the action runs code of the user, which gets events and metrics and may return any action. */
export function runsUserCode(action: Action): boolean {
  return kindOf(action).runsUserCode;
}

/** The facts about actions of rules that the engine needs. `makePortion` is null where JavaScript submits all jobs. */
export function actionPlans(groups: EnsembleConfig['groups'], makePortion: MakePortion | null): ActionPlans {
  return {
    wantsEvent: (action) => kindOf(action).wantsEvent(action, groups),
    portions: (action) =>
      action.name === 'submit' && makePortion !== null ? nativePortions(action, groups, makePortion) : null,
  };
}
