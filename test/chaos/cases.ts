/** One case of the harness: a study, the kills of its process, and a comparison with an undisturbed run. */

import { check, type Verdict } from './check.js';
import { describe, run } from './command.js';
import { canMount, enlargeDisk, flipBit, tearTail } from './damage.js';
import { type Disturbance, type Disturbed, disturb } from './disturb.js';
import { bytesOf, type Extent } from './kills.js';
import { type Outcome, outcomeOf } from './outcome.js';
import { Place } from './place.js';
import { Random } from './random.js';
import { everything, generated } from './studies.js';
import type { Study } from './study.js';

/**
 * `torn`: the end of the log is cut off. `rival`: two processes resume at the same time. `flipped`: a bit of the log is
 * flipped. `full`: the disk becomes full. `reload`: Flux's job manager is reloaded.
 */
export const VARIANTS = ['plain', 'torn', 'rival', 'flipped', 'full', 'reload'] as const;
export type Variant = (typeof VARIANTS)[number];

/** Where the jobs run. */
export interface Executor {
  readonly name: 'local' | 'flux' | 'slurm';
  readonly options: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** The most jobs of the first group of a study. */
  readonly size: number;
  /** Seconds that a process may take to its end; 20 by default. */
  readonly most?: number;
  /** Reloads the job manager of Flux. */
  readonly reload?: () => Promise<void>;
}

export const local: Executor = {
  name: 'local',
  options: ['--executor', 'local', '--slots', '8'],
  env: {},
  size: 8,
};

export interface Result {
  readonly seed: string;
  readonly study: string;
  readonly variant: Variant;
  readonly kills: number;
  readonly resumesKilled: number;
  /** Jobs of the undisturbed run. */
  readonly jobs: number;
  readonly lost: number;
  readonly twice: number;
  readonly again: number;
  readonly faults: readonly string[];
  /** Kept for a case with faults. */
  readonly folder: string;
}

interface Baseline {
  readonly outcome: Outcome;
  readonly extent: Extent;
}

const MOST = 20;

/** Counts that the features of a study did not lead to. */
function unexpectedCounts({ groups }: Study, { summary }: Outcome): string[] {
  return groups.flatMap(({ name, ends, successes, canceled }) => {
    const count = summary?.groups[name]?.count;
    const found = [count?.finished, count?.success, count?.canceled].join();
    const expected = [ends, successes, canceled].join();
    return found === expected ? [] : [`${name}: ${found}, expected ${expected}`];
  });
}

/** Runs a study without a disturbance. */
export async function undisturbed(study: Study, { options, env, most = MOST }: Executor): Promise<Baseline> {
  const place = new Place(study);
  const args = ['run', 'study.yaml', '--json', '--state', place.state, ...options];
  const ended = await run(args, { cwd: place.folder, env }, most);
  const { folder, state, runId } = place;
  const outcome = await outcomeOf(ended, { folder, state, runId });
  const faults = unexpectedCounts(study, outcome);
  if (faults.length > 0) throw new Error(`${faults.join('\n')}\n${describe(ended)}`);
  const extent = { seconds: ended.seconds, bytes: bytesOf(place.log ?? '') };
  place.remove();
  return { outcome, extent };
}

/** Undisturbed runs by executor and file. */
const baselines = new Map<string, Promise<Baseline>>();

function baselineOf(study: Study, executor: Executor): Promise<Baseline> {
  const key = `${executor.name} ${study.text}`;
  const known = baselines.get(key) ?? undisturbed(study, executor);
  baselines.set(key, known);
  return known;
}

function chooseStudy(random: Random, seed: string, { size }: Executor): Study {
  const kind = random.number(0, 1);
  if (kind < 0.3) return everything('javascript', size);
  return kind < 0.5 ? everything('python', size) : generated(seed, size);
}

