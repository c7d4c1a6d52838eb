/**
 * The active jobs: notes of the wrapper and states in Slurm's queue become their records. The notes come first, because they
 * have the exact times. Slurm knows why a program was ended, and the ends without a note.
 */

import type { Clock } from '../local/clock.js';
import type { JournalRecords } from '../local/records.js';
import type { JobArray, SlurmJob } from './job.js';
import type { Note } from './notes.js';
import {
  type Cause,
  causeOf,
  hasEnded,
  inBrackets,
  isPending,
  mayBeSlurms,
  statusOf,
  statusOfCode,
} from './outcome.js';
import type { QueuedTasks } from './queue.js';

export interface TrackerOptions {
  readonly records: JournalRecords;
  readonly clock: Clock;
  /** All jobs of an array have ended. */
  readonly onArrayEnded: (array: JobArray) => void;
  /** A job has failed, and was not canceled by this run. */
  readonly onFailure: (job: SlurmJob) => void;
  /** Slurm has to end these jobs. */
  readonly kill: (job: SlurmJob) => void;
  /** Slurm has named an array that was not confirmed. */
  readonly onNamed: (array: JobArray, slurmId: number) => void;
}

/** A job whose end only Slurm knows. */
export interface UnnotedEnd {
  readonly job: SlurmJob;
  readonly state: string;
  readonly reason: string;
  readonly start: number | null;
  readonly end: number | null;
  readonly host: string;
}

/** Why a step of a start has failed, by its name. The exit code of the step `exec` is that of a shell. */
function startFailure({ facts }: SlurmJob, step: string, code: number): string {
  switch (step) {
    case 'workdir':
      return `working directory ${facts.workdir} can't be entered`;
    case 'output':
      return `output file ${facts.output} can't be opened`;
    case 'error':
      return `error file ${facts.error} can't be opened`;
    default:
      return `${facts.executable}: ${code === 127 ? 'No such file or directory' : 'Permission denied'}`;
  }
}

export class Tracker {
  readonly #options: TrackerOptions;
  readonly #jobs = new Map<bigint, SlurmJob>();
  readonly #arrays = new Map<number, JobArray>();
  readonly #bySlurmId = new Map<number, JobArray>();
  /** Number of the last look at the queue. */
  #looks = 0;

  constructor(options: TrackerOptions) {
    this.#options = options;
  }

  /** The active jobs. */
  get jobs(): ReadonlyMap<bigint, SlurmJob> {
    return this.#jobs;
  }

  /** Active jobs that were given to Slurm. */
  inSlurm = 0;

  add(job: SlurmJob): void {
    this.#jobs.set(job.facts.id, job);
  }

  /** The jobs of an array are given to Slurm. */
  addArray(array: JobArray): void {
    this.#arrays.set(array.number, array);
    for (const [index, job] of array.jobs.entries()) {
      if (job === null) continue;
      job.array = array;
      job.index = index;
      job.state = 'submitting';
      this.inSlurm++;
    }
  }

  /** Slurm has taken an array. */
  named(array: JobArray, slurmId: number): void {
    array.slurmId = slurmId;
    this.#bySlurmId.set(slurmId, array);
    for (const job of array.jobs) {
      if (job?.state !== 'submitting') continue;
      job.state = 'queued';
      // A look that is under way may not show it.
      job.seen = this.#looks + 1;
    }
  }

  /** Slurm has not taken an array. Returns its active jobs, which wait again. */
  takeBack(array: JobArray): SlurmJob[] {
    this.#arrays.delete(array.number);
    const jobs = [...activeOf(array)];
    for (const job of jobs) {
      job.array = null;
      job.state = 'waiting';
      this.inSlurm--;
    }
    return jobs;
  }

  onNote(note: Note): void {
    const array = this.#arrays.get(note.array);
    const job = array?.jobs[note.index];
    if (array === undefined || !job || job.array !== array || job.state === 'ended') return;
    if (note.kind === 'start' && array.slurmId === null) this.#options.onNamed(array, note.slurmId);
    if (note.kind === 'start') this.#start(job, note.time, note.host, note.restarts);
    else if (note.restarts >= job.restarts) this.#onEnd(job, note);
  }

