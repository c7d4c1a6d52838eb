/**
 * Runs the jobs of an ensemble in pilots: jobs of Slurm that are Flux instances. The Flux member follows them as a tree of
 * instances. pilot-queue.ts runs them in Slurm.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { JobspecPortion } from '../../engine/plan/plan.js';
import { MemberError } from '../../errors.js';
import type { JobTemplate } from '../../model/ensemble.js';
import type { JobTrace } from '../../model/failure.js';
import { folderName } from '../../model/kept-files.js';
import { quote } from '../../text/describe.js';
import type { FluxMember } from '../flux/flux-member.js';
import { windowFor } from '../flux/instance-resources.js';
import { merge } from '../jobspec.js';
import type {
  EndOfRun,
  MemberFacts,
  MemberHost,
  MemberSink,
  Reconciliation,
  SubmitOrigin,
} from '../member.js';
import { refuseSubmission } from '../submission.js';
import { TreeMember } from '../tree-member.js';
import type { PilotQueue } from './pilot-queue.js';
import { type PilotSettings, pilotNotice, whyTooLarge } from './settings.js';

/** Cores of a node at most: their number is unknown before a pilot is up. */
const MOST_CORES = 256;

export interface PilotsMemberOptions {
  readonly settings: PilotSettings;
  /** Absolute path of the folder for outputs of jobs that name no file; they stay in the pilots without it. */
  readonly outputs: string | undefined;
}

export class PilotsMember extends TreeMember {
  override readonly name: string = 'slurm';
  readonly #queue: PilotQueue;
  readonly #settings: PilotSettings;
  readonly #outputs: string | undefined;
  /** Prepared once, because the Flux member compiles each template once. */
  readonly #templates = new WeakMap<JobTemplate, JobTemplate>();

  constructor(flux: FluxMember, queue: PilotQueue, { settings, outputs }: PilotsMemberOptions) {
    super(flux, settings.pilots);
    this.#queue = queue;
    this.#settings = settings;
    this.#outputs = outputs;
  }

  /** The job as a pilot gets it. Its output is kept in the folder of the run. A pilot has no queues and accounts. */
  #prepared(template: JobTemplate): JobTemplate {
    const known = this.#templates.get(template);
    if (known !== undefined) return known;
    const shell = { options: { userrc: this.#queue.shellScripts } };
    const system =
      this.#outputs === undefined
        ? { shell }
        : { shell, ensemble_output: join(this.#outputs, folderName(template.group)) };
    const attributes = merge({ system }, template.attributes);
    const prepared = { ...template, queue: null, bank: null, attributes };
    this.#templates.set(template, prepared);
    return prepared;
  }

  override async start(sink: MemberSink, host: MemberHost): Promise<void> {
    await this.flux.start(sink, host);
    await this.#queue.start(host.engine.source, host, (error) => sink.failed(error));
  }

  override get notice(): string {
    return pilotNotice(this.#settings);
  }

  override get facts(): MemberFacts | undefined {
    const [flux, slurm] = [this.flux.facts, this.#queue.facts];
    return flux === undefined || slurm === undefined ? undefined : { ...slurm, ...flux };
  }

  get requests(): Readonly<Record<string, number>> {
    return this.#queue.requests;
  }

  override async reconcile(signal: AbortSignal): Promise<Reconciliation> {
    const { lost, doubts } = await this.#queue.reconcile();
    const found = await this.flux.reconcile(signal);
    const elsewhere = 'the pilots of the last process are in another cluster, and may still run there';
    return { lost: true, doubts: [...doubts, ...(lost ? [elsewhere] : []), ...found.doubts] };
  }

  override portion(template: JobTemplate, count: number): JobspecPortion {
    const reason = whyTooLarge(template, this.#settings);
    if (reason !== null) {
      const message = `group ${quote(template.group)}: ${reason}`;
      throw new MemberError(message, { code: 'ERR_MEMBER_UNAVAILABLE' });
    }
    return this.flux.portion(this.#prepared(template), count);
  }

  override submit(template: JobTemplate, count: number, origin: SubmitOrigin): Promise<number> {
    const reason = whyTooLarge(template, this.#settings);
    if (reason !== null) refuseSubmission(template, origin, reason);
    return this.flux.submit(this.#prepared(template), count, origin);
  }

  override async explain(id: bigint, started: boolean): Promise<JobTrace | null> {
    const trace = await this.flux.explain(id, started);
    // The files of jobs without output are removed.
    const existing = (path: string | null) => (path !== null && existsSync(path) ? path : null);
    return trace && { ...trace, output: existing(trace.output), error: existing(trace.error) };
  }

  /** A large number does no harm: each pilot has a window of its own, and what waits between costs no memory a job. */
  override async activeJobs(): Promise<number> {
    const { nodes, cores } = this.#settings;
    return windowFor({ slots: this.size * nodes * (cores ?? MOST_CORES) }, this.size);
  }

  /** Pilots have an end each, the ensemble has none. */
  override async allocationEnd(): Promise<null> {
    return null;
  }

  override async stop(grace: number, end: EndOfRun): Promise<void> {
    try {
      await this.flux.stop(grace, end);
    } finally {
      await this.#queue.stop(grace);
    }
  }
}