/** Runs the case of a seed. The same seed gives the same study, and the same choice of instants. */
export async function runCase(
  seed: string,
  executor: Executor,
  { variant, study, kills }: { variant?: Variant; study?: Study; kills?: number } = {},
): Promise<Result> {
  const random = new Random(seed);
  const chosen = study ?? chooseStudy(random, seed, executor);
  const kind = variant ?? chooseVariant(random, executor);
  const { outcome, extent } = await baselineOf(chosen, executor);
  const place = new Place(chosen, kind === 'full' ? diskFor(chosen, extent, random) : null);
  const disturbance = {
    options: executor.options,
    env: executor.env,
    extent,
    kills: kills ?? random.integer(1, 8),
    most: executor.most ?? MOST,
    ...hooksOf(kind, executor, random),
  };
  const disturbed = await disturb(place, random, disturbance);
  const verdict = verdictOf(disturbed, outcome, executor, kind);
  if (verdict.faults.length === 0) place.remove();
  else place.release();
  const { folder } = place;
  const { kills: made, resumesKilled } = disturbed;
  return {
    seed,
    study: chosen.name,
    variant: kind,
    kills: made,
    resumesKilled,
    jobs: outcome.rows.length,
    ...verdict,
    folder,
  };
}

function chooseVariant(random: Random, { name }: Executor): Variant {
  const kind = random.number(0, 1);
  if (kind < 0.8) return 'plain';
  if (name === 'flux') return kind < 0.9 ? 'rival' : 'reload';
  if (name === 'slurm') return 'rival';
  return random.choice(['torn', 'torn', 'rival', 'rival', 'flipped', canMount ? 'full' : 'torn']);
}

const PAGE = 4096;

/** The bytes of a disk that has room for the files of a run, except for a part of its log. */
function diskFor({ text }: Study, { bytes }: Extent, random: Random): number {
  const pages = (size: number) => Math.ceil(size / PAGE);
  // The manifest, its copy while it is replaced, and locks.
  const others = 6;
  return PAGE * (others + pages(text.length) + random.integer(1, pages(bytes)));
}

function hooksOf(variant: Variant, executor: Executor, random: Random): Partial<Disturbance> {
  switch (variant) {
    case 'torn':
      return { afterKill: ({ log }) => (log === null ? undefined : tearTail(log, random)) };
    case 'flipped':
      return { afterKill: ({ log }) => (log === null ? undefined : flipBit(log, random)) };
    case 'rival':
      return { rival: true };
    case 'full':
      return { afterKill: ({ state }) => enlargeDisk(state) };
    case 'reload':
      return { afterKill: () => executor.reload?.() };
    default:
      return {};
  }
}

/** Damage or a full disk is reported in these words. */
const REPORTED = /damaged|can't be written|No space/;

function verdictOf(disturbed: Disturbed, expected: Outcome, { name }: Executor, variant: Variant): Verdict {
  const { outcome, known, cutOff, printed, ended, damaged } = disturbed;
  const faults = [...disturbed.faults];
  const none = { lost: 0, twice: 0, again: 0 };
  const isReported = REPORTED.test(printed);
  if (variant === 'flipped') {
    // Damage must be reported. The run may be refused, or wait for events that the log has lost, but must not crash.
    if (damaged && !isReported) faults.push(`the damage is not reported: ${describe(ended)}`);
    if (ended.signal !== null && (ended.signal !== 'SIGKILL' || !isReported))
      faults.push(`the run did not end: ${describe(ended)}`);
    return { faults, ...none };
  }
  if (outcome === null) return { faults: [...faults, `the run did not end: ${describe(ended)}`], ...none };
  const noLog = variant === 'full' && isReported;
  const verdict = check(outcome, expected, {
    losses: name === 'local',
    known: noLog ? [] : known,
    noLog,
    ...(variant === 'torn' ? { cutOff } : {}),
  });
  return { ...verdict, faults: [...faults, ...verdict.faults] };
}
