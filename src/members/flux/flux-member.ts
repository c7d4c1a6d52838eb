/**
 * The member that runs jobs under Flux. The work is native: the engine's own thread follows the journal of the
 * instance and submits the jobs of rules. This class only gives it commands.
 */

import type { SourceFacts } from '../../engine/addon.js';
import type { Engine } from '../../engine/engine.js';
import type { NativeSource } from '../../engine/native-source.js';
import type { JobspecPortion } from '../../engine/plan/plan.js';
import { MemberError } from '../../errors.js';
import type { JobTemplate } from '../../model/ensemble.js';
import type { JobTrace } from '../../model/failure.js';
import { instanceOfJob } from '../../model/instance-of-job.js';
import { counted } from '../../text/counted.js';
import { packageFile } from '../../text/package-file.js';
import { type CompiledJobspec, compileJobspec } from '../jobspec.js';
import type {
  EndOfRun,
  Member,
  MemberFacts,
  MemberHost,
  MemberSink,
  Reconciliation,
  SubmitOrigin,
} from '../member.js';
import { inheritedEnvironment } from './environment.js';
import { fluxLibraries } from './flux-library.js';
import { type InstanceResources, readResources, windowFor } from './instance-resources.js';
import { readOutputLog, traceJob } from './job-trace.js';
import { type FluxFacts, FluxReconciler, readFacts } from './reconcile.js';
import { endTree, type FluxTree, type Pilots, requestsOf, resizeTree, treeOptions } from './tree.js';

export interface FluxMemberOptions {
  /** The run's id, stored in `attributes.user.ensemble` of its jobs. */
  readonly ensemble: string;
  /** URI of the instance. Defaults to FLUX_URI, or to the system's instance. */
  readonly uri?: string;
  /** Let every job pass Flux's validator, not only the first of each jobspec. */
  readonly validateAll?: boolean;
  /**
   * Begin with the inactive jobs that Flux still knows. Only for recordings: sending them blocks the job manager
   * for all users.
   */
  readonly full?: boolean;
  /** Run the jobs in sub-instances. */
  readonly tree?: FluxTree | null;
  /** The sub-instances are jobs of another workload manager. */
  readonly pilots?: Pilots | null;
}

/** Events that the statistics need. Rules may name more. */
const needed = ['submit', 'start', 'finish', 'clean', 'exception', 'invalidate'] as const;

/** Events of the sub-instances' jobs that a tree needs, too. */
const neededOfTree = ['memo'] as const;

/** Maximum requests in flight to the broker: they keep its batches full at little memory. */
const WINDOW = 4096;

/**
 * Maximum inactive jobs that are looked through when a run goes on. The job manager needs 60 microseconds for each,
 * and answers no other request meanwhile.
 */
const MAX_INACTIVE = 100_000;

/** Pieces of the output of a job that are read to measure it: some MiB. */
const MAX_MEASURED_PIECES = 10_000;

/**
 * The Lua file that fails a job whose working directory is missing. Written as a pattern, because the shell ignores
 * a pattern without matches on a node without this package.
 */
const workdirScript = asPattern(packageFile('src/members/flux/workdir.lua'));

function asPattern(path: string): string {
  return path.replace(/[*?[\]\\~]/g, '\\$&').replace(/.$/, '[$&]');
}

const NOTICE =
  'You are a guest of this Flux instance, so the jobs are followed by polling: rules react up to two seconds late. ' +
  'An instance of your own is followed at once: start it with `flux alloc` or `flux batch`, and run the ensemble in it.';

const notRunning = () => new MemberError('the Flux member is not running');

