/** Which events a member has to tell of, so that one that can leave out the others does. */

import type { Rule } from '../../model/ensemble.js';
import { asksUserCode } from '../../model/user-code.js';

/** What derived triggers are derived from, besides what the statistics need anyway. */
const behind: Readonly<Record<string, readonly string[]>> = {
  sched: ['validate', 'depend', 'priority', 'urgency', 'jobspec-update', 'flux-restart'],
  run: ['alloc'],
  cleanup: [],
  inactive: [],
  success: [],
  fail: [],
  cancel: [],
  timeout: [],
};

/**
 * Names of the events that rules wait for. Null when it takes all: for `debug.` events, which can't be named, and
 * for the user's own code, which may add rules for any event.
 */
export function neededEvents(rules: readonly Rule[]): string[] | null {
  const names = new Set<string>();
  for (const { trigger, action } of rules) {
    if (asksUserCode(action)) return null;
    if (trigger.kind !== 'job') continue;
    // What has stalled is told by the lack of any event.
    if (trigger.event === 'debug' || trigger.event === 'stalled') return null;
    for (const name of behind[trigger.event] ?? [trigger.event]) names.add(name);
  }
  return [...names];
}
