/** `cancel`: the active jobs of a group, or the job of the event. */

import { counted } from '../text/counted.js';
import { defineAction } from './define.js';
import { groupOrEventJobKey } from './keys.js';
import { describeOrigin } from './request.js';
import { describeTarget, targetGroup, targetJobs } from './target-jobs.js';

/** The types of the kind `cancel`. */
export interface CancelKind {
  readonly data: {
    /** The group whose active jobs are canceled, or null for the job of the event. */
    readonly label: string | null;
  };
  readonly report: { readonly group: string; readonly jobs: number };
}

declare module '../model/action.js' {
  interface ActionKinds {
    cancel: CancelKind;
  }
}

export const cancel = defineAction({
  name: 'cancel',
  description: 'Cancels the active jobs of the group `label`; without one, the job of the event.',
  keys: { label: groupOrEventJobKey },
  resolve: (values) => values,
  runsUserCode: false,
  mayGrow: false,
  needsHeartbeat: false,
  external: true,
  wantsEvent: () => false,
  target: targetGroup,
  words: {
    planned: (action) => `cancel ${describeTarget(action)}`,
    drawn: ({ label }) => (label === null ? 'cancel the job' : 'cancel'),
    line: ({ group, jobs }) => ({ what: `cancel ${group}`, note: counted(jobs, 'job') }),
    done: ({ group, jobs }) => `canceled ${counted(jobs, 'job')} of ${group}`,
  },
  perform: async (context, request) => {
    const { ids, group } = await targetJobs(context, request);
    const { origin } = request;
    const by = origin.kind === 'rule' ? `canceled by rule '${origin.rule.title}'` : describeOrigin(request);
    const jobs = await context.member.cancel(ids, by);
    request.report({ kind: 'cancel', group, jobs });
  },
});
