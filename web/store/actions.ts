/** The actions that a caller may request, in words. */

import type { ActionRequest } from '../api/types.js';

export type ActionName = ActionRequest['name'];

interface Form {
  readonly title: string;
  /** It takes a group. */
  readonly group: boolean;
  /** The name of its number; null without one. */
  readonly value: string | null;
  readonly optional?: boolean;
}

export const ACTIONS: Partial<Readonly<Record<ActionName, Form>>> = {
  submit: { title: 'Submit jobs of a group', group: true, value: 'Jobs', optional: true },
  cancel: { title: 'Cancel jobs of a group', group: true, value: null },
  urgency: { title: 'Set the urgency of a group', group: true, value: 'Urgency' },
  grow: { title: 'Grow', group: false, value: 'By' },
  shrink: { title: 'Shrink', group: false, value: 'By' },
};

/** Makes a request of a filled form; null for a missing number. */
export function requestOf(name: ActionName, group: string, value: string): ActionRequest | null {
  const form = ACTIONS[name];
  if (form === undefined) return { name };
  const number = value.trim() === '' ? null : Number(value);
  if (number === null ? form.value !== null && form.optional !== true : !Number.isInteger(number))
    return null;
  return {
    name,
    ...(form.group ? { label: group } : {}),
    ...(form.value === null || number === null ? {} : { value: number }),
  };
}

/** The question before an action is requested. */
export function questionOf({ name, label, value }: ActionRequest): string {
  const of = label === undefined ? '' : ` of ${label}`;
  switch (name) {
    case 'pause':
      return 'Pause the rules? Jobs go on, but no rule acts until you resume them.';
    case 'resume':
      return 'Let the rules act again?';
    case 'terminate':
      return 'Terminate the run? Its jobs are canceled.';
    case 'submit':
      return value === undefined
        ? `Submit the group ${label}?`
        : `Submit ${value} ${value === 1 ? 'job' : 'jobs'}${of}?`;
    case 'cancel':
      return `Cancel all jobs${of}?`;
    default:
      return `${ACTIONS[name]?.title ?? name}${of}${value === undefined ? '' : `: ${value}`}?`;
  }
}
