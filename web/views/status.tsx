/** The status of a run in a word. */

import type { EnsembleResource } from '../api/types.js';

/** The word, and the kind of its color. */
export function statusOf({ status, paused, end }: EnsembleResource): readonly [string, string] {
  if (end !== null)
    return [`ended: ${end.end}`, end.end === 'failed' || end.end === 'stopped' ? 'bad' : 'calm'];
  if (status === 'lost') return ['lost', 'bad'];
  if (paused) return ['paused', 'warn'];
  return [status, status === 'running' ? 'good' : 'calm'];
}

export function StatusBadge({ ensemble }: { readonly ensemble: EnsembleResource }) {
  const [word, kind] = statusOf(ensemble);
  return <span class={`badge ${kind}`}>{word}</span>;
}
