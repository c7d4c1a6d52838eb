/**
 * The progress of an action that is performed: the parts that were done before the run was resumed, and notes of those
 * that are done now. An action asks here before it does something that must not be done twice.
 */

import type { JobGroup } from '../model/ensemble.js';
import type { Portion } from './submit/portions.js';

/** Jobs of a submission, by their indexes: from `begin` up to `end`, `end` excluded. */
export interface JobRange {
  readonly begin: number;
  readonly end: number;
}

export interface ActionProgress {
  /** Number of this submission among those of the firing, counted from 0. */
  part(): number;
  /** The jobs of the submission that exist already, ascending. */
  submitted(part: number): Promise<readonly JobRange[]>;
  /**
   * The next jobs of a group with parameters or, where the action took some before, the same ones again. Jobs that
   * are done already are among them, and do not count.
   */
  take(
    group: JobGroup,
    count: number,
    isDone?: ((portion: Portion) => boolean) | null,
  ): Promise<Iterable<Portion>>;
  /**
   * Rows are read from a file, which must not have changed since the run began. Throws Error with the difference, and what
   * to do.
   */
  reads(file: string): Promise<void>;
  /**
   * The size that the action wanted before the run was resumed, null for none; `target` is noted then. For a member of
   * unknown size, it is the difference.
   */
  wantSize(target: number): number | null;
  /** Jobs get another urgency, which they keep when they are lost and submitted again. */
  setsUrgency(jobs: Iterable<bigint>, urgency: number): void;
  /** The member has this size now, or will have it. */
  reached(size: number): void;
  /**
   * The action is done when the promise resolves with true, and is performed again by a process that resumes the run
   * otherwise. The run does not wait for it.
   */
  until(done: Promise<boolean>): void;
  /** Code of the user is called. Resolves with the number of earlier calls that had no answer. */
  begin(): Promise<number>;
  /** The code has answered, and is not called again. */
  answered(answer: unknown): Promise<void>;
}
