/** Detects a test that never ends: rules that trigger each other, or jobs that are retried without end. */

import { EnsembleError } from '../errors.js';
import type { SubmitOrigin } from '../members/member.js';
import type { Firing } from '../model/firing.js';
import { counted, countedTimes } from '../text/counted.js';

/** Limits of firings, of retries, and of jobs of rules that submit repeatedly: at one moment and in total. */
const MAX_AT_ONCE = 1000;
const MAX_FIRINGS = 10_000;
/**
 * Additional firings and retries for each job that no such rule submits, because rules may fire at each of its
 * events.
 */
const FIRINGS_OF_A_JOB = 10;
const TRIES_OF_A_JOB = 100;
/** A rule with more firings counts as one that submits repeatedly. */
const FEW_FIRINGS = 4;
/** Maximum jobs of a test, which all stay in memory: more than twice the largest group. */
const MAX_JOBS = 250_000;
/** Maximum times that the engine may skip many moments without events. */
const MAX_IDLE = 100;

/** Counts events by their cause. */
class Tally {
  #total = 0;
  readonly #counts = new Map<string, number>();

  add(what: string): number {
    const count = (this.#counts.get(what) ?? 0) + 1;
    this.#counts.set(what, count);
    this.#total++;
    return count;
  }

  clear(): void {
    this.#total = 0;
    this.#counts.clear();
  }

  get total(): number {
    return this.#total;
  }

  of(what: string): number {
    return this.#counts.get(what) ?? 0;
  }

  /** The most frequent causes. Rare ones are not part of a loop. */
  get most(): readonly (readonly [what: string, count: number])[] {
    return [...this.#counts].filter(([, count]) => count * 10 >= this.#total).sort(([, a], [, b]) => b - a);
  }
}

const list = (texts: readonly string[]) =>
  texts.length < 2 ? texts.join('') : `${texts.slice(0, -1).join(', ')} and ${texts.at(-1)}`;

export class EndlessGuard {
  readonly #now: () => number;
  readonly #stop: () => void;
  #moment = Number.NaN;
  readonly #firings = new Tally();
  readonly #firingsNow = new Tally();
  readonly #retries = new Tally();
  readonly #retriesNow = new Tally();
  readonly #rules = new Map<number, string>();
  #jobs = 0;
  /** The jobs submitted by the script, or by rules that fire only a few times. */
  #plainJobs = 0;
  #idle = 0;
  #error: EnsembleError | null = null;

  /**
   * `now` returns the seconds since the start of the test. `stop` is called once, when an endless loop is detected.
   */
  constructor(now: () => number, stop: () => void) {
    this.#now = now;
    this.#stop = stop;
  }

  /** Describes the endless loop; null without one. */
  get error(): EnsembleError | null {
    return this.#error;
  }

  /** Number of firings and retries so far. */
  get happened(): number {
    return this.#firings.total + this.#retries.total;
  }

  fired({ rule, name }: Firing): void {
    this.#look();
    const text = `rule '${name}' (rules[${rule}])`;
    this.#rules.set(rule, text);
    this.#firings.add(text);
    this.#firingsNow.add(text);
    const more = FIRINGS_OF_A_JOB * this.#plainJobs;
    const at = this.#firingsNow.total > MAX_AT_ONCE + more ? this.#firingsNow : this.#firings;
    if (at === this.#firings && at.total <= MAX_FIRINGS + more) return;
    const rules = at.most;
    this.#end(
      `${list(rules.map(([rule]) => rule))} ${rules.length === 1 ? 'fires' : 'fire'} without end: ` +
        `${list(rules.map(([, count]) => countedTimes(count)))} ${this.#when(at === this.#firingsNow)}`,
    );
  }

  retried(group: string): void {
    this.#look();
    const text = `group '${group}'`;
    this.#retries.add(text);
    this.#retriesNow.add(text);
    const more = TRIES_OF_A_JOB * this.#plainJobs;
    const at = this.#retriesNow.total > MAX_AT_ONCE + more ? this.#retriesNow : this.#retries;
    if (at === this.#retries && at.total <= MAX_FIRINGS + more) return;
    const groups = at.most;
    this.#end(
      `the retry of ${list(groups.map(([group]) => group))} submits jobs again without end: ` +
        `${list(groups.map(([, count]) => countedTimes(count)))} ${this.#when(at === this.#retriesNow)}`,
    );
  }

  /**
   * Counts jobs about to be submitted or retried. Returns false when the limit is exceeded. `origin` is null for
   * jobs of the script.
   */
  submits(jobs: number, origin: SubmitOrigin | null): boolean {
    if (this.#error !== null) return false;
    const text = origin === null ? undefined : this.#rules.get(origin.rule);
    const fired = text === undefined ? 0 : this.#firings.of(text);
    const again = origin !== null && origin.attempt > 0;
    this.#jobs += jobs;
    if (!again && fired <= FEW_FIRINGS) this.#plainJobs += jobs;
    const times = fired === 0 ? '' : `: ${text} has fired ${countedTimes(fired)}`;
    if (this.#jobs > MAX_JOBS) {
      const most = counted(MAX_JOBS, 'job');
      this.#end(`a test may submit at most ${most}, and exceeds this ${this.#when(false)}${times}`);
    } else if (this.#jobs - this.#plainJobs > MAX_FIRINGS + FIRINGS_OF_A_JOB * this.#plainJobs && !again) {
      this.#end(`jobs are submitted without end: ${this.#jobs} ${this.#when(false)}${times}`);
    }
    return this.#error === null;
  }

  /** The engine skipped many moments without events. `what` names their purpose. */
  idled(what: string): void {
    if (++this.#idle > MAX_IDLE)
      this.#end(`${what} is too short for a test: the test has reached only ${this.#time}`);
  }

  #look(): void {
    const now = this.#now();
    if (now === this.#moment) return;
    this.#moment = now;
    this.#firingsNow.clear();
    this.#retriesNow.clear();
  }

  get #time(): string {
    return `${Number(this.#now().toFixed(3))}s`;
  }

  #when(atOnce: boolean): string {
    return atOnce ? `at ${this.#time}` : `by ${this.#time}`;
  }

  #end(message: string): void {
    if (this.#error !== null) return;
    this.#error = new EnsembleError('ERR_TEST', message);
    this.#stop();
  }
}
