/** A job that failed, or was lost, and is submitted again. */

import type { JobOrigin } from './firing.js';
import type { Parameters } from './parameters.js';

/** A job that is submitted again. */
export interface Retry extends JobOrigin {
  /** Counted from 0 in this run. */
  readonly number: number;
  /** When it was due, in seconds since the epoch. */
  readonly timestamp: number;
  /** The job that ended. */
  readonly job: bigint;
  readonly group: string;
  /** Index of its entry in the group. */
  readonly entry: number;
  /** Number of earlier submissions. */
  readonly attempt: number;
  /** The job was lost with the process or the Flux instance that ran it, so this is not another attempt. */
  readonly lost: boolean;
  readonly parameters: Parameters | null;
  /** The engine's source submits the job by itself. */
  readonly submitting: boolean;
}
