/** Looks for what failed or slow jobs of a run have in common. */

import { lastAttempts } from '../jobs/last-attempts.js';
import { FAILED, RESULTS } from '../jobs/results.js';
import type { JobTable } from '../jobs/table.js';
import { type Best, bestOf, type Candidate, type Found, has } from './candidates.js';
import { type Cause, type Family, familiesOf, timeFamilies } from './causes.js';
import { failureCandidates } from './failures.js';
import { type Durations, SlownessSearch } from './slowness.js';
import { logFactorials } from './statistics.js';

/** The probability of a finding in a run in which chance alone decides; one half for each effect. */
const LEVEL = Math.log(0.01 / 2);
/** Findings of one effect, one after the other. */
const MAX_FINDINGS = 10;
/** Reasons that a finding lists. */
const MAX_REASONS = 3;
/** Standard deviations within which failed jobs take as long as others. */
const ALIKE = 2;
/** Ended jobs for each active one from which times are compared. */
const ENDED_FOR_ACTIVE = 20;

/** How failed jobs ended; null where it is unknown. */
export interface Reason {
  readonly exit: number | null;
  readonly exception: string | null;
  readonly jobs: number;
}

interface FindingBase {
  /** Selects the jobs with the cause that failed or completed; null for a cause that the language can't express. */
  readonly query: { readonly results: readonly string[]; readonly where: string } | null;
  readonly cause: Cause;
  /** Another name of the same cause, if the jobs do not allow to distinguish them; null without one. */
  readonly also: Cause | null;
  /** Logarithm of the probability by chance, corrected for the number of causes that were compared. */
  readonly logP: number;
}

export interface FailureFinding extends FindingBase {
  readonly effect: 'failures';
  /** Jobs with the cause, and others. */
  readonly jobs: number;
  readonly failed: number;
  readonly others: number;
  readonly otherFailed: number;
  /** The most frequent first. */
  readonly reasons: readonly Reason[];
}

export interface SlownessFinding extends FindingBase, Durations {
  readonly effect: 'slowness';
}

export type Finding = FailureFinding | SlownessFinding;

export interface Blame {
  readonly findings: readonly Finding[];
  /** Jobs that completed or failed; attempts of one job count once. */
  readonly jobs: number;
  readonly failed: number;
  /** Jobs that have not ended yet, or ended with a run that was killed. */
  readonly unknown: number;
  /** Possible causes that were compared. */
  readonly causes: number;
}

/** Results that count as failures. A refused job never ran. */
const isFailure = RESULTS.map((name) => FAILED.includes(name) && name !== 'refused');
const isCompleted = RESULTS.map((name) => name === 'completed');
const isUnknown = RESULTS.map((name) => name === 'active' || name === 'lost');

/**
 * Returns the causes that explain failures or slowness of the jobs of a run, the clearest first. The probability to
 * find any cause where chance alone decides is at most 1 %.
 */
export function blame(table: JobTable): Blame {
  const { result, attempt } = table.jobs;
  const resultOf = (row: number) => result[row] as number;
  const last = lastAttempts(table.jobs);
  const rows = last.filter((row) => isFailure[resultOf(row)] || isCompleted[resultOf(row)]);
  const unknown = last.filter((row) => isUnknown[resultOf(row)]).length;
  const failed = Uint8Array.from(rows, (row) => Number(isFailure[resultOf(row)]));
  const families = familiesOf(table, rows);
  // Short jobs are the first to end. If many jobs are active, the last ones to start that have ended are short, and may
  // have failed early. A job that was submitted again failed before, and starts later than others.
  const comparesTimes = unknown * ENDED_FOR_ACTIVE <= rows.length && rows.every((row) => attempt[row] === 0);
  const starts = comparesTimes ? timeFamilies(table, 'start', rows) : [];
  const ofFailures = [...families, ...starts];
  if (comparesTimes && failsAfterUsualTime(table, rows, failed)) {
    ofFailures.push(...timeFamilies(table, 'finish', rows));
  }
  const failures = findFailures(table, rows, failed, ofFailures);
  const slowness = findSlowness(table, rows, failed, [...families, ...starts]);
  return {
    findings: [...failures.findings, ...slowness.findings].sort((a, b) => a.logP - b.logP),
    jobs: rows.length,
    failed: failed.reduce((sum, each) => sum + each, 0),
    unknown,
    causes: failures.causes + slowness.causes,
  };
}

/** Durations of some of the jobs as ranks; NaN in `duration` leaves a job out. */
function searchOf(table: JobTable, rows: Uint32Array, takesPart: (job: number) => boolean): SlownessSearch {
  const duration = table.column('duration');
  const durations = Float64Array.from(rows, (row, i) => (takesPart(i) ? duration.number(row) : Number.NaN));
  const groups = Int32Array.from(rows, (row) => table.jobs.group[row] as number);
  return new SlownessSearch(durations, groups, table.jobs.groups.length);
}

/**
 * Whether failed jobs take as long as others. If they are shorter, the first to finish of jobs that begin together are
 * those that failed, and the time of their end says nothing about a cause.
 */
function failsAfterUsualTime(table: JobTable, rows: Uint32Array, failed: Uint8Array): boolean {
  const search = searchOf(table, rows, () => true);
  search.rank(new Uint8Array(rows.length).fill(1));
  return Math.abs(search.zOf((job) => failed[job] === 1)) < ALIKE;
}

