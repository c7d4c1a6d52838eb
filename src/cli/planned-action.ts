/** What an action would do, in words: for replays, which perform none. */

import { describePortions } from '../actions/submit.js';
import { escapeControls } from '../config/describe.js';
import type { Action, EnsembleConfig } from '../config/types.js';
import { portionsOf } from '../rules/portions.js';

/** Seconds since the epoch as people read them, to the millisecond. */
export function isoTime(seconds: number): string {
  const time = new Date(seconds * 1000);
  return Number.isNaN(time.getTime()) ? `${seconds} s` : time.toISOString();
}

/** What the action does and where it leads. A submission takes a line for each entry of its group. */
export function plannedAction(action: Action, config: EnsembleConfig): string {
  const goes = action.goto === null ? [] : [`go to ${escapeControls(action.goto)}`];
  return action.name === 'goto' ? goes.join('') : [deed(action, config), ...goes].join(', and ');
}

function deed(action: Exclude<Action, { name: 'goto' }>, config: EnsembleConfig): string {
  switch (action.name) {
    case 'submit': {
      const group = config.groups.get(action.label);
      const portions = group === undefined ? [] : portionsOf(group, action.value);
      return `submit ${escapeControls(action.label)} ${describePortions(portions)}`;
    }
    case 'cancel':
      return `cancel ${target(action.label)}`;
    case 'urgency':
      return `urgency ${target(action.label)} ${action.value}`;
    case 'grow':
    case 'shrink':
      return `${action.name} by ${action.value}`;
    case 'custom':
      return `custom ${escapeControls(action.label)}`;
    case 'exec':
      return `exec ${escapeControls(action.commandText)}`;
    case 'terminate':
      return 'terminate';
    default:
      return action.name;
  }
}

function target(label: string | null): string {
  return label === null ? "the event's job" : escapeControls(label);
}
