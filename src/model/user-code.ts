/** What kinds of actions there are, and what each may lead to. */

import type { Action } from './ensemble.js';
import type { PluginPartName } from './part-name.js';

/** The name of an action, or `plugin` for those of plugins. */
type ActionKind = Exclude<Action['name'], PluginPartName> | 'plugin';

interface KindFacts {
  /** It runs code of the user, which sees events and metrics and may ask for any action. */
  readonly userCode: boolean;
  /** It may make the member larger. */
  readonly grows: boolean;
}

/** A kind that is missing here does not compile. */
const kinds = {
  submit: { userCode: false, grows: false },
  cancel: { userCode: false, grows: false },
  urgency: { userCode: false, grows: false },
  grow: { userCode: false, grows: true },
  shrink: { userCode: false, grows: false },
  goto: { userCode: false, grows: false },
  terminate: { userCode: false, grows: false },
  custom: { userCode: true, grows: false },
  exec: { userCode: true, grows: false },
  plugin: { userCode: true, grows: false },
} as const satisfies Record<ActionKind, KindFacts>;

type AskingKind = {
  [Kind in ActionKind]: (typeof kinds)[Kind]['userCode'] extends true ? Kind : never;
}[ActionKind];

/** An action that asks the user's own code what to do. */
export type AskingAction = Extract<
  Action,
  { readonly name: Exclude<AskingKind, 'plugin'> | ('plugin' extends AskingKind ? PluginPartName : never) }
>;

function factsOf({ name }: Action): KindFacts {
  return name in kinds ? kinds[name as keyof typeof kinds] : kinds.plugin;
}

/** Whether it runs code of the user. */
export function asksUserCode(action: Action): action is AskingAction {
  return factsOf(action).userCode;
}

/** Whether the member may be larger after it. Code of the user may ask for anything. */
export function mayGrow(action: Action): boolean {
  const { userCode, grows } = factsOf(action);
  return userCode || grows;
}