  #onEnd(job: SlurmJob, note: Exclude<Note, { kind: 'start' }>): void {
    const { time, code, host } = note;
    const status = statusOfCode(code);
    if (note.kind === 'fail') {
      const what = startFailure(job, note.step, code);
      this.#except(job, { type: 'exec', note: `task 0 (host ${host}): start failed: ${what}` }, time);
      this.#finish(job, status, time);
    } else if (job.fatal || !(note.signaled || mayBeSlurms(code))) {
      this.#finish(job, status, time);
    } else {
      job.noted = { status, time };
    }
  }

  #start(job: SlurmJob, time: number, host: string, restarts: number): void {
    if (restarts > job.restarts) this.#requeued(job, restarts, '');
    job.startTime = time;
    job.startedAt = this.#looks;
    job.state = 'running';
    // The first start counts for a job that Slurm has put back in its queue.
    if (job.started) return;
    job.started = true;
    const { shape } = job.facts;
    const { records } = this.#options;
    const cores = shape.cores === 1 ? '0' : `0-${shape.cores - 1}`;
    records.allocated(job, { host, cores, slots: shape.tasks, duration: shape.duration }, time);
    records.started(job, time);
  }

  /** Slurm has put a job back in its queue. It goes on under its id. */
  #requeued(job: SlurmJob, restarts: number, reason: string): void {
    job.restarts = restarts;
    job.noted = null;
    if (!job.started) return;
    // An exception that is not fatal: the job goes on.
    this.#options.records.exception(
      job,
      'requeue',
      `Slurm has put the job back in its queue${inBrackets(reason)}`,
      undefined,
      1,
    );
    job.state = 'queued';
  }

  /** A look at the queue begins; returns its number. */
  beginLook(): number {
    return ++this.#looks;
  }

  /**
   * Takes in a look at the queue. Returns the jobs whose end has been known for two looks and was not noted, and the jobs
   * that two looks have not shown.
   */
  onQueue(tasks: readonly QueuedTasks[], look: number): { ended: UnnotedEnd[]; missing: SlurmJob[] } {
    const ended: UnnotedEnd[] = [];
    for (const task of tasks) {
      const array = this.#bySlurmId.get(task.slurmId);
      if (array === undefined) continue;
      for (const [first, last] of task.ranges) {
        for (let index = first; index <= last; index++) {
          const job: SlurmJob | null | undefined = array.jobs[index];
          if (!job || job.array !== array || job.state === 'ended') continue;
          const end = this.#onState(job, task, look);
          if (end !== null) ended.push(end);
        }
      }
    }
    const missing: SlurmJob[] = [];
    for (const array of this.#bySlurmId.values()) {
      for (const job of activeOf(array)) {
        if (job.seen < look && this.#isGone(job, look)) missing.push(job);
      }
    }
    return { ended, missing };
  }

  /** The end is known from a look before this one, so notes about it had the time to come. */
  #isGone(job: SlurmJob, look: number): boolean {
    if (job.goneSince === 0) job.goneSince = look;
    return job.goneSince < look;
  }

  /** Whether the next look is awaited, because this one has left an end open. */
  awaitsLook(look: number): boolean {
    for (const array of this.#bySlurmId.values()) {
      for (const job of activeOf(array)) {
        if (job.noted !== null || job.goneSince === look) return true;
      }
    }
    return false;
  }

  #onState(job: SlurmJob, task: QueuedTasks, look: number): UnnotedEnd | null {
    job.seen = look;
    const { state, reason, host } = task;
    if (!hasEnded(state)) {
      job.goneSince = 0;
      // A job that has just started may have been pending when the look began.
      const wasRunning = job.state === 'running' && job.startedAt < look;
      if (isPending(state) && wasRunning) this.#requeued(job, job.restarts + 1, reason);
      return null;
    }
    if (job.noted !== null) {
      const { status, time } = job.noted;
      const cause = causeOf(state, reason, host);
      if (cause !== null) this.#except(job, cause, time);
      this.#finish(job, status, time);
      return null;
    }
    // A task without a node never ran, so nothing will note its end.
    const neverRan = host === '' && !job.started;
    return neverRan || this.#isGone(job, look) ? { job, ...task } : null;
  }

  /** Ends a job as Slurm says. `status` is a wait(2) status, null where it is unknown. */
  endAsSlurmSays(
    { job, state, reason, start, end, host }: UnnotedEnd,
    status: number | null,
    cause?: Cause,
  ): void {
    if (job.state === 'ended') return;
    const time = end ?? this.#options.clock.now();
    const why = cause ?? causeOf(state, reason, host);
    // A task that was canceled while it waited has no node.
    if (!job.started && start !== null && host !== '') this.#start(job, start, host, job.restarts);
    if (why !== null) this.#except(job, why, time);
    if (job.started) this.#finish(job, statusOf(state, status), time);
    else this.#end(job);
  }

  /** Ends a job that never came to Slurm, or is not known there any more. `cause` is null after a fatal exception. */
  abandon(job: SlurmJob, cause: Cause | null): void {
    if (job.state === 'ended') return;
    if (cause !== null) this.#except(job, cause);
    this.#end(job);
  }

  /** Raises a fatal exception on a job, which Slurm has to end then. False for a job that has one. */
  raise(job: SlurmJob, cause: Cause): boolean {
    if (job.fatal || job.state === 'ended') return false;
    this.#except(job, cause);
    // Its program has ended.
    if (job.noted !== null) this.#finish(job, job.noted.status, job.noted.time);
    else if (job.state === 'waiting') this.#end(job);
    else this.#options.kill(job);
    return true;
  }

  /** Ends the jobs that are out of time: Slurm counts in minutes. */
  enforceLimits(): void {
    const now = this.#options.clock.now();
    for (const array of this.#arrays.values()) {
      for (const job of activeOf(array)) {
        const { duration } = job.facts.shape;
        // All jobs of an array have the same shape.
        if (duration === 0) break;
        if (job.state !== 'running' || job.fatal || job.noted !== null) continue;
        if (now >= job.startTime + duration)
          this.raise(job, { type: 'timeout', note: 'resource allocation expired' });
      }
    }
  }

  #except(job: SlurmJob, { type, note }: Cause, time?: number): void {
    if (job.fatal) return;
    job.fatal = true;
    this.#options.records.exception(job, type, note, time);
    if (type !== 'cancel') this.#options.onFailure(job);
  }

  #finish(job: SlurmJob, status: number, time: number): void {
    const { records, onFailure } = this.#options;
    if (status !== 0 && !job.fatal) onFailure(job);
    records.finished(job, status, time);
    records.released(job, time);
    this.#end(job, time);
  }

  #end(job: SlurmJob, time?: number): void {
    this.#options.records.cleaned(job, time);
    const { array } = job;
    if (job.state !== 'waiting') this.inSlurm--;
    job.state = 'ended';
    this.#jobs.delete(job.facts.id);
    if (array === null || --array.active > 0) return;
    this.#arrays.delete(array.number);
    if (array.slurmId !== null) this.#bySlurmId.delete(array.slurmId);
    this.#options.onArrayEnded(array);
  }
}

/** The jobs of an array that have not ended. */
function* activeOf(array: JobArray): Generator<SlurmJob> {
  for (const job of array.jobs) {
    if (job !== null && job.array === array && job.state !== 'ended') yield job;
  }
}
