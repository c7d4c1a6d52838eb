/** Notices a test that goes on without end: rules that set each other off, or jobs that are tried again and again. */

import { EnsembleError } from '../errors.js';
import type { SubmitOrigin } from '../members/member.js';
import type { Firing } from '../model/firing.js';
import { counted, countedTimes } from '../text/counted.js';

/** Firings, jobs tried again, and jobs of rules that submit over and over: at one moment and in all. */
const MOST_AT_ONCE = 1000;
const MOST = 10_000;
/** More of them for each job that no such rule submits: rules may be due at each of its events. */
const FIRINGS_OF_A_JOB = 10;
const TRIES_OF_A_JOB = 100;
/** Firings after which a rule is one that submits over and over. */
const FEW_FIRINGS = 4;
/** Jobs of a test, which are all kept: more than twice the greatest group. */
const MOST_JOBS = 250_000;
/** Times that the engine may let a great many moments pass at which nothing happens. */
const MOST_IDLE = 100;

/** How often what happened, by what did it. */
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

  /** Those that make up most of it: what is there hardly ever has no part in a loop. */
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
  /** Of these, those that the script or a rule that fires now and then has submitted. */
  #plainJobs = 0;
  #idle = 0;
  #error: EnsembleError | null = null;

  /** `now` tells the seconds since the start of the test; `stop` is called once, when it is seen to have no end. */
  constructor(now: () => number, stop: () => void) {
    this.#now = now;
    this.#stop = stop;
  }

  /** Says what goes on without end; null while nothing does. */
  get error(): EnsembleError | null {
    return this.#error;
  }

  /** Firings and retries so far. */
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
    const at = this.#firingsNow.total > MOST_AT_ONCE + more ? this.#firingsNow : this.#firings;
    if (at === this.#firings && at.total <= MOST + more) return;
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
    const at = this.#retriesNow.total > MOST_AT_ONCE + more ? this.#retriesNow : this.#retries;
    if (at === this.#retries && at.total <= MOST + more) return;
    const groups = at.most;
    this.#end(
      `the retry of ${list(groups.map(([group]) => group))} submits jobs again without end: ` +
        `${list(groups.map(([, count]) => countedTimes(count)))} ${this.#when(at === this.#retriesNow)}`,
    );
  }

  /** Jobs are to be submitted, for the first time or again; false when these are too many. Null for the script's. */
  submits(jobs: number, origin: SubmitOrigin | null): boolean {
    if (this.#error !== null) return false;
    const text = origin === null ? undefined : this.#rules.get(origin.rule);
    const fired = text === undefined ? 0 : this.#firings.of(text);
    const again = origin !== null && origin.attempt > 0;
    this.#jobs += jobs;
    if (!again && fired <= FEW_FIRINGS) this.#plainJobs += jobs;
    const times = fired === 0 ? '' : `: ${text} has fired ${countedTimes(fired)}`;
    if (this.#jobs > MOST_JOBS) {
      const most = counted(MOST_JOBS, 'job');
      this.#end(`a test has ${most} at most, and more are submitted ${this.#when(false)}${times}`);
    } else if (this.#jobs - this.#plainJobs > MOST + FIRINGS_OF_A_JOB * this.#plainJobs && !again) {
      this.#end(`jobs are submitted without end: ${this.#jobs} ${this.#when(false)}${times}`);
    }
    return this.#error === null;
  }

  /** The engine let a great many moments pass at which nothing happened; `what` says what they are for. */
  idled(what: string): void {
    if (++this.#idle > MOST_IDLE)
      this.#end(`${what} comes too often for a test: it has come no further than ${this.#time}`);
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
