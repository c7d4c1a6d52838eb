/** The jobs of a run that have ended, in the order in which their outputs are removed, as the log of the run has them. */

import { loadAddon, type NativeJobColumns } from '../engine/addon.js';
import type { KeptOutputsOptions } from '../members/local/kept-outputs.js';
import { DEFAULT_OUTPUT_LIMIT, type KeptJob } from '../model/kept-files.js';
import { hasFailed, RESULTS } from '../store/jobs/results.js';
import { logFolder, noteRemoved, outputFolder } from '../store/run-folder.js';

/** Jobs that are put in order at once. */
const PIECE = 10_000;

/** The end of a job. Ends at the same time are in the order of ids. */
interface End {
  readonly time: number;
  readonly id: bigint;
}

const isAfter = (time: number, id: bigint, end: End) => time > end.time || (time === end.time && id > end.id);

export class EndedJobs {
  readonly #log: string;
  /** The last job that was yielded, among those that have not failed (0) and those that have (1). */
  readonly #last: End[] = [
    { time: Number.NEGATIVE_INFINITY, id: -1n },
    { time: Number.NEGATIVE_INFINITY, id: -1n },
  ];

  /** `log` is the folder of the log. */
  constructor(log: string) {
    this.#log = log;
  }

  /**
   * Yields the jobs that have ended and were not yielded before: by their ends, those that failed after all others.
   * Reads the log. Throws EnsembleError `ERR_FILE`.
   */
  async *next(): AsyncGenerator<KeptJob, void, void> {
    const { jobs } = await loadAddon().readRunLog(this.#log);
    for (const failed of [0, 1]) {
      for (;;) {
        const rows = this.#earliest(jobs, failed);
        for (const row of rows) {
          const [time, id] = [jobs.finish[row] ?? 0, jobs.ids[row] ?? 0n];
          this.#last[failed] = { time, id };
          const group = jobs.groups[jobs.group[row] ?? 0] ?? '';
          yield { group, firing: jobs.firing[row] ?? 0, index: jobs.index[row] ?? 0, id };
        }
        if (rows.length < PIECE) break;
      }
    }
  }

  /** Rows of the next jobs. A job without a process has no `finish`. */
  #earliest({ ids, finish, result }: NativeJobColumns, failed: number): number[] {
    const last = this.#last[failed] as End;
    const rows: number[] = [];
    for (const [row, time] of finish.entries()) {
      if (RESULTS[result[row] ?? 0] === 'active' || hasFailed(result[row]) !== (failed === 1)) continue;
      if (isAfter(time, ids[row] ?? 0n, last)) rows.push(row);
    }
    const at = (row: number) => finish[row] ?? 0;
    // The numbers alone are sorted quickly.
    const latest = Float64Array.from(rows, at).sort()[PIECE - 1] ?? Number.POSITIVE_INFINITY;
    return rows
      .filter((row) => at(row) <= latest)
      .sort((a, b) => at(a) - at(b) || Number((ids[a] ?? 0n) - (ids[b] ?? 0n)));
  }
}

/** How the outputs of jobs are kept in the folder of the run. */
export function keptOutputs(runFolder: string, limit = DEFAULT_OUTPUT_LIMIT): KeptOutputsOptions {
  const jobs = new EndedJobs(logFolder(runFolder));
  return {
    folder: outputFolder(runFolder),
    limit,
    ended: () => jobs.next(),
    removed: (ids) => noteRemoved(runFolder, ids),
  };
}
