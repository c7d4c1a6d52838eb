/** Actions and rules that user code requests. */

import { EnsembleError } from '../errors.js';
import type { Action } from './action.js';
import type { Rule } from './ensemble.js';

export type FollowUp =
  | { readonly kind: 'action'; readonly action: Action }
  /** `written` is the rule as it was returned. */
  | { readonly kind: 'rule'; readonly rule: Rule; readonly written: object };

/** Code of the user returned a value that is neither an action nor a rule. The message says what is wrong with it. */
export class InvalidAnswer extends EnsembleError {
  constructor(message: string) {
    super('ERR_CUSTOM', message);
  }
}
