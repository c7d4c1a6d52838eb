/** Numbers of jobs, as bars show them. */

import type { GroupResource } from '../schemas/group.js';

export type Counts = GroupResource['counts'];

export interface Shares {
  readonly success: number;
  readonly failed: number;
  readonly canceled: number;
  readonly running: number;
  readonly pending: number;
  /** Held back by a limit, and not submitted yet. */
  readonly queued: number;
  /** All of them. */
  readonly total: number;
  readonly done: number;
}

/** The jobs of each kind. Failed jobs include those whose time was up. */
export function sharesOf({ success, failed, canceled, running, pending, queued, submitted }: Counts): Shares {
  const total = queued + Math.max(submitted, success + failed + canceled + running + pending);
  const done = total - running - pending - queued;
  return { success, failed, canceled, running, pending, queued, total, done };
}
