/** Reports a run that goes on: what it is, and what was restored. */

import type { LostPolicy, ResumedRun } from '../model/resumed-run.js';
import { damageWords } from '../store/log-gap.js';
import type { StoredRun } from '../store/runs.js';
import { counted } from '../text/counted.js';
import { escapeControls } from '../text/describe.js';
import { localMinute } from '../text/local-time.js';

/** `resuming demo (k3f9ax), begun 2026-11-27 01:02; process 1234 on host login1 has died` */
export function resumingLine({ manifest, state }: StoredRun): string {
  const { name, id, started, ended, host, pid } = manifest;
  const when = ended === null ? '' : ` on ${localMinute(ended)}`;
  const reasons: Partial<Record<StoredRun['state'], string>> = {
    lost: `process ${pid} on host ${escapeControls(host)} has died`,
    interrupted: `it was interrupted${when}`,
    failed: `its member failed${when}`,
  };
  const reason = reasons[state];
  const begun = `resuming ${escapeControls(name)} (${escapeControls(id)}), begun ${localMinute(started)}`;
  return reason === undefined ? begun : `${begun}; ${reason}`;
}

const number = (count: number) => count.toLocaleString('en-US');
const jobs = (count: number) => `${number(count)} ${count === 1 ? 'job' : 'jobs'}`;

/** The facts about what was restored. `member` is the name of the member, `wanted` the policy that the user named. */
export function restoredLines(run: ResumedRun, member: string, wanted?: LostPolicy): string[] {
  const { lost, lostJobs, active, retrying, actions, interrupted, paused, ended } = run;
  const found = [
    `${jobs(run.jobs)} known`,
    ...(active > lost ? [`${number(active - lost)} active`] : []),
    ...(retrying > 0 ? [`${number(retrying)} waiting for the next attempt`] : []),
  ];
  const lines = [found.join(', ')];
  if (lost > 0) {
    const what = { local: 'process', slurm: 'cluster' }[member] ?? 'Flux instance';
    const were = lost === 1 ? 'job was' : 'jobs were';
    const then =
      lostJobs === 'fail'
        ? `and ${lost === 1 ? 'counts' : 'count'} as failed`
        : `and ${lost === 1 ? 'is' : 'are'} submitted again`;
    lines.push(`${number(lost)} ${were} lost with the ${what} ${then}`);
  }
  if (interrupted && lost === 0) lines.push('jobs that the interruption canceled are submitted again');
  if (interrupted && wanted === 'fail') {
    lines.push('--lost fail does not apply: the run canceled these jobs itself when it was interrupted');
  }
  if (actions > 0)
    lines.push(`${counted(actions, 'action')} that ${actions === 1 ? 'was' : 'were'} not done`);
  if (paused) lines.push('the run is paused, as it was: actions of rules wait');
  if (ended) lines.push('the run had come to its end: only its result is missing');
  return lines;
}

/** Damage to the log, and doubts about jobs. */
export function resumedWarnings(
  { damage, unknownNotes, doubts }: ResumedRun,
  { manifest }: StoredRun,
): string[] {
  return [
    ...(damage === null ? [] : [damageWords(manifest.id, damage)]),
    ...(unknownNotes === 0
      ? []
      : [
          `the log of run ${manifest.id} has ${counted(unknownNotes, 'note')} of a newer version of flux-ensemble, which are skipped`,
        ]),
    ...doubts,
  ];
}
