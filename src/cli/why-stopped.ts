/** Why a run that can be resumed does not go on, and the command that goes on with it. */

import { neededOption } from '../store/log-gap.js';
import { isResumable, type StoredRun } from '../store/runs.js';
import { KeptRun } from './kept-run.js';
import type { StateOption } from './state-option.js';

export interface Stopped {
  /** `has lost its process`. */
  readonly reason: string;
  /** `ensemble resume k3f9ax`. */
  readonly command: string;
}

const REASONS: Partial<Record<StoredRun['state'], string>> = {
  lost: 'has lost its process',
  failed: 'has lost its member',
  interrupted: 'was interrupted',
};

/** Returns null for a run that goes on, or that can't be resumed. */
export function whyStopped(run: StoredRun, options: StateOption): Stopped | null {
  const reason = REASONS[run.state];
  if (reason === undefined || !isResumable(run)) return null;
  return {
    reason,
    command: `ensemble resume ${KeptRun.of(run.path, options).arguments}${neededOption(run.path)}`,
  };
}
