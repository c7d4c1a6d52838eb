/** Actions and rules that user code requests. */

import type { Action } from './action.js';
import type { Rule } from './ensemble.js';

export type FollowUp =
  | { readonly kind: 'action'; readonly action: Action }
  | { readonly kind: 'rule'; readonly rule: Rule };

/** User code returned something that is not a valid action or rule; the message names the mistake. */
export class NoAction extends Error {}
