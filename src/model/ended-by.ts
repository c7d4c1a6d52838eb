/** The cause of a run's end that was requested, or that an action caused. */

import { quote } from '../text/describe.js';

export type EndedBy =
  /** A rule, by its action `terminate` or by an action that failed. */
  | { readonly kind: 'rule'; readonly rule: number; readonly name: string }
  /** User code that a rule called, by its answer or by `handle.terminate()`. A probe has rule -1. */
  | {
      readonly kind: 'code';
      readonly rule: number;
      readonly name: string;
      /** `custom function 'stop'`, `exec './decide.py'`, `lammps.check`. */
      readonly code: string;
    }
  /** A caller outside of the run, through `act`. */
  | { readonly kind: 'request'; readonly askedBy: string };

/** The cause in words that follow `by`: `the rule 'start' (rules[0])`. */
export function describeEndedBy(by: EndedBy): string {
  if (by.kind === 'request') return `request of ${by.askedBy}`;
  if (by.rule < 0 && by.kind === 'code') return by.code;
  const rule = `the rule ${quote(by.name)} (rules[${by.rule}])`;
  return by.kind === 'rule' ? rule : `${by.code} of ${rule}`;
}
