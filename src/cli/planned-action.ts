/** What an action would do, in words: for replays, which perform none. */

import { describePortions } from '../actions/submit.js';
import type { Action, EnsembleConfig, Rule, Trigger } from '../model/ensemble.js';
import { portionsOf } from '../model/portions.js';
import { escapeControls } from '../text/describe.js';

/** Seconds since the epoch as people read them, to the millisecond. */
export function isoTime(seconds: number): string {
  const time = new Date(seconds * 1000);
  return Number.isNaN(time.getTime()) ? `${seconds} s` : time.toISOString();
}

/** What the action does and where it leads. A submission takes a line for each entry of its group. */
export function plannedAction({ action, trigger }: Rule, config: EnsembleConfig): string {
  const goes = action.goto === null ? [] : [`go to ${escapeControls(action.goto)}`];
  return action.name === 'goto' ? goes.join('') : [deed(action, trigger, config), ...goes].join(', and ');
}

function deed(action: Exclude<Action, { name: 'goto' }>, trigger: Trigger, config: EnsembleConfig): string {
  switch (action.name) {
    case 'submit': {
      const group = config.groups.get(action.label);
      const portions = group === undefined ? [] : portionsOf(group, action.value);
      const label = escapeControls(action.label);
      if (action.parameters === null) return `submit ${label} ${describePortions(portions)}`;
      const passed = Object.entries(action.parameters).map(([name, value]) => `${name}=${value}`);
      const others = passed.length === 0 ? '' : ` with ${escapeControls(passed.join(', '))}`;
      // Its parameters are those of a job that is not there yet.
      const again = trigger.kind === 'job' && trigger.group === action.label;
      if (again) return `submit ${label} (the event's job again${others})`;
      return `submit ${label}${others} ${describePortions(portions)}`;
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
