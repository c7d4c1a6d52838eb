/** The native program that starts jobs and user programs. */

import { remedyFor } from '../text/system-error.js';

/** A message with a remedy for a program at this path that can't be run. */
export function cannotRun(path: string, reason: string, cause?: unknown): string {
  const shortage = remedyFor(cause);
  if (shortage !== null) return `can't run the helper ${path}: ${shortage}`;
  const remedy = 'Build it with "npm rebuild flux-ensemble" (in a checkout: "npm run build").';
  return `can't run the helper ${path}: ${reason}. ${remedy}`;
}
