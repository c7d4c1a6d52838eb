/** Which actions run code of the user's, which sees events and metrics and may ask for anything. */

import type { Action } from '../config/types.js';

/** An action that asks the user's own code what to do. */
export type AskingAction = Exclude<
  Action,
  { readonly name: 'submit' | 'cancel' | 'urgency' | 'terminate' | 'goto' | 'grow' | 'shrink' }
>;

export function asksUserCode(action: Action): action is AskingAction {
  return action.name === 'custom' || action.name === 'exec' || action.name.includes('.');
}
