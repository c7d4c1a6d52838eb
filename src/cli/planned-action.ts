/** Describes actions in words: for dry runs and replays, which perform none. */

import { kindOf } from '../actions/catalog.js';
import type { EnsembleConfig, Rule } from '../model/ensemble.js';
import { escapeControls } from '../text/describe.js';

/** Seconds since the epoch as people read them, to the millisecond. */
export function isoTime(seconds: number): string {
  const time = new Date(seconds * 1000);
  return Number.isNaN(time.getTime()) ? `${seconds} s` : time.toISOString();
}

/** The action, and the state that it leads to. A submission takes a line for each entry of its group. */
export function plannedAction(rule: Rule, config: EnsembleConfig, action = rule.action): string {
  const planned = kindOf(action).words.planned(action, rule, config);
  const goes = action.goto === null ? '' : `go to ${escapeControls(action.goto)}`;
  return [planned, goes].filter((words) => words !== '').join(', and ');
}
