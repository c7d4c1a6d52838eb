/** Runs that are made by chance, in which causes of failures and slowness can be planted. */

import { randomExponential, randomLogNormal, randomUniform } from 'd3-random';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { JobTable } from '../../src/store/jobs/table.js';
import { type JobFacts, jobColumns } from './job-columns.js';

/** The facts of a job that a planted cause depends on. */
export interface MadeJob {
  readonly group: string;
  readonly entry: number;
  readonly parameters: Readonly<Record<string, number | string>>;
  readonly host: string;
  /** Seconds since the start of the run. */
  readonly start: number;
  /** Without failures: seconds since the start of the run. */
  readonly finish: number;
}

export interface MadeRun {
  readonly seed: number;
  readonly jobs: number;
  /** Jobs that run at the same time. */
  readonly slots?: number;
  /** Hosts with an equal share of the slots; none by default. */
  readonly hosts?: number;
  readonly groups?: number;
  readonly entries?: number;
  readonly spread?: 'lognormal' | 'exponential' | 'uniform';
  /** The order of the values: that of a sweep, or random. */
  readonly order?: 'sweep' | 'random';
  /** Failures by chance. */
  readonly rate?: number;
  /** The duration of a failed job, as a multiple of that without a failure. */
  readonly failAfter?: number;
  /** Failed jobs are submitted again this number of times. */
  readonly retries?: number;
  /** The probability of a failure where a cause is planted; undefined elsewhere. */
  readonly plantedRate?: (job: MadeJob) => number | undefined;
  /** The duration as a multiple. */
  readonly plantedSlowness?: (job: MadeJob) => number;
}

export const TEMPERATURES = [300, 350, 400, 450, 500];
export const KINDS = ['fcc', 'bcc', 'hcp'];
const BEGIN = 1_700_000_000;

/** The table of a made run. Jobs have the parameters T (5 values), kind (3), x (from 0 to 1) and seed (unique). */
export function madeRun(options: MadeRun): JobTable {
  const { seed, jobs, slots = 16, groups = 1, entries = 1, rate = 0.05, retries = 0 } = options;
  const generator = xoroshiro128plus(seed);
  const random = () => uniformFloat64(generator);
  const durationOf = {
    lognormal: randomLogNormal.source(random)(2, 0.3),
    exponential: randomExponential.source(random)(0.1),
    uniform: randomUniform.source(random)(8, 12),
  }[options.spread ?? 'lognormal'];
  const pick = <T>(values: readonly T[], i: number) =>
    values[options.order === 'sweep' ? i % values.length : Math.floor(random() * values.length)] as T;
  const free = new Float64Array(slots);
  const facts: JobFacts[] = [];
  for (let i = 0; i < jobs; i++) {
    const place = Math.floor((i * groups) / jobs);
    const parameters = {
      T: pick(TEMPERATURES, i),
      kind: pick(KINDS, Math.floor(i / TEMPERATURES.length)),
      x: Number(random().toFixed(6)),
      seed: i,
    };
    const entry = Math.floor(random() * entries);
    const group = `group${place}`;
    for (let attempt = 0; attempt <= retries; attempt++) {
      const slot = free.indexOf(Math.min(...free));
      const start = free[slot] as number;
      const usual = durationOf() * (1 + place);
      const host = options.hosts === undefined ? '' : `node${slot % options.hosts}`;
      const made = { group, entry, parameters, host, start, finish: start + usual };
      const duration = usual * (options.plantedSlowness?.(made) ?? 1);
      const fails = random() < (options.plantedRate?.(made) ?? rate);
      const finish = start + duration * (fails ? (options.failAfter ?? 1) : 1);
      free[slot] = finish;
      facts.push({
        ...{ group, entry, attempt, rule: 0, firing: 1, index: i },
        ...{ submit: BEGIN, start: BEGIN + start, finish: BEGIN + finish },
        ...(fails ? { result: 'failed', status: 3 << 8 } : { result: 'completed', status: 0 }),
        parameters: JSON.stringify(parameters),
        hosts: host,
      } as JobFacts);
      if (!fails) break;
    }
  }
  const nothing = { nodes: null, tasks: null, output: null, error: null };
  return new JobTable({
    jobs: jobColumns(facts),
    titleOf: (rule) => (rule === 0 ? 'start' : null),
    variablesOf: () => [],
    textsOf: () => [],
    place: () => nothing,
  });
}

/** Runs without a cause, of several sizes and forms. */
export function cleanRun(seed: number): JobTable {
  const of = <T>(values: readonly T[], divisor: number) =>
    values[Math.floor(seed / divisor) % values.length] as T;
  return madeRun({
    seed,
    jobs: of([20, 60, 200, 600, 1500], 1),
    slots: of([4, 16, 64, 2000], 3),
    hosts: of([1, 4, 16], 10),
    groups: of([1, 3, 1, 2], 5),
    entries: of([1, 4], 7),
    spread: of(['lognormal', 'exponential', 'uniform'] as const, 2),
    order: of(['random', 'sweep'] as const, 4),
    rate: of([0.02, 0.1, 0.3, 0.6], 6),
    failAfter: of([1, 0.02, 1, 10], 8),
    retries: of([0, 0, 0, 2], 9),
  });
}
