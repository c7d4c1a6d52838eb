/**
 * The pilots in the queue of Slurm. The native tree of instances (native/tree) says which pilots are to be started and
 * ended. The Slurm member runs them as jobs, and its records of them go to the tree, with their addresses.
 */

import { MemberError } from '../../errors.js';
import type { JobTemplate } from '../../model/ensemble.js';
import { counted } from '../../text/counted.js';
import type { Requests } from '../flux/tree.js';
import type { ActiveJob, MemberFacts, MemberHost, Reconciliation } from '../member.js';
import { SlurmMember, type SlurmMemberOptions } from '../slurm/slurm-member.js';
import { keptJobs } from '../slurm/store.js';
import { NO_FLUX, PilotFiles } from './scripts.js';
import type { PilotSettings } from './settings.js';

/** The name of a pilot in the queue of Slurm. */
export const PILOT_NAME = 'ensemble-pilot';

const STOP_NOTE = 'the ensemble has ended';

/** Milliseconds between two looks for the addresses of pilots that start. */
const LOOK_EVERY = 250;

/** Options of `srun` for the brokers of a pilot: each needs all cores of its node. */
const SRUN = ['--mpi=none', '--cpu-bind=none', '--kill-on-bad-exit=1'];

/** The record of an event that happens now. */
function recordOf(id: string, name: string, context: object): string {
  const event = { timestamp: Date.now() / 1000, name, context };
  return `{"id":${id},"events":[${JSON.stringify(event)}]}`;
}

/** The record that explains the end of a pilot on nodes without Flux. */
const withoutFlux = (id: string) =>
  recordOf(id, 'exception', { type: 'exec', severity: 0, note: 'flux is not on the PATH of its nodes' });

/** Requests of the tree. */
interface Wishes {
  readonly start?: readonly number[];
  readonly cancel?: readonly { readonly job: string; readonly note: string }[];
}

export interface PilotQueueOptions extends Omit<SlurmMemberOptions, 'srun' | 'outputs'> {
  readonly settings: PilotSettings;
}

export class PilotQueue {
  readonly #options: PilotQueueOptions;
  readonly #slurm: SlurmMember;
  readonly #files: PilotFiles;
  /** Numbers of the pilots by the ids of their jobs. */
  readonly #numbers = new Map<string, number>();
  /** Jobs of pilots that run, and whose addresses are not known. */
  readonly #starting = new Set<string>();
  #source: Requests | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** Records that the tree has not got. */
  #lines = '';

  constructor({ settings, ...options }: PilotQueueOptions) {
    this.#options = { settings, ...options };
    this.#slurm = new SlurmMember({ ...options, srun: SRUN });
    this.#files = new PilotFiles(options.folder);
  }

  get requests(): Readonly<Record<string, number>> {
    return this.#slurm.requests;
  }

  get facts(): MemberFacts | undefined {
    return this.#slurm.facts;
  }

  /** A pattern for the scripts that the job shell of Flux loads. */
  get shellScripts(): string {
    return this.#files.shellScripts;
  }

  /** Where to look when pilots end early: the end of a sentence. */
  get hint(): string {
    return `${this.#files.logs} has what they printed`;
  }

  /** Begins to serve the tree. Resolves when pilots can be started. Throws MemberError. */
  async start(source: Requests, host: MemberHost, failed: (error: MemberError) => void): Promise<void> {
    this.#source = source;
    const sink = { records: (lines: Uint8Array) => this.#onRecords(lines), quiet: () => {}, failed };
    const { resumed, ...others } = host;
    await this.#slurm.start(sink, {
      ...others,
      ...(resumed === undefined
        ? {}
        : { resumed: { facts: resumed.facts, activeJobs: async () => this.#takeKept() } }),
    });
    this.#files.write({ ...this.#options.settings });
    void this.#serve(source);
    if (resumed === undefined) this.#endBacklog();
  }

  /** Finds the pilots of the earlier processes of the run. */
  async reconcile(): Promise<Reconciliation> {
    const found = await this.#slurm.reconcile();
    this.#look();
    this.#endBacklog();
    return found;
  }

  /** Ends the pilots that the tree has not ended. */
  async stop(grace: number): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    await this.#slurm.cancel([...this.#numbers.keys()].map(BigInt), STOP_NOTE);
    await this.#slurm.stop(grace, 'done');
    const left = this.#source === null ? 0 : this.#numbers.size;
    this.#source = null;
    if (left === 0) return;
    // The controller did not answer, or the end was not awaited.
    const pilots = `${counted(left, 'pilot')} may still be in Slurm`;
    const commands = `see \`squeue --me --name=${PILOT_NAME}\`, and end with \`scancel --me --name=${PILOT_NAME}\``;
    this.#options.problem?.(new MemberError(`${pilots}: ${commands}`));
  }

  #endBacklog(): void {
    this.#push('{"id":-1,"events":[]}');
  }

