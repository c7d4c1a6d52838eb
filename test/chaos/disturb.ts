/** Runs a study whose process is killed again and again, and resumes it each time. */

import { bagOf, keyOf, originOf } from './check.js';
import { Command, describe, type Ended } from './command.js';
import { chooseInstant, type Extent, killAt } from './kills.js';
import { type Outcome, outcomeOf, type Row, summaryOf } from './outcome.js';
import type { Place } from './place.js';
import type { Random } from './random.js';

export interface Disturbance {
  /** Options of `ensemble run`. */
  readonly options: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly extent: Extent;
  /** The most kills. */
  readonly kills: number;
  /** Happens after each kill, before the run is resumed. */
  readonly afterKill?: (place: Place) => Promise<void> | void;
  /** A second process tries to resume the run at the same time. */
  readonly rival?: boolean;
  /** Seconds that the last process may take. */
  readonly most: number;
}

export interface Disturbed {
  readonly kills: number;
  /** The kills that hit a resumed process. */
  readonly resumesKilled: number;
  /** Null for a run whose last process failed. */
  readonly outcome: Outcome | null;
  /** Rows of jobs that had ended at a kill. */
  readonly known: readonly Row[];
  /** Jobs by key that the log had before `afterKill`, and no longer after it. */
  readonly cutOff: ReadonlyMap<string, number>;
  /** Faults of the processes themselves. */
  readonly faults: readonly string[];
  /** The last process. */
  readonly ended: Ended;
  /** All that the processes printed. */
  readonly printed: string;
  /** The log was damaged after a kill. */
  readonly damaged: boolean;
}

const hasEnded = ({ result }: Row) => result !== 'active' && result !== 'lost';
const idOf = (row: Row) => `${row.jobid} ${originOf(row)}`;

/** Rows of the first list that the second one has not, neither as ended nor as lost. */
function missingIn(before: readonly Row[], after: readonly Row[]): Row[] {
  const ended = new Set(after.filter(hasEnded).map(idOf));
  const all = new Set(after.map(idOf));
  return before.filter((row) => !all.has(idOf(row)) || (hasEnded(row) && !ended.has(idOf(row))));
}

const textOf = ({ stdout, stderr }: Ended) => `${stdout}\n${stderr}\n`;

/** A process that was refused says so, and exits with 2. */
function refusalFaults(ended: Ended): string[] {
  const isRefused = ended.status === 2 && /has driven|has ended/.test(ended.stderr);
  return isRefused ? [] : [`a second process was not refused: ${describe(ended)}`];
}

export async function disturb(place: Place, random: Random, given: Disturbance): Promise<Disturbed> {
  const { options, extent, kills: most } = given;
  const env = given.env ?? {};
  const faults: string[] = [];
  const known = new Map<string, Row>();
  const cutOff: string[] = [];
  const start = (args: readonly string[]) => new Command(args, { cwd: place.folder, env });
  // Such a log has checkpoints, and loses its beginning.
  const bounded = random.chance(0.5) ? ['--log-limit', '4kB'] : [];
  const begin = () => start(['run', 'study.yaml', '--json', '--state', place.state, ...bounded, ...options]);
  // A run whose disk was full is compared as far as its log goes.
  const resume = () => start(['resume', place.runId, '--json', '--incomplete-log', '--state', place.state]);

  let command = begin();
  let kills = 0;
  let resumesKilled = 0;
  let resumed = false;
  let printed = '';
  let damaged = false;
  const watched = { log: () => place.log, most: given.most };
  while (kills < most && (await killAt(command, chooseInstant(random, extent), watched))) {
    kills++;
    printed += textOf(await command.ended);
    if (resumed) resumesKilled++;
    const { rows } = await place.jobs();
    await given.afterKill?.(place);
    const { rows: after, damaged: isDamaged } = await place.jobs();
    damaged ||= isDamaged;
    const gone = missingIn(rows, after);
    cutOff.push(...gone.map(keyOf));
    for (const row of gone) known.delete(idOf(row));
    for (const row of after.filter(hasEnded)) known.set(idOf(row), row);
    // A process that is killed before it has a run is started again.
    resumed = place.run !== null;
    if (!resumed) {
      command = begin();
      continue;
    }
    command = resume();
    if (given.rival) {
      const { winner, refused } = await compete(command, resume());
      faults.push(...refusalFaults(refused));
      command = winner;
    }
  }
  const ended = await command.within(given.most);
  printed += textOf(ended);
  const result = {
    kills,
    ended,
    printed,
    damaged,
    resumesKilled,
    known: [...known.values()],
    cutOff: bagOf(cutOff),
  };
  // A process that is killed at the very end of a run prints no summary, and the run can't be resumed.
  const isOver = kills > 0 && ended.status === 2 && /has ended/.test(ended.stderr);
  const isWhole = isOver || summaryOf(ended) !== null;
  const { folder, state, runId } = place;
  const outcome = isWhole ? await outcomeOf(ended, { folder, state, runId }) : null;
  return { ...result, outcome, faults };
}

/** Lets two processes compete for a run: one of them is refused and ends. */
async function compete(a: Command, b: Command): Promise<{ winner: Command; refused: Ended }> {
  const first = await Promise.race([a.ended.then(() => a), b.ended.then(() => b)]);
  const other = first === a ? b : a;
  const ended = await first.ended;
  if (ended.status === 2) return { winner: other, refused: ended };
  // The first one has ended the run already.
  return { winner: first, refused: await other.ended };
}