export class FluxMember implements Member {
  readonly name = 'flux';
  readonly #options: FluxMemberOptions;
  /** Compiled once for each entry of the file, because each jobspec holds a whole environment. */
  readonly #jobspecs = new WeakMap<JobTemplate, CompiledJobspec>();
  #engine: Engine | null = null;
  #facts: FluxFacts | null = null;
  /** Facts of the run's last process. */
  #before: FluxFacts | null = null;
  #inactive: Pick<SourceFacts, 'inactiveJobs' | 'full'> = { inactiveJobs: 0, full: false };
  #isGuest = false;
  #failed = false;
  /** The resources of the instance, once requested. */
  #found: Promise<InstanceResources> | null = null;
  /** Aborted when the end of the run must not wait for the sub-instances. */
  readonly #hurry = new AbortController();
  /** Seconds that an interrupted run waits for the next of its jobs to end. May be shortened. */
  #grace = Number.POSITIVE_INFINITY;

  constructor(options: FluxMemberOptions) {
    this.#options = options;
  }

  async start(sink: MemberSink, host: MemberHost): Promise<void> {
    const { engine } = host;
    this.#before = readFacts(host.resumed?.facts ?? null);
    const { tree = null, pilots = null, ensemble } = this.#options;
    const resumed = host.resumed !== undefined;
    const begun = Date.now() / 1000;
    const options = {
      libraries: fluxLibraries(),
      uri: this.#options.uri ?? null,
      allow: this.#allowed(host.events),
      tree: tree === null ? null : treeOptions(tree, { run: ensemble, resumed, pilots }),
      inactiveJobs: this.#options.full ? Number.MAX_SAFE_INTEGER : resumed ? MAX_INACTIVE : 0,
      begun: this.#before?.begun ?? 0,
      instance: this.#before?.instance ?? null,
      validateOnce: this.#options.validateAll !== true,
      window: WINDOW,
      tap: host.wantsRecords,
    };
    const { rank, instance, guest, ...inactive } = await engine.source.openFlux(options, {
      records: (lines) => sink.records(lines),
      quiet: () => sink.quiet(),
      failed: ({ code, message }) => {
        this.#failed = true;
        sink.failed(new MemberError(`${message} [${code}]`));
      },
    });
    if (guest && tree !== null) {
      await engine.source.close();
      throw new MemberError(
        'a tree of Flux instances needs an instance of your own: start one with `flux alloc` or `flux batch`, and run ' +
          'the ensemble there',
      );
    }
    this.#inactive = inactive;
    this.#isGuest = guest;
    this.#facts = { rank, instance, pid: process.pid, begun: this.#before?.begun ?? begun };
    this.#engine = engine;
  }

