/** A Slurm whose answers a test gives, and a member on it. */

import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { MemberError } from '../../../../src/errors.js';
import { SteadyClock } from '../../../../src/members/local/clock.js';
import type { ActiveJob, MemberFacts, MemberHost } from '../../../../src/members/member.js';
import type { CommandResult, Program, RunCommand } from '../../../../src/members/slurm/commands.js';
import { SlurmMember } from '../../../../src/members/slurm/slurm-member.js';
import { newFolder } from '../../../support/cli.js';
import { Journal } from '../local/harness.js';

const done = (stdout = ''): CommandResult => ({ status: 0, stdout, stderr: '' });
export const failed = (stderr: string): CommandResult => ({ status: 1, stdout: '', stderr });

export interface FakeArray {
  readonly slurmId: number;
  readonly tasks: number;
  readonly args: readonly string[];
  readonly comment: string;
}

export class FakeSlurm {
  maxArraySize = 1001;
  accounting = false;
  /** The arrays that it has taken. */
  readonly arrays: FakeArray[] = [];
  /** All calls of commands. */
  readonly calls: (readonly [Program, ...string[]])[] = [];
  /** Lines of the queue: `ID|INDEXES|STATE|START|END|NODE|REASON|COMMENT`; by default each array waits. */
  queue: (() => string[]) | null = null;
  /** Wait statuses by task: `1_0`. */
  statuses: Record<string, number> = {};
  /** Answers in place of those that a cluster would give, by command. */
  answers: Partial<Record<Program, (args: readonly string[]) => CommandResult | null>> = {};

  readonly run: RunCommand = async (program, args) => {
    this.calls.push([program, ...args]);
    return this.answers[program]?.(args) ?? this.#answer(program, args);
  };

  #answer(program: Program, args: readonly string[]): CommandResult {
    switch (program) {
      case 'scontrol':
        return done(
          `ClusterName = fake\nSLURM_VERSION = 24.05.1\nMaxArraySize = ${this.maxArraySize}\n` +
            `AccountingStorageType = accounting_storage/${this.accounting ? 'slurmdbd' : 'none'}\n`,
        );
      case 'sbatch':
        return done(`${this.take(args).slurmId}\n`);
      case 'squeue':
        if (args.some((arg) => arg.startsWith('--Format')))
          return done(
            Object.entries(this.statuses)
              .map(([task, status]) => `${task.replace('_', ' ')} ${status}\n`)
              .join(''),
          );
        return done(`${(this.queue ?? this.waiting)().join('\n')}\n`);
      default:
        return done();
    }
  }

  /** Takes an array. */
  take(args: readonly string[]): FakeArray {
    const option = (name: string) =>
      args.find((arg) => arg.startsWith(`--${name}=`))?.split(/=(.*)/s)[1] ?? '';
    const array = {
      slurmId: 100 + this.arrays.length,
      tasks: Number(option('array').split('-')[1]) + 1,
      args,
      comment: option('comment'),
    };
    this.arrays.push(array);
    return array;
  }

  readonly waiting = (): string[] =>
    this.arrays.map(
      ({ slurmId, tasks, comment }) => `${slurmId}|0-${tasks - 1}|PENDING|N/A|N/A||Priority|${comment}`,
    );

  count(program: Program): number {
    return this.calls.filter(([name]) => name === program).length;
  }
}

export class Lab {
  readonly slurm = new FakeSlurm();
  readonly journal = new Journal();
  readonly problems: string[] = [];
  readonly folder: string;
  readonly member: SlurmMember;

  /** `folder` is that of an earlier process. */
  constructor(folder = join(newFolder(), 'slurm'), interval = 0.1) {
    this.folder = folder;
    this.member = new SlurmMember({
      ensemble: 'study-0123456789ab',
      folder,
      interval,
      clock: new SteadyClock(),
      run: this.slurm.run,
      problem: (error: MemberError) => this.problems.push(error.message),
    });
  }

  /** `active` and `facts` are those of an earlier process. */
  async start(active: readonly ActiveJob[] | null = null, facts: MemberFacts | null = null): Promise<void> {
    const resumed = active === null ? {} : { resumed: { facts, activeJobs: async () => active } };
    await this.member.start(this.journal, resumed as MemberHost);
  }

  /** Writes a note as a task of an array would; `index` may have the number of restarts after it. */
  note(array: number, index: number | string, kind: string, ...words: readonly (string | number)[]): void {
    const task = typeof index === 'number' ? `${index} 0` : index;
    const spool = join(this.folder, 'spool');
    mkdirSync(spool, { recursive: true });
    const time = `${Math.floor(Date.now() * 1e3)}000`;
    appendFileSync(join(spool, 'n1'), `${array} ${task} ${kind} ${time} ${words.join(' ')}\n`);
  }

  /** The last exception of each job, by its position: its type, and its status. */
  ends(): { exception: unknown; status: unknown }[] {
    return this.journal.ids().map((_, index) => ({
      exception: this.journal.context(index, 'exception')?.type ?? null,
      status: this.journal.context(index, 'finish')?.status ?? null,
    }));
  }
}