  /** Shows the pilots of the earlier processes to the tree, and returns those that may not have ended. */
  #takeKept(): ActiveJob[] {
    const active: ActiveJob[] = [];
    for (const { id, origin, ended } of keptJobs(this.#options.folder)) {
      const number = origin[0];
      const time = Date.now() / 1000;
      const events = ['submit', ...(ended ? ['clean'] : [])].map((name) => ({ timestamp: time, name }));
      const jobspec = { attributes: { user: this.#mark(number) } };
      this.#push(`{"id":${id},"events":${JSON.stringify(events)},"jobspec":${JSON.stringify(jobspec)}}`);
      // The notes of the job tell whether it has started.
      if (ended) continue;
      this.#numbers.set(String(id), number);
      active.push({ id, start: null, finished: false, fatal: false });
    }
    return active;
  }

  /** Does what the tree asks for, until it ends. */
  async #serve(source: Requests): Promise<void> {
    try {
      for (;;) {
        const { start = [], cancel = [] } = JSON.parse(await source.request('pilots.next', '{}')) as Wishes;
        for (const pilot of start) await this.#submit(source, pilot);
        for (const { job, note } of cancel) await this.#slurm.cancel([BigInt(job)], note);
      }
    } catch {
      // The tree has ended.
    }
  }

  async #submit(source: Requests, pilot: number): Promise<void> {
    const origin = { rule: -1, firing: pilot, part: 0, index: 0, attempt: 0 };
    let reason: string | null = null;
    try {
      await this.#slurm.submit(this.#template(pilot), 1, origin);
    } catch (error) {
      reason = (error as Error).message;
    }
    if (reason === null) await source.request('pilots.started', JSON.stringify({ pilot }));
    else await source.request('pilots.refused', JSON.stringify({ pilot, reason }));
  }

  #mark(pilot: number) {
    return { flux_ensemble_instance: `${this.#options.ensemble}:${pilot}` };
  }

  #template(pilot: number): JobTemplate {
    const { nodes, cores, time, slurm } = this.#options.settings;
    const size = cores === null ? ['--exclusive'] : [];
    return {
      group: PILOT_NAME,
      command: this.#files.command(pilot),
      ...{ workdir: null, inheritEnvironment: true, environment: {} },
      ...{ nodes, tasks: nodes, cores: cores ?? 1, gpus: 0, duration: time, urgency: 16 },
      ...{ queue: null, bank: null, output: this.#files.log(pilot), error: null, tells: false },
      attributes: { user: this.#mark(pilot) },
      slurm: { ...slurm, options: ['--ntasks-per-node=1', '--no-requeue', ...size, ...slurm.options] },
      ...{ entry: 0, parameters: {}, values: null },
    };
  }

  /** Takes in the records of the pilots' jobs. They need no log of their own: the Slurm member has one. */
  #onRecords(lines: Uint8Array): undefined {
    for (const line of Buffer.from(lines).toString('utf8').split('\n')) {
      const [, id = '', name = ''] =
        /^\{"id":(\d+),"events":\[\{"timestamp":[^,]*,"name":"([^"]*)"/.exec(line) ?? [];
      // The backlog ends when the earlier pilots are known.
      if (id === '') continue;
      const pilot = /"flux_ensemble_instance":"[^"]*:(\d+)"/.exec(name === 'submit' ? line : '')?.[1];
      if (pilot !== undefined) this.#numbers.set(id, Number(pilot));
      if (name === 'start') this.#await(id);
      if (name === 'finish' && line.includes(`"status":${NO_FLUX << 8}}`)) this.#push(withoutFlux(id));
      if (name === 'clean') this.#forget(id);
      this.#push(line);
    }
    return undefined;
  }

  #await(id: string): void {
    this.#starting.add(id);
    this.#timer ??= setInterval(() => this.#look(), LOOK_EVERY);
  }

  #forget(id: string): void {
    this.#starting.delete(id);
    this.#numbers.delete(id);
  }

  /** Looks for the addresses of pilots that start. */
  #look(): void {
    for (const id of this.#starting) {
      const uri = this.#files.address(this.#numbers.get(id) ?? 0);
      if (uri === null) continue;
      this.#starting.delete(id);
      this.#push(recordOf(id, 'memo', { uri }));
    }
    if (this.#starting.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Gives a record to the tree; those of one turn of the event loop go together. */
  #push(line: string): void {
    if (this.#lines === '') {
      queueMicrotask(() => {
        const records = this.#lines;
        this.#lines = '';
        this.#source?.request('pilots.records', records).catch(() => {});
      });
    }
    this.#lines += `${line}\n`;
  }
}
