/** Ends tasks in Slurm, and changes their place in its queue: a few commands for any number of jobs. */

import { MemberError } from '../../errors.js';
import type { Clock } from '../local/clock.js';
import { isAway } from './answers.js';
import { complaintOf, type SlurmCommands } from './commands.js';
import type { SlurmJob } from './job.js';
import { niceOf } from './sbatch-options.js';
import { taskSets } from './tasks.js';

/** Seconds until the next attempt when the controller did not answer. */
const RETRY = 5;

export class Control {
  readonly #commands: SlurmCommands;
  readonly #clock: Clock;
  /** Jobs that Slurm has to end, as soon as it has them. */
  readonly #doomed = new Set<SlurmJob>();
  #busy = false;
  #notBefore = 0;

  constructor(commands: SlurmCommands, clock: Clock) {
    this.#commands = commands;
    this.#clock = clock;
  }

  get idle(): boolean {
    return !this.#busy && this.#doomed.size === 0;
  }

  kill(job: SlurmJob): void {
    this.#doomed.add(job);
  }

  /** Ends what is to be ended. Resolves with true when Slurm was asked for it. */
  async work(isKept: () => boolean): Promise<boolean> {
    if (this.#busy || this.#doomed.size === 0 || this.#clock.now() < this.#notBefore || !isKept())
      return false;
    const jobs: SlurmJob[] = [];
    for (const job of this.#doomed) {
      // The task of a job that is on its way to Slurm is not known yet.
      if (job.state === 'submitting') continue;
      this.#doomed.delete(job);
      if (job.state === 'queued' || job.state === 'running') jobs.push(job);
    }
    if (jobs.length === 0) return false;
    this.#busy = true;
    try {
      const result = await this.#commands.run('scancel', taskSets(jobs, true));
      // Other complaints are about tasks that have ended.
      if (result.status !== 0 && isAway(complaintOf(result))) {
        for (const job of jobs) this.#doomed.add(job);
        this.#notBefore = this.#clock.now() + RETRY;
        return false;
      }
      return true;
    } finally {
      this.#busy = false;
    }
  }

  /** Ends arrays. */
  async killArrays(slurmIds: readonly number[]): Promise<void> {
    await this.#commands.run('scancel', slurmIds.map(String));
  }

  /** Gives tasks that wait in Slurm another urgency. Throws MemberError. */
  async setUrgency(jobs: readonly SlurmJob[], urgency: number): Promise<void> {
    await this.#give(jobs, urgency);
    for (const job of jobs) job.given = urgency;
  }

  async #give(jobs: readonly SlurmJob[], urgency: number): Promise<void> {
    const tasks = taskSets(jobs, false).join(',');
    if (tasks === '') return;
    if (urgency === 0) return this.#control(['hold', tasks]);
    const held = taskSets(
      jobs.filter(({ given }) => given === 0),
      false,
    ).join(',');
    if (held !== '') await this.#control(['release', held]);
    await this.#control(['update', `JobId=${tasks}`, `Nice=${niceOf(urgency)}`]);
  }

  async #control(args: readonly string[]): Promise<void> {
    const result = await this.#commands.run('scontrol', args);
    if (result.status !== 0) throw new MemberError(`scontrol ${args[0]}: ${complaintOf(result)}`);
  }
}
