/** What may be asked of a run from outside: the actions of rules that need no code of the user's, and a pause. */

import type { ActionReport } from '../actions/context.js';
import { ActionError } from '../errors.js';
import type { Action, EnsembleConfig } from '../model/ensemble.js';
import { NoAction } from '../model/follow-up.js';
import { counted } from '../text/counted.js';
import { readFollowUps } from './follow-up.js';

export const askableNames = [
  'submit',
  'cancel',
  'urgency',
  'grow',
  'shrink',
  'pause',
  'resume',
  'terminate',
] as const;

export interface AskedAction {
  readonly name: (typeof askableNames)[number];
  /** The group, for `submit`, `cancel` and `urgency`. */
  readonly label?: string;
  /** Jobs, slots or an urgency: as a rule's `value`. */
  readonly value?: number;
}

/** Whether it is the name of something that may be asked for. */
export function isAskable(name: string): name is AskedAction['name'] {
  return (askableNames as readonly string[]).includes(name);
}

/** The action as a rule of the file would have it: what holds there, holds here. Throws ActionError. */
export function readAsked({ name, label, value }: AskedAction, config: EnsembleConfig): Action {
  if (!isAskable(name)) throw new ActionError(`'${name}' can't be asked for`, -1);
  const given = {
    name,
    ...(label === undefined ? {} : { label }),
    ...(value === undefined ? {} : { value }),
  };
  try {
    const [followUp] = readFollowUps(given, config, false);
    if (followUp?.kind === 'action') return followUp.action;
  } catch (cause) {
    if (!(cause instanceof NoAction)) throw cause;
    // The path of a field is of no use without a file.
    throw new ActionError(cause.message.replace(/^label: /, ''), -1, { cause });
  }
  throw new ActionError('not an action', -1);
}

/** What came of what was asked for. */
export interface AskedOutcome {
  /** What was done, in words. */
  readonly text: string;
  /** Sizes, of `grow` and `shrink`; null of others. */
  readonly before: number | null;
  readonly after: number | null;
}

export function outcomeOf(report: ActionReport | null): AskedOutcome {
  const { before, after } = report !== null && 'before' in report ? report : { before: null, after: null };
  return { text: describeDone(report), before, after };
}

function describeDone(report: ActionReport | null): string {
  const jobs = (count: number) => counted(count, 'job');
  switch (report?.kind) {
    case 'submit':
      return `submitted ${jobs(report.jobs)} of ${report.group}`;
    case 'cancel':
      return `canceled ${jobs(report.jobs)} of ${report.group}`;
    case 'urgency':
      return `set the urgency of ${jobs(report.jobs)} of ${report.group} to ${report.value}`;
    case 'grow':
    case 'shrink':
      if (report.note) return report.note;
      return report.before === report.after
        ? `no change: the size is ${report.after}`
        : `${report.kind === 'grow' ? 'grew' : 'shrank'} from ${report.before} to ${report.after}`;
    case 'terminate':
      return 'the run ends';
    default:
      return 'done';
  }
}
