/** Looks for the jobs that took longer than others of their groups. */

import { type Candidate, type Found, has, setsOf } from './candidates.js';
import type { Family } from './causes.js';
import { firstPlace, logNormalTail, medianOf, RankTest } from './statistics.js';

/** Jobs with a cause, and others, for which the approximation of the test is good. */
const MIN_COMPARED = 8;
/** Median duration of the jobs with a cause, as a multiple of that of the others. */
const MIN_RATIO = 1.2;
/** The share of pairs with another job in which the job with the cause takes longer. */
const MIN_LARGER = 0.6;

/** Seconds that they take longer: loaded machines delay short jobs by less than this. */
const MIN_SECONDS = 0.1;

/** Durations of jobs that took long, and of others. */
export interface Durations {
  readonly jobs: number;
  readonly others: number;
  /** The median of the jobs, as a multiple of that of the others. */
  readonly ratio: number;
  /** Seconds. */
  readonly median: number;
  readonly otherMedian: number;
  /** Groups of the jobs. With several ones, the medians depend on the shares of the groups, and the ratio does not. */
  readonly groups: number;
}

type Levels = Pick<Family, 'levels' | 'more' | 'count'>;

/** Numbers and ranks of jobs for each level of a family and each group. */
class Cells {
  /** Index of the first cell of each level. */
  readonly #starts: Uint32Array;
  readonly #groups: number[] = [];
  readonly #jobs: number[] = [];
  readonly #sums: number[] = [];
  readonly #jobsOf: Uint32Array;
  readonly #sumsOf: Float64Array;

  constructor(family: Levels, group: Int32Array, rank: Float64Array, groups: number) {
    const { count } = family;
    this.#starts = new Uint32Array(count + 1);
    this.#jobsOf = new Uint32Array(groups);
    this.#sumsOf = new Float64Array(groups);
    const { jobs, starts } = jobsByLevel(family, group);
    for (let level = 0; level < count; level++) {
      this.#starts[level] = this.#groups.length;
      const touched: number[] = [];
      for (let at = starts[level] as number; at < (starts[level + 1] as number); at++) {
        const job = jobs[at] as number;
        this.#collect(group[job] as number, 1, rank[job] as number, touched);
      }
      for (const cell of touched) {
        this.#groups.push(cell);
        this.#jobs.push(this.#jobsOf[cell] as number);
        this.#sums.push(this.#sumsOf[cell] as number);
      }
      this.#clear(touched);
    }
    this.#starts[count] = this.#groups.length;
  }

  /** Calls `each` with the number of jobs and the sum of their ranks in each group, for these levels. */
  between(first: number, last: number, each: (group: number, jobs: number, sum: number) => void): void {
    const touched: number[] = [];
    for (let cell = this.#starts[first] as number; cell < (this.#starts[last + 1] as number); cell++) {
      const group = this.#groups[cell] as number;
      this.#collect(group, this.#jobs[cell] as number, this.#sums[cell] as number, touched);
    }
    for (const group of touched) each(group, this.#jobsOf[group] as number, this.#sumsOf[group] as number);
    this.#clear(touched);
  }

  #collect(group: number, jobs: number, sum: number, touched: number[]): void {
    if (this.#jobsOf[group] === 0) touched.push(group);
    this.#jobsOf[group] = (this.#jobsOf[group] as number) + jobs;
    this.#sumsOf[group] = (this.#sumsOf[group] as number) + sum;
  }

  #clear(touched: readonly number[]): void {
    for (const group of touched) {
      this.#jobsOf[group] = 0;
      this.#sumsOf[group] = 0;
    }
  }
}

/** The jobs that are compared, by their levels; those of a level begin at its `starts`. */
function jobsByLevel({ levels, more, count }: Levels, group: Int32Array) {
  const forEach = (each: (job: number, level: number) => void) => {
    for (let job = 0; job < levels.length; job++) {
      const level = levels[job] as number;
      if (level < 0 || level >= count || (group[job] as number) < 0) continue;
      each(job, level);
      if (more !== undefined) for (const other of more(job)) each(job, other);
    }
  };
  const starts = new Uint32Array(count + 1);
  forEach((_job, level) => {
    starts[level + 1] = (starts[level + 1] as number) + 1;
  });
  for (let level = 1; level <= count; level++) {
    starts[level] = (starts[level] as number) + (starts[level - 1] as number);
  }
  const jobs = new Uint32Array(starts[count] as number);
  const filled = starts.slice();
  forEach((job, level) => {
    jobs[filled[level] as number] = job;
    filled[level] = (filled[level] as number) + 1;
  });
  return { jobs, starts };
}

/** Durations as ranks within groups. */
export class SlownessSearch {
  /** Group of each job; -1 for a job that is not compared. */
  readonly #group: Int32Array;
  readonly #duration: Float64Array;
  /** The rank of each job minus the mean rank. */
  readonly #rank: Float64Array;
  /** Facts of each group. */
  readonly #squares: Float64Array;
  readonly #sizes: Uint32Array;
  readonly #medians: Float64Array;

