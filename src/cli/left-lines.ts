/** Reports jobs that continue after the end of the run. */

import { formatJobId } from '../model/job-id.js';
import type { LeftJobs, RunResult } from '../run/result.js';
import { counted } from '../text/counted.js';
import { escapeControls } from '../text/describe.js';
import { shellWord } from '../text/shell.js';
import { isoTime } from './planned-action.js';

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

/** Returns how to list and cancel jobs that go on. Slurm knows its jobs by the names of their groups. */
function commandsFor(left: readonly LeftJobs[], member: string): { see: string; cancel: string } {
  if (member === 'slurm') {
    const names = left.map(({ group }) => escapeControls(group)).join(',');
    return { see: '`squeue --me`', cancel: `\`scancel --me --name=${shellWord(names)}\`` };
  }
  const jobs = left.flatMap((group) => group.jobs);
  const ids =
    jobs.length > MAX_JOBS
      ? '`flux cancel ID...`, or all of yours with `flux cancel --all`'
      : `\`flux cancel ${jobs.map((id) => formatJobId(id)).join(' ')}\``;
  return { see: '`flux jobs`', cancel: ids };
}

/** Where jobs go on after the run; null for a member whose jobs end with it. */
const PLACES: Readonly<Record<string, string | null>> = { local: null, slurm: 'Slurm' };

/** Returns how many jobs of which groups continue, and how to list and cancel them; empty without such jobs. */
export function leftLines(left: readonly LeftJobs[], member: string): string[] {
  if (left.length === 0) return [];
  const jobs = left.flatMap((group) => group.jobs);
  const place = PLACES[member] === undefined ? 'Flux' : PLACES[member];
  const groups = left.slice(0, MAX_GROUPS).map(groupText);
  if (left.length > MAX_GROUPS) groups.push(counted(left.length - MAX_GROUPS, 'more group'));
  const go = jobs.length === 1 ? 'goes on' : 'go on';
  const where = place === null ? '' : ` under ${place}`;
  const lines = [`${counted(jobs.length, 'job')} ${go}${where}: ${groups.join(', ')}`];
  if (place === null) return lines;
  const { see, cancel } = commandsFor(left, member);
  const them = jobs.length === 1 ? 'it' : 'them';
  return [...lines, `  see ${them} with ${see}, cancel ${them} with ${cancel}`];
}

/** Returns the limits that the run has reached, and how many jobs were not submitted; empty without such limits. */
export function limitLines({ reached, withheld }: RunResult['limits']): string[] {
  if (reached.length === 0) return [];
  const [first, ...others] = reached.map(({ name, time }) => `${escapeControls(name)} at ${isoTime(time)}`);
  const reachedText = `${others.length === 0 ? 'limit' : 'limits'} reached: ${[first, ...others].join(', ')}`;
  const lost = [...withheld].map(([group, jobs]) => `${jobs} of ${escapeControls(group)}`);
  if (lost.length === 0) return [reachedText];
  const total = [...withheld.values()].reduce((sum, jobs) => sum + jobs, 0);
  return [reachedText, `${counted(total, 'job')} not submitted since then: ${lost.join(', ')}`];
}

/** Returns the jobs that were not submitted because they are done; empty without such jobs. */
export function skippedLines(skipped: RunResult['skipped']): string[] {
  return [...skipped].map(
    ([group, jobs]) =>
      `${counted(jobs, 'job')} of ${escapeControls(group)} skipped, which runs have done already`,
  );
}

/** Returns the number of requests to the workload manager; empty for a member that does not count them. */
export function requestLines(requests: RunResult['requests']): string[] {
  const kinds = Object.entries(requests).map(([kind, count]) => `${count} ${kind}`);
  return kinds.length === 0 ? [] : [`requests to the controller: ${kinds.join(', ')}`];
}
