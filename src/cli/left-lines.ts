/** Reports jobs that continue after the end of the run. */

import { formatJobId } from '../model/job-id.js';
import type { LeftJobs } from '../run/result.js';
import { counted } from '../text/counted.js';
import { escapeControls } from '../text/describe.js';

/** Maximum groups and job ids that are listed. */
const MAX_GROUPS = 10;
const MAX_JOBS = 12;

function groupText({ group, pending, running }: LeftJobs): string {
  const counts = [
    ...(running > 0 ? [`${running} running`] : []),
    ...(pending > 0 ? [`${pending} pending`] : []),
  ];
  return `${escapeControls(group)} (${counts.join(', ')})`;
}

/** Returns how many jobs of which groups continue, and how to list and cancel them; empty without such jobs. */
export function leftLines(left: readonly LeftJobs[], member: string): string[] {
  if (left.length === 0) return [];
  const jobs = left.flatMap((group) => group.jobs);
  const isFlux = member !== 'local';
  const groups = left.slice(0, MAX_GROUPS).map(groupText);
  if (left.length > MAX_GROUPS) groups.push(counted(left.length - MAX_GROUPS, 'more group'));
  const go = jobs.length === 1 ? 'goes on' : 'go on';
  const lines = [`${counted(jobs.length, 'job')} ${go}${isFlux ? ' under Flux' : ''}: ${groups.join(', ')}`];
  if (!isFlux) return lines;
  const ids =
    jobs.length > MAX_JOBS
      ? '`flux cancel ID...`, or all of yours with `flux cancel --all`'
      : `\`flux cancel ${jobs.map((id) => formatJobId(id)).join(' ')}\``;
  const them = jobs.length === 1 ? 'it' : 'them';
  return [...lines, `  see ${them} with \`flux jobs\`, cancel ${them} with ${ids}`];
}
