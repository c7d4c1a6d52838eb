/** `cancel`: the active jobs of a group, or the job of the event. */

import { counted } from '../text/counted.js';
import { defineAction } from './define.js';
import { groupOrEventJobKey } from './keys.js';
import { describeOrigin } from './request.js';
import { describeTarget, targetGroup, targetJobs } from './target-jobs.js';

/** The types of the kind `cancel`. */
export interface CancelKind {
  readonly data: {
    /** The group whose active and queued jobs are canceled, or null for the job of the event. */
    readonly label: string | null;
  };
  /** `queued` jobs were not submitted yet, and are not among the `jobs`. */
  readonly report: { readonly group: string; readonly jobs: number; readonly queued: number };
}

declare module '../model/action.js' {
  interface ActionKinds {
    cancel: CancelKind;
  }
}

const jobsOf = ({ jobs, queued }: CancelKind['report']) =>
  queued === 0 ? counted(jobs, 'job') : `${counted(jobs, 'job')} and ${queued} queued`;

export const cancel = defineAction({
  name: 'cancel',
  description: 'Cancels the active and queued jobs of the group `label`; without one, the job of the event.',
  keys: { label: groupOrEventJobKey },
  resolve: (values) => values,
  runsUserCode: false,
  mayGrow: false,
  needsHeartbeat: false,
  quiet: false,
  external: true,
  wantsEvent: () => false,
  target: targetGroup,
  words: {
    planned: (action) => `cancel ${describeTarget(action)}`,
    drawn: ({ label }) => (label === null ? 'cancel the job' : 'cancel'),
    line: (report) => ({ what: `cancel ${report.group}`, note: jobsOf(report) }),
    done: (report) => `canceled ${jobsOf(report)} of ${report.group}`,
  },
  perform: async (context, request) => {
    // Queued jobs first, because they would take the places of canceled ones.
    const { label } = request.action;
    const { by: value } = request;
    if (label !== null && value === null) context.searches.stop(label);
    const submissions = label === null ? null : context.submissions.end(label, value);
    const queued = label === null ? 0 : await context.dropQueued(label, value);
    // Jobs that were on their way are canceled too.
    await submissions;
    const { ids, group } = await targetJobs(context, request);
    const { origin } = request;
    const by = origin.kind === 'rule' ? `canceled by rule '${origin.rule.title}'` : describeOrigin(request);
    const jobs = await context.member.cancel(ids, by);
    request.report({ kind: 'cancel', group, jobs, queued });
  },
});