/** The candidates that are clear, with scores that are corrected for all candidates of their family and all families. */
function clear(families: readonly Family[], search: (family: Family, rank: number) => Found): Found {
  const results = families.map(search).filter(({ tested }) => tested > 0);
  const ofFamilies = Math.log(results.length);
  return {
    tested: results.reduce((sum, { tested }) => sum + tested, 0),
    found: results
      .flatMap(({ found, tested }) =>
        found.map((each) => ({ ...each, score: each.score + Math.log(tested) + ofFamilies })),
      )
      .filter(({ score }) => score < LEVEL),
  };
}

/**
 * Finds one cause after the other. Jobs with a cause that was found are left out of the search for the next one, so
 * that another property of the same jobs is not found as well.
 */
function findAll<F>(
  rows: Uint32Array,
  next: (left: Uint8Array) => { readonly best: Best | null; readonly tested: number },
  describe: (best: Best, left: Uint8Array, before: readonly Candidate[]) => F,
): { readonly findings: F[]; readonly causes: number } {
  const left = new Uint8Array(rows.length).fill(1);
  const findings: F[] = [];
  const before: Candidate[] = [];
  let causes = 0;
  while (findings.length < MAX_FINDINGS) {
    const { best, tested } = next(left);
    if (findings.length === 0) causes = tested;
    if (best === null) break;
    findings.push(describe(best, left, before));
    before.push(best.best);
    left.forEach((_, i) => {
      if (has(best.best, i)) left[i] = 0;
    });
  }
  return { findings, causes };
}

function findFailures(table: JobTable, rows: Uint32Array, failed: Uint8Array, families: readonly Family[]) {
  const logs = logFactorials(rows.length);
  return findAll(
    rows,
    (left) => {
      const search = { failed, left, logs };
      const { found, tested } = clear(families, (family, rank) => failureCandidates(family, rank, search));
      return { best: bestOf(found, left, () => true), tested };
    },
    ({ best, also }, left, before): FailureFinding => {
      const counts = [0, 0, 0, 0];
      const failures: number[] = [];
      rows.forEach((row, i) => {
        if (left[i] === 0 || (best.family.levels[i] as number) < 0) return;
        const place = (has(best, i) ? 0 : 2) + (failed[i] as number);
        counts[place] = (counts[place] as number) + 1;
        if (place === 1) failures.push(row);
      });
      const [good = 0, bad = 0, otherGood = 0, otherBad = 0] = counts;
      return {
        effect: 'failures',
        query: queryOf(best, before, rows, 'failed', failureParts(table, failures)),
        cause: causeOf(best),
        also: also && causeOf(also),
        logP: best.score,
        jobs: good + bad,
        failed: bad,
        others: otherGood + otherBad,
        otherFailed: otherBad,
        reasons: reasonsOf(table, failures),
      };
    },
  );
}

function findSlowness(table: JobTable, rows: Uint32Array, failed: Uint8Array, families: readonly Family[]) {
  const search = searchOf(table, rows, (job) => failed[job] === 0);
  return findAll(
    rows,
    (left) => {
      search.rank(left);
      const { found, tested } = clear(families, (family, rank) => search.candidates(family, rank));
      return { best: bestOf(found, left, (candidate) => search.matters(candidate)), tested };
    },
    ({ best, also }, _left, before): SlownessFinding => ({
      effect: 'slowness',
      query: queryOf(best, before, rows, 'completed', []),
      cause: causeOf(best),
      also: also && causeOf(also),
      logP: best.score,
      ...search.durations(best),
    }),
  );
}

/** The query for the jobs of a cause without those of the causes that were found before. */
function queryOf(
  best: Candidate,
  before: readonly Candidate[],
  rows: Uint32Array,
  result: string,
  more: readonly string[],
): FindingBase['query'] {
  const { where } = causeOf(best);
  const explained = before
    .filter((each) => rows.some((_, job) => has(each, job) && has(best, job)))
    .map((each) => causeOf(each).where);
  if (where === null || explained.includes(null)) return null;
  const parts = [where, ...explained.map((each) => `not (${each})`), ...more];
  return { results: [result], where: parts.join(' and ') };
}

/** Parts of the query that leave out refused jobs, and failed attempts of jobs that were submitted again. */
function failureParts({ jobs }: JobTable, failures: readonly number[]): string[] {
  const parts = jobs.result.includes(RESULTS.indexOf('refused')) ? ['result != "refused"'] : [];
  if (!jobs.attempt.some((attempt) => attempt > 0)) return parts;
  // Most failed jobs were submitted as often as `retry` allows.
  const [attempt, ...others] = new Set(failures.map((row) => jobs.attempt[row]));
  return others.length > 0 ? parts : [...parts, `attempt == ${attempt}`];
}

const causeOf = ({ family, first, last }: Candidate): Cause => family.cause(first, last);

/** How these jobs ended, the most frequent way first. */
function reasonsOf(table: JobTable, rows: readonly number[]): Reason[] {
  const exit = table.column('exit');
  const exception = table.column('exception');
  const reasons = new Map<string, Reason>();
  for (const row of rows) {
    const number = exit.number(row);
    const type = exception.text(row);
    // The exit status of a job that an exception ended is that of the signal that ended it.
    const known = type !== null || Number.isNaN(number) ? null : number;
    const key = JSON.stringify([known, type]);
    const jobs = (reasons.get(key)?.jobs ?? 0) + 1;
    reasons.set(key, { exit: known, exception: type, jobs });
  }
  return [...reasons.values()].sort((a, b) => b.jobs - a.jobs).slice(0, MAX_REASONS);
}
