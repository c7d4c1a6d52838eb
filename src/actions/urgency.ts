/** `urgency`: that of a group's pending jobs, or of the job of the event. */

import { ActionError } from '../errors.js';
import { counted } from '../text/counted.js';
import { defineAction } from './define.js';
import { groupOrEventJobKey, integerKey } from './keys.js';
import { ruleIndex } from './request.js';
import { describeTarget, targetGroup, targetJobs } from './target-jobs.js';

/** The types of the kind `urgency`. */
export interface UrgencyKind {
  readonly data: {
    /** The group of the pending jobs, or null for the job of the event. */
    readonly label: string | null;
    /** 0 (held) to 31 (first of all). */
    readonly value: number;
  };
  readonly report: { readonly group: string; readonly value: number; readonly jobs: number };
}

declare module '../model/action.js' {
  interface ActionKinds {
    urgency: UrgencyKind;
  }
}

export const urgency = defineAction({
  name: 'urgency',
  description:
    "Sets the urgency of the pending and queued jobs of the group `label`, or of the event's job, to `value`: 0 holds them, 16 releases them.",
  keys: { label: groupOrEventJobKey, value: integerKey('The urgency', 0, 31) },
  resolve: (values) => values,
  runsUserCode: false,
  mayGrow: false,
  needsHeartbeat: false,
  quiet: false,
  external: true,
  wantsEvent: () => false,
  target: targetGroup,
  words: {
    planned: (action) => `urgency ${describeTarget(action)} ${action.value}`,
    drawn: ({ value }) => `urgency ${value}`,
    line: ({ group, value, jobs }) => ({
      what: `urgency ${group}`,
      note: `${value}, ${counted(jobs, 'job')}`,
    }),
    done: ({ group, value, jobs }) => `set the urgency of ${counted(jobs, 'job')} of ${group} to ${value}`,
  },
  perform: async (context, request) => {
    const { member } = context;
    if (member.setUrgency === undefined) {
      throw new ActionError(`the ${member.name} member can't change a job's urgency`, ruleIndex(request));
    }
    const { value } = request.action;
    const { ids, group } = await targetJobs(context, request);
    request.progress.setsUrgency(ids, value);
    const { label } = request.action;
    const whole = request.by === null ? label : null;
    const queued = whole === null ? 0 : await context.setQueuedUrgency(whole, value);
    const jobs = queued + (await member.setUrgency(ids, value));
    request.report({ kind: 'urgency', group, value, jobs });
  },
});
