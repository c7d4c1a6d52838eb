/** The active jobs of a run that goes on, as its log has them. */

import { loadAddon } from '../engine/addon.js';
import type { Engine } from '../engine/engine.js';
import type { ActiveJob } from '../members/member.js';

/** `log` is the folder of the log, which the engine has taken in. Throws EnsembleError `ERR_FILE`. */
export async function activeJobsOf(engine: Engine, log: string): Promise<ActiveJob[]> {
  // Jobs that the interruption of the run took back are in the log, but not active.
  const active = new Set(await engine.activeJobs());
  const { jobs } = await loadAddon().readRunLog(log);
  const found: ActiveJob[] = [];
  for (const [row, id] of jobs.ids.entries()) {
    if (!active.has(id)) continue;
    const start = jobs.start[row] ?? Number.NaN;
    found.push({
      id,
      start: Number.isNaN(start) ? null : start,
      finished: !Number.isNaN(jobs.finish[row] ?? Number.NaN),
      fatal: isFatal(jobs.texts[jobs.exception[row] ?? 0] ?? ''),
    });
  }
  return found;
}

/** A job that was put back in a queue goes on. */
const isFatal = (exception: string) => exception !== '' && exception !== 'requeue';
