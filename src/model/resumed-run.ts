/** Facts about a run that goes on after its process had ended. */

/** How active jobs are treated that were lost with the process: submitted again, or as failed. */
export type LostPolicy = 'again' | 'fail';

export interface ResumedRun {
  /** Number of the processes that drove the run, this one included. */
  readonly epoch: number;
  /** Why the lock of another process was taken over; null for a process that had given it back. */
  readonly takenOver: string | null;
  /** The run was interrupted. Otherwise its process died. */
  readonly interrupted: boolean;
  /** The actions of rules wait, as when the process ended. */
  readonly paused: boolean;
  /** The run had come to its end, and only its result was missing. */
  readonly ended: boolean;
  /** The last time in the log, in seconds since the epoch. */
  readonly latest: number;
  /** Jobs that the run had submitted, those that were active, and those that waited for their next attempt. */
  readonly jobs: number;
  readonly active: number;
  readonly retrying: number;
  /** Active jobs that were lost, and how they are treated. */
  readonly lost: number;
  readonly lostJobs: LostPolicy;
  /** Actions that were not done. They are performed now. */
  readonly actions: number;
  /** Journal events that were taken in again, and the seconds that it took. */
  readonly events: number;
  readonly seconds: number;
  /** Words for the damage to the log; null without damage. */
  readonly damage: string | null;
  /** Notes in the log that this version does not know. */
  readonly unknownNotes: number;
  /** Why jobs may be missing, or be submitted twice. Whole sentences. */
  readonly doubts: readonly string[];
}