  /** `duration` is NaN for a job that is not compared. */
  constructor(duration: Float64Array, group: Int32Array, groups: number) {
    this.#duration = duration;
    this.#group = group.map((each, job) => (Number.isNaN(duration[job]) ? -1 : each));
    this.#rank = new Float64Array(duration.length);
    this.#squares = new Float64Array(groups);
    this.#sizes = new Uint32Array(groups);
    this.#medians = new Float64Array(groups);
  }

  /** Ranks the jobs that are not explained yet. */
  rank(left: Uint8Array): void {
    const group = this.#group;
    this.#sizes.fill(0);
    this.#squares.fill(0);
    for (let job = 0; job < group.length; job++) {
      if (left[job] === 0) group[job] = -1;
      const at = group[job] as number;
      if (at >= 0) this.#sizes[at] = (this.#sizes[at] as number) + 1;
    }
    const sorted = Array.from(this.#sizes, (size) => new Float64Array(size));
    const filled = new Uint32Array(sorted.length);
    for (let job = 0; job < group.length; job++) {
      const at = group[job] as number;
      if (at < 0) continue;
      (sorted[at] as Float64Array)[filled[at] as number] = this.#duration[job] as number;
      filled[at] = (filled[at] as number) + 1;
    }
    sorted.forEach((durations, at) => {
      this.#medians[at] = medianOf(durations);
    });
    for (let job = 0; job < group.length; job++) {
      const at = group[job] as number;
      if (at < 0) continue;
      const durations = sorted[at] as Float64Array;
      const duration = this.#duration[job] as number;
      // Equal durations share the mean of their ranks.
      const before = firstPlace(durations, (other) => other >= duration);
      const through = firstPlace(durations, (other) => other > duration);
      const rank = (before + through - 1) / 2 - (durations.length - 1) / 2;
      this.#rank[job] = rank;
      this.#squares[at] = (this.#squares[at] as number) + rank * rank;
    }
  }

  /** The z value of the jobs for which `isMember` is true. */
  zOf(isMember: (job: number) => boolean): number {
    const levels = this.#group.map((_, job) => (isMember(job) ? 0 : -1));
    const cells = new Cells({ levels, count: 1 }, this.#group, this.#rank, this.#sizes.length);
    const test = new RankTest();
    cells.between(0, 0, (group, jobs, sum) => this.#add(test, group, jobs, sum));
    return test.z;
  }

  /** The candidates of a family that matter, apart from their medians, and the number of all that were tested. */
  candidates(family: Family, rank: number): Found {
    const cells = new Cells(family, this.#group, this.#rank, this.#sizes.length);
    const found: Candidate[] = [];
    let tested = 0;
    for (const [first, last] of setsOf(family)) {
      const test = new RankTest();
      let members = 0;
      let others = 0;
      cells.between(first, last, (group, jobs, sum) => {
        members += jobs;
        others += (this.#sizes[group] as number) - jobs;
        this.#add(test, group, jobs, sum);
      });
      if (members < MIN_COMPARED || others < MIN_COMPARED) continue;
      tested++;
      if (test.larger < MIN_LARGER) continue;
      found.push({ family, rank, first, last, score: logNormalTail(test.z) });
    }
    return { found, tested };
  }

  /** The durations of the jobs with a cause, and of the others of their groups. */
  durations(candidate: Candidate): Durations {
    const groups = new Set<number>();
    this.#group.forEach((group, job) => {
      if (group >= 0 && has(candidate, job)) groups.add(group);
    });
    const compared = (isMember: boolean) =>
      Uint32Array.from(this.#group.keys()).filter(
        (job) => groups.has(this.#group[job] as number) && has(candidate, job) === isMember,
      );
    const [members, others] = [compared(true), compared(false)];
    const durationOf = (job: number) => this.#duration[job] as number;
    // Groups of different lengths are compared by the multiples of their own medians.
    const multipleOf = (job: number) =>
      durationOf(job) / (this.#medians[this.#group[job] as number] as number);
    const median = (jobs: Uint32Array, of: (job: number) => number) => medianOf(Float64Array.from(jobs, of));
    return {
      jobs: members.length,
      others: others.length,
      ratio: median(members, multipleOf) / median(others, multipleOf),
      median: median(members, durationOf),
      otherMedian: median(others, durationOf),
      groups: groups.size,
    };
  }

  /** Whether the jobs with a cause take long enough to matter. */
  matters(candidate: Candidate): boolean {
    const { ratio, otherMedian } = this.durations(candidate);
    return ratio >= MIN_RATIO && (ratio - 1) * otherMedian >= MIN_SECONDS;
  }

  #add(test: RankTest, group: number, jobs: number, sum: number): void {
    test.add({ jobs, allJobs: this.#sizes[group] as number, sum, squares: this.#squares[group] as number });
  }
}
