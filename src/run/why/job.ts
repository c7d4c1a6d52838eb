/** Why a job of a kept run was submitted, and what it caused. */

import { type JobRow, jobRow } from '../../store/jobs/row.js';
import type { JobTable } from '../../store/jobs/table.js';
import { type FiringFacts, firingFacts } from './firing-facts.js';
import type { ReplayedRun } from './replayed.js';

export interface JobReason {
  readonly job: JobRow;
  /** All submissions of the job, in their order. */
  readonly attempts: readonly JobRow[];
  /** The firing that submitted it, the firing that submitted the job of that firing's event, and so on. */
  readonly causes: readonly FiringFacts[];
  /** A request from outside submitted it. */
  readonly requested: boolean;
  /** Firings that its events caused. */
  readonly effects: readonly FiringFacts[];
}

/** The most causes of a chain. */
const MOST_CAUSES = 100;

/** Whether two rows are submissions of the same job. Retries may change the parameters `changed`. */
function isSame(a: JobRow, b: JobRow, changed: readonly string[]): boolean {
  const keys = ['rule', 'firing', 'index', 'group', 'entry'] as const;
  const kept = ({ parameters }: JobRow) =>
    JSON.stringify(Object.entries(parameters).filter(([name]) => !changed.includes(name)));
  return keys.every((key) => a[key] === b[key]) && kept(a) === kept(b);
}

/** Explains the job in a row of the table. */
export function explainJob(run: ReplayedRun, table: JobTable, row: number): JobReason {
  const job = jobRow(table, row);
  const { ids, firing: firingOf, rule } = table.jobs;
  const changed = Object.keys(run.config.groups.get(job.group ?? '')?.retry?.parameters ?? {});
  const sameFiring = [...firingOf.keys()].filter((other) => firingOf[other] === firingOf[row]);
  const attempts = job.firing === null ? [job] : sameFiring.map((other) => jobRow(table, other));
  const byNumber = new Map(run.firings.map((firing) => [firing.number, firing]));
  const rowOf = new Map([...ids].map((id, index) => [id, index]));
  const causes: FiringFacts[] = [];
  for (let at = row; causes.length < MOST_CAUSES; ) {
    const firing = (rule[at] ?? -1) < 0 ? undefined : byNumber.get(firingOf[at] ?? Number.NaN);
    if (firing === undefined) break;
    causes.push(firingFacts(firing, run));
    const before = firing.job === null ? undefined : rowOf.get(firing.job);
    if (before === undefined) break;
    at = before;
  }
  return {
    job,
    attempts: attempts.filter((other) => isSame(other, job, changed)),
    causes,
    requested: job.rule === -1,
    effects: run.firings.filter((firing) => firing.job === job.id).map((firing) => firingFacts(firing, run)),
  };
}
