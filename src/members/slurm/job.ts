/** A job of the Slurm member, and the array that it is in. */

import type { Row } from '../../model/written.js';
import type { RecordedJob, SubmittedJob } from '../local/records.js';

/** The common part of all tasks of an array. */
export interface Shape {
  /** Number of the shape in the store of the run. */
  readonly number: number;
  /** Options of `sbatch`. */
  readonly options: readonly string[];
  /** Seconds that a job may take; 0 for no limit. */
  readonly duration: number;
  readonly tasks: number;
  /** Cores of all its tasks. */
  readonly cores: number;
  /** Whether jobs begin with the environment of this process. */
  readonly inheritEnvironment: boolean;
}

/** The files and the program of a job, as the store has them. */
export interface JobFacts {
  readonly id: bigint;
  readonly shape: Shape;
  /** When it was submitted. */
  readonly urgency: number;
  /** Shell commands that set the environment and run the program (program.ts). */
  readonly program: string;
  /** The first word of its command. */
  readonly executable: string;
  /** Absolute. */
  readonly workdir: string;
  /** Relative to `workdir`, or absolute; empty for no file, and for standard error with its output. */
  readonly output: string;
  readonly error: string;
  /** Whether `output` and `error` are files in the folder of the run. */
  readonly keptOutput: boolean;
  readonly keptError: boolean;
  /** Firing, part, index and attempt of its submission. */
  readonly origin: readonly [number, number, number, number];
  readonly parameters: Row;
}

/** An array of jobs in Slurm. */
export interface JobArray {
  /** Counted from 1 in the run. */
  readonly number: number;
  /** By their index in the array; null for a job that ended before the run was resumed. */
  readonly jobs: readonly (SlurmJob | null)[];
  /** Id of the array in Slurm; null until it is known. */
  slurmId: number | null;
  /** Jobs of it that have not ended. */
  active: number;
}

/**
 * `waiting`: is not in Slurm. `submitting`: was given to Slurm, which has not confirmed it. `queued`: is in Slurm.
 * `running`: the wrapper has noted its start.
 */
export type JobState = 'waiting' | 'submitting' | 'queued' | 'running' | 'ended';

/** The end of a job's program, as its wrapper noted it. */
export interface NotedEnd {
  /** A wait(2) status. */
  readonly status: number;
  /** Seconds since the epoch. */
  readonly time: number;
}

/** An active job. */
export class SlurmJob implements RecordedJob, SubmittedJob {
  readonly facts: JobFacts;
  readonly idText: string;
  lastEvent = 0;
  recordedIn = 0;
  state: JobState = 'waiting';
  array: JobArray | null = null;
  /** In its array. */
  index = 0;
  urgency: number;
  /** The urgency with which Slurm has it. */
  given: number;
  /** It has a start event. */
  started = false;
  /** When it has started, in seconds since the epoch. */
  startTime = 0;
  /** Number of the look at the queue that was under way at its start, or came before it. */
  startedAt = 0;
  /** How often Slurm has put it back in its queue. */
  restarts = 0;
  /** The end that its wrapper noted, if Slurm may have caused it. It counts when the job's state in Slurm is known. */
  noted: NotedEnd | null = null;
  /** It has a fatal exception. */
  fatal = false;
  /** Number of the look at the queue that showed it last. */
  seen = 0;
  /** Number of the look that did not show it, or showed its end, first; 0 for none. */
  goneSince = 0;

  constructor(facts: JobFacts) {
    this.facts = facts;
    this.idText = String(facts.id);
    this.urgency = facts.urgency;
    this.given = facts.urgency;
  }
}
