/**
 * The member that runs jobs under Flux. Nearly all of it is native: the engine's own thread follows the
 * journal of the instance and submits the jobs of rules, so this class only says what it is to do.
 */

import { fileURLToPath } from 'node:url';
import type { Engine } from '../../engine/engine.js';
import type { SubmitPortion } from '../../engine/plan/plan.js';
import { MemberError } from '../../errors.js';
import type { JobTemplate } from '../../model/ensemble.js';
import type { JobTrace } from '../../model/failure.js';
import { counted } from '../../text/counted.js';
import { type CompiledJobspec, compileJobspec } from '../jobspec.js';
import type { EndOfRun, Member, MemberHost, MemberSink, SubmitOrigin } from '../member.js';
import { inheritedEnvironment } from './environment.js';
import { traceJob } from './job-trace.js';

export interface FluxMemberOptions {
  /** The run's id, which becomes `attributes.user.ensemble` of its jobs. */
  readonly ensemble: string;
  /** Which instance; by default where libflux-core connects to: FLUX_URI, or the system's instance. */
  readonly uri?: string;
  /** Let every job pass Flux's validator, not only the first of each jobspec. */
  readonly validateAll?: boolean;
  /**
   * Begin with the inactive jobs that Flux still knows. Telling of them holds up the job manager for everybody, so
   * it is for recordings only.
   */
  readonly full?: boolean;
}

/** Events that the statistics need; whoever wants more names them. */
const needed = ['submit', 'start', 'finish', 'clean', 'exception', 'invalidate'] as const;

/** Requests that may be under way to the broker: enough to keep its batches full, little enough memory. */
const WINDOW = 4096;

/** What the build made of libflux-core, if it found it. Three levels up from src and from dist alike. */
export const fluxLibrary = fileURLToPath(new URL('../../../build/Release/flux_source.so', import.meta.url));

/**
 * What makes a job fail whose working directory is missing, as a pattern: the shell passes over one that matches no file,
 * on a node that has not got this package.
 */
const workdirScript = asPattern(
  fileURLToPath(new URL('../../../src/members/flux/workdir.lua', import.meta.url)),
);

function asPattern(path: string): string {
  return path.replace(/[*?[\]\\~]/g, '\\$&').replace(/.$/, '[$&]');
}

export class FluxMember implements Member {
  readonly name = 'flux';
  readonly #options: FluxMemberOptions;
  /** Made once for each entry of the file, however many rules submit it: each holds a whole environment. */
  readonly #jobspecs = new WeakMap<JobTemplate, CompiledJobspec>();
  #engine: Engine | null = null;
  #failed = false;
  /** Seconds that a run that was interrupted waits for the next of its jobs to end; may get shorter. */
  #grace = Number.POSITIVE_INFINITY;

  constructor(options: FluxMemberOptions) {
    this.#options = options;
  }

  async start(sink: MemberSink, host: MemberHost): Promise<void> {
    const { engine } = host;
    engine.onSource({
      records: (lines) => sink.records(lines),
      quiet: () => sink.quiet(),
      failed: ({ code, message }) => {
        this.#failed = true;
        sink.failed(new MemberError(`${message} [${code}]`));
      },
    });
    await engine.openFlux({
      library: fluxLibrary,
      uri: this.#options.uri ?? null,
      allow: host.events === null ? [] : [...new Set([...needed, ...host.events])],
      full: this.#options.full === true,
      validateOnce: this.#options.validateAll !== true,
      window: WINDOW,
      tap: host.wantsRecords,
    });
    this.#engine = engine;
  }

  portion(template: JobTemplate, count: number): SubmitPortion {
    const jobspec = this.#jobspecs.get(template) ?? this.#compile(template);
    this.#jobspecs.set(template, jobspec);
    return { ...jobspec, count, urgency: template.urgency };
  }

  #compile(template: JobTemplate): CompiledJobspec {
    return compileJobspec(template, {
      ensemble: this.#options.ensemble,
      environment: template.inheritEnvironment
        ? inheritedEnvironment(template.environment)
        : template.environment,
      alwaysNodes: true,
      workdirScript,
    });
  }

  async submit(template: JobTemplate, count: number, origin: SubmitOrigin): Promise<number> {
    // Not kept: what is submitted from here was mostly made for this one time.
    const portion = { ...this.#compile(template), count, urgency: template.urgency };
    const report = await this.#open().submit(portion, origin);
    if (report.refused > 0) {
      throw new MemberError(`Flux refused ${report.refused} of ${counted(count, 'job')}: ${report.reason}`);
    }
    return report.accepted;
  }

  async cancel(ids: Iterable<bigint>, note: string): Promise<number> {
    const report = await this.#open().cancel(BigUint64Array.from(ids), note);
    if (report.failed > 0)
      throw new MemberError(`Flux did not cancel ${counted(report.failed, 'job')}: ${report.reason}`);
    return report.done;
  }

  async setUrgency(ids: Iterable<bigint>, urgency: number): Promise<number> {
    const report = await this.#open().setUrgency(BigUint64Array.from(ids), urgency);
    if (report.failed > 0) {
      throw new MemberError(
        `Flux did not change the urgency of ${counted(report.failed, 'job')}: ${report.reason}`,
      );
    }
    return report.done;
  }

  async explain(id: bigint, started: boolean): Promise<JobTrace | null> {
    return traceJob(this.#open(), id, started);
  }

  /**
   * The queue is Flux's, not ours: what is active stays there, unless the run was interrupted. Then its jobs
   * are canceled and waited for, until none of them ends for `grace` seconds.
   */
  async stop(grace: number, end: EndOfRun): Promise<void> {
    const engine = this.#engine;
    if (engine === null) return;
    if (end === 'interrupted') {
      this.#grace = Math.min(this.#grace, grace);
      // An engine that was closed meanwhile has no jobs.
      await this.#cancelAll(engine).catch(() => {});
    }
    this.#engine = null;
    await engine.closeSource().catch(() => {});
  }

  /** Jobs that were on their way to Flux become active only now, so one look is not enough. */
  async #cancelAll(engine: Engine): Promise<void> {
    const canceled = new Set<bigint>();
    const note = 'the ensemble was interrupted';
    let left = Number.NaN;
    let changed = performance.now();
    do {
      const { activeJobs, submitting } = await engine.status();
      if (activeJobs === 0 && submitting === 0) return;
      if (left !== activeJobs + submitting) changed = performance.now();
      left = activeJobs + submitting;
      const ids = (await engine.activeJobs()).filter((id) => !canceled.has(id));
      for (const id of ids) canceled.add(id);
      // Not waited for: an instance that hangs must not make us hang.
      if (ids.length > 0) void engine.cancel(ids, note).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 50));
    } while (!this.#failed && this.#engine === engine && performance.now() < changed + this.#grace * 1000);
  }

  #open(): Engine {
    if (this.#engine === null) throw new MemberError('the Flux member is not running');
    return this.#engine;
  }
}
