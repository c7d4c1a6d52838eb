/** Actions and rules that user code asks for. */

import type { Action } from './action.js';
import type { Rule } from './ensemble.js';

export type FollowUp =
  | { readonly kind: 'action'; readonly action: Action }
  | { readonly kind: 'rule'; readonly rule: Rule };

/** The user's code returned something that can't be an action or a rule; the message says what is wrong with it. */
export class NoAction extends Error {}