  /** Names of all events that the journal has to bring; empty for all events. */
  #allowed(events: readonly string[] | null): string[] {
    if (events === null) return [];
    return [...new Set([...needed, ...(this.#options.tree == null ? [] : neededOfTree), ...events])];
  }

  /** Not for a member with sub-instances. */
  async widen(events: readonly string[] | null): Promise<void> {
    await this.#source().widen(this.#allowed(events));
  }

  get notice(): string | undefined {
    return this.#isGuest ? NOTICE : undefined;
  }

  get facts(): MemberFacts | undefined {
    return this.#facts ?? undefined;
  }

  async reconcile(signal: AbortSignal): Promise<Reconciliation> {
    if (this.#engine === null || this.#facts === null) throw notRunning();
    const isTree = this.#options.tree != null;
    const hasParent = this.#options.pilots == null;
    const options = { isTree, hasParent, isGuest: this.#isGuest };
    const reconciler = new FluxReconciler(this.#engine, signal, options);
    const { lost, doubts } = await reconciler.reconcile(this.#before, this.#facts);
    if (!hasParent) return { lost, doubts };
    const { inactiveJobs, full } = this.#inactive;
    const unseen =
      `Flux keeps ${counted(inactiveJobs, 'inactive job')}, too many to look through: jobs of this run that began ` +
      'shortly before its process ended, and have ended meanwhile, may be submitted again';
    return { lost, doubts: full ? doubts : [...doubts, unseen] };
  }

  portion(template: JobTemplate, count: number): JobspecPortion {
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
    // Not cached: most of these templates are submitted only once.
    const { urgency } = template;
    // Limits of groups are those of the plan; a group beside it has none.
    const group = Math.max(0, this.#engine?.groups.indexOf(template.group) ?? 0);
    const portion = { ...this.#compile(template), group, count, urgency };
    const report = await this.#source().submit(portion, origin);
    if (report.refused > 0) {
      throw new MemberError(`Flux refused ${report.refused} of ${counted(count, 'job')}: ${report.reason}`);
    }
    return report.accepted;
  }

  async cancel(ids: Iterable<bigint>, note: string): Promise<number> {
    const report = await this.#source().cancel(BigUint64Array.from(ids), note);
    if (report.failed > 0)
      throw new MemberError(`Flux did not cancel ${counted(report.failed, 'job')}: ${report.reason}`);
    return report.done;
  }

  async setUrgency(ids: Iterable<bigint>, urgency: number): Promise<number> {
    const report = await this.#source().setUrgency(BigUint64Array.from(ids), urgency);
    if (report.failed > 0) {
      throw new MemberError(
        `Flux did not change the urgency of ${counted(report.failed, 'job')}: ${report.reason}`,
      );
    }
    return report.done;
  }

  /** The expiration in the R of the instance (RFC 20), where 0 stands for none. */
  async allocationEnd(): Promise<number | null> {
    return (await this.#resources()).end;
  }

  /** `instances` share the resources. */
  async activeJobs(instances = 1): Promise<number | null> {
    return windowFor(await this.#resources(), instances);
  }

  #resources(): Promise<InstanceResources> {
    this.#found ??= this.#source().request('resource.status', '{}').then(readResources);
    return this.#found;
  }

  async explain(id: bigint, started: boolean): Promise<JobTrace | null> {
    const { instance, id: own } = instanceOfJob(id);
    return traceJob(requestsOf(this.#source(), instance), own, started);
  }

  async outputLog(id: bigint): Promise<string | null> {
    const { instance, id: own } = instanceOfJob(id);
    return readOutputLog(requestsOf(this.#source(), instance), own, MAX_MEASURED_PIECES);
  }

  /**
   * Stops following Flux. Active jobs stay in Flux's queue, unless the run was interrupted, or they are in sub-instances:
   * then they are canceled. The method waits until no job has ended for `grace` seconds.
   */
  async stop(grace: number, end: EndOfRun): Promise<void> {
    const engine = this.#engine;
    if (engine === null) return;
    const isTree = this.#options.tree != null;
    // Jobs end with their sub-instances.
    if (end === 'interrupted' || isTree) {
      this.#grace = Math.min(this.#grace, grace);
      const note = end === 'interrupted' ? 'the ensemble was interrupted' : 'the ensemble has ended';
      // A closed engine has no jobs.
      await this.#cancelAll(engine, note).catch(() => {});
    }
    if (isTree) {
      if (grace === 0) this.#hurry.abort();
      await endTree(engine.source, this.#hurry.signal);
    }
    this.#engine = null;
    await engine.source.close().catch(() => {});
  }

  /** Cancels all jobs. Polls, because jobs whose submission was in flight become active only later. */
  async #cancelAll(engine: Engine, note: string): Promise<void> {
    const canceled = new Set<bigint>();
    let left = Number.NaN;
    let changed = performance.now();
    do {
      const { activeJobs, submitting } = await engine.status();
      if (activeJobs === 0 && submitting === 0) return;
      if (left !== activeJobs + submitting) changed = performance.now();
      left = activeJobs + submitting;
      const ids = (await engine.activeJobs()).filter((id) => !canceled.has(id));
      for (const id of ids) canceled.add(id);
      // Not awaited, so that an instance that hangs can't block the end of the run.
      if (ids.length > 0) void engine.source.cancel(ids, note).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 50));
    } while (!this.#failed && this.#engine === engine && performance.now() < changed + this.#grace * 1000);
  }

  /** Sets the number of sub-instances. Throws MemberError. */
  resizeTree(instances: number): Promise<{ readonly before: number; readonly after: number }> {
    return resizeTree(this.#source(), instances);
  }

  #source(): NativeSource {
    if (this.#engine === null) throw notRunning();
    return this.#engine.source;
  }
}
