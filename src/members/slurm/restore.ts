/** Takes in the jobs of the earlier processes of a run. */

import type { JournalRecords } from '../local/records.js';
import type { ActiveJob } from '../member.js';
import type { Control } from './control.js';
import { type JobArray, SlurmJob } from './job.js';
import type { KeptState, Store } from './store.js';
import type { Submitter } from './submitter.js';
import type { Tracker } from './tracker.js';

export interface RestoreParts {
  readonly tracker: Tracker;
  readonly submitter: Submitter;
  readonly control: Control;
  readonly records: JournalRecords;
  readonly store: Store;
}

/** Returns the number of active jobs, and of those that the store does not know. They are lost. */
export function restore(
  state: KeptState,
  active: readonly ActiveJob[],
  { tracker, submitter, control, records, store }: RestoreParts,
): { active: number; unknown: number } {
  const jobs = new Map<bigint, SlurmJob>();
  let unknown = 0;
  for (const known of active) {
    const facts = state.jobs.get(known.id);
    const recorded = { idText: String(known.id), lastEvent: 0 };
    if (known.finished) {
      records.released(recorded);
      records.cleaned(recorded);
    } else if (facts === undefined) {
      unknown++;
      records.exception(recorded, 'lost', 'the store of the run does not have the job');
      records.cleaned(recorded);
    } else {
      const job = new SlurmJob(facts);
      job.started = known.start !== null;
      job.startTime = known.start ?? 0;
      job.fatal = known.fatal;
      jobs.set(known.id, job);
      tracker.add(job);
    }
  }
  for (const kept of state.arrays.values()) {
    if (kept.revoked) {
      submitter.knowRevoked(kept.number);
      continue;
    }
    const of = kept.jobs.map((id) => jobs.get(id));
    const count = of.filter((job) => job !== undefined).length;
    if (count === 0) {
      store.removeArray(kept);
      continue;
    }
    const array: JobArray = {
      number: kept.number,
      jobs: of.map((job) => job ?? null),
      slurmId: null,
      active: count,
    };
    tracker.addArray(array);
    if (kept.slurmId === null) submitter.doubt(array);
    else tracker.named(array, kept.slurmId);
  }
  const waiting: SlurmJob[] = [];
  for (const job of jobs.values()) {
    if (job.started && job.state === 'queued') job.state = 'running';
    if (job.state !== 'waiting') {
      // Its process may have died before it asked Slurm.
      if (job.fatal) control.kill(job);
    } else if (job.fatal) {
      tracker.abandon(job, null);
    } else {
      waiting.push(job);
    }
  }
  submitter.add(waiting);
  return { active: jobs.size, unknown };
}
