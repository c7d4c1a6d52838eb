/** The ensembles of a service. */

import { join } from 'node:path';
import { EnsembleError } from '../../errors.js';
import { STATISTICS } from '../../model/metric-names.js';
import type { GroupStates } from '../../model/metrics.js';
import type { ExternalAction, ExternalOutcome } from '../../run/external-actions.js';
import { type Entry, textsOfParameters } from '../../service/ensembles/entry.js';
import { sketchedState } from '../../service/ensembles/merge.js';
import type {
  EnsembleState as EnsembleMessage,
  FailuresState,
  FiringMessage,
  GroupState,
  RuleState,
  StatisticsState,
  ValueState,
} from '../../service/ensembles/proto.js';
import type { Registry } from '../../service/ensembles/registry.js';
import { Fault } from '../../service/fault.js';
import { status } from '../../service/status-code.js';
import { readConfiguration, readManifest } from '../../store/run-folder.js';
import { runsFolder } from '../../store/state-folder.js';
import { type EnsembleState, ensembleResource } from '../changes/feed.js';
import type { EnsembleResource, STATUSES } from '../schemas/ensemble.js';
import type { FailuresOfGroup } from '../schemas/failure.js';
import type { GroupResource, StatisticsResource } from '../schemas/group.js';
import type { FiringResource } from '../schemas/happening.js';
import type { RuleResource } from '../schemas/rule.js';
import { PolledEnsemble } from './polled.js';
import type { Source, SourcedEnsemble } from './source.js';

export interface RegisteredOptions {
  readonly registry: Registry;
  /** Seconds between two messages of a stream of events; 0.25 by default. */
  readonly interval?: number;
  /** The state folder in which runs of this user have their folders. */
  readonly state: string;
}

const STATUS: Readonly<Record<Entry['status'], (typeof STATUSES)[number]>> = {
  STATUS_UNSPECIFIED: 'running',
  RUNNING: 'running',
  PAUSED: 'paused',
  LOST: 'lost',
  ENDED: 'ended',
};

const textOrNull = (text: string) => (text === '' ? null : text);

function statisticsOf(statistics: StatisticsState | null): StatisticsResource {
  const values = Object.fromEntries(STATISTICS.map((name) => [name, statistics?.values[name] ?? null]));
  return { count: statistics?.count ?? 0, ...values } as StatisticsResource;
}

function groupResource({ name, counts, exceptions, duration, pending, probes }: GroupState): GroupResource {
  return {
    name,
    counts: { ...(counts as NonNullable<GroupState['counts']>) },
    exceptions,
    duration: statisticsOf(duration),
    pending: statisticsOf(pending),
    probes: Object.fromEntries(
      Object.entries(probes).map(([probe, values]) => [probe, statisticsOf(values)]),
    ),
  };
}

const valuesOf = (values: readonly ValueState[]) =>
  values.map(({ name, value }) => [name, value ?? null] as const);

function ruleResource(state: RuleState): RuleResource {
  const { rule, name, algorithm, due, why, inStates, firings, repetitionsLeft, backoffLeft, came } = state;
  const {
    repetitions = 0,
    backoff = 0,
    cooldown = 0,
    for: tooShort = 0,
    state: other = 0,
    end = 0,
  } = state.heldBack;
  return {
    ...{ rule, name, algorithm: textOrNull(algorithm), due, why, in: inStates },
    state: state.state as RuleResource['state'],
    conditions: state.conditions.map(({ text, holds = null, values, metric, comparison, threshold }) => ({
      ...{ text, holds, values: Object.fromEntries(valuesOf(values)) },
      bound: metric === '' ? null : { metric, comparison: comparison as '<', threshold },
    })),
    ...{ firings, repetitionsLeft, backoffLeft, came },
    ...{
      pendingSince: state.pendingSince ?? null,
      heldUntil: state.heldUntil ?? null,
      next: state.next ?? null,
    },
    heldBack: { repetitions, backoff, cooldown, for: tooShort, state: other, end },
  };
}

/** A run wrote the jobs, and a run may send anything. */
function failedJobs(jobs: readonly string[]): FailuresOfGroup['reasons'][number]['jobs'] {
  try {
    return jobs.map((job) => JSON.parse(job));
  } catch {
    return [];
  }
}

function failuresResource({ group, failed, canceled, jobs, reasons }: FailuresState): FailuresOfGroup {
  return {
    ...{ group, failed, canceled, jobs },
    reasons: reasons.map(({ reason, exception, note, exitStatus, signal, count, lines, jobs: ids }) => ({
      ...{ reason, exception: exception ?? null, note: note ?? null, exitStatus: exitStatus ?? null },
      ...{ signal: signal ?? null, count, lines, jobs: failedJobs(ids) },
    })),
  };
}

function firingResource({ label, job, value, askedBy, ...firing }: FiringMessage): FiringResource {
  const { number, rule, name, trigger, action, time, resolved } = firing;
  return {
    ...{ number, rule, name, trigger, action, label: textOrNull(label), time, job: textOrNull(job) },
    ...{ value: value ?? null, askedBy: textOrNull(askedBy), resolved },
  };
}

function totalsOf({
  following,
  logLag,
  ...counts
}: NonNullable<EnsembleMessage['totals']>): EnsembleState['totals'] {
  return { ...counts, following: following ?? null, logLag: logLag ?? null };
}

/** The state of an ensemble without its groups. */
function stateOf(message: EnsembleMessage, groups: number): EnsembleState {
  const { status: now, state, size, totals, counts, end, about } = message;
  const hello = message.run as NonNullable<EnsembleMessage['run']>;
  const { id, name, host, user, pid, member, started, version } = hello;
  return {
    ...{ id, name, run: textOrNull(about?.run ?? ''), status: STATUS[now], member, size: size ?? null },
    ...{ paused: now === 'PAUSED', state: textOrNull(state), states: about?.states ?? null, started },
    counts: { ...(counts as NonNullable<EnsembleMessage['counts']>) },
    groups,
    totals: totalsOf(totals as NonNullable<EnsembleMessage['totals']>),
    end: end === null ? null : { ...end },
    ...{ host, user, pid, file: textOrNull(hello.file), version },
  };
}

export class RegisteredEnsemble extends PolledEnsemble {
  readonly #entry: Entry;
  readonly #options: RegisteredOptions;
  #version = 0;
  #dropped = 0;

  constructor(entry: Entry, options: RegisteredOptions) {
    super((options.interval ?? 0.25) * 1000);
    this.#entry = entry;
    this.#options = options;
  }

  get id(): string {
    return this.#entry.hello.id;
  }

  distributions(group: string): GroupStates | null {
    const { duration: runs = null, pending: waits = null } = this.#entry.group(group) ?? {};
    const duration = runs === null ? null : sketchedState(runs);
    const pending = waits === null ? null : sketchedState(waits);
    return duration === null || pending === null ? null : { duration, pending };
  }

  async act(action: ExternalAction, askedBy: string): Promise<ExternalOutcome> {
    const { session, end, hello } = this.#entry;
    if (end !== null) throw new Fault(status.FAILED_PRECONDITION, `${hello.name} (${hello.id}) has ended`);
    if (session === null) throw new Fault(status.UNAVAILABLE, `${hello.name} (${hello.id}) is not connected`);
    const { name, label = '', job, value, parameters = {} } = action;
    if (job !== undefined) {
      const message =
        "one job can't be named through a service; name its group, or use the address of the run itself";
      throw new Fault(status.FAILED_PRECONDITION, message);
    }
    const passed = { parameters: textsOfParameters(parameters) };
    return session.act({ name, label, ...(value === undefined ? {} : { value }), ...passed, askedBy });
  }

  /** The run names its folder, and the folder must be that of this run: a run may send any name. */
  folder(): string | null {
    const run = this.#entry.about?.run ?? '';
    if (!/^[a-z0-9]{1,32}$/.test(run)) return null;
    const folder = join(runsFolder(this.#options.state), run);
    try {
      return readManifest(folder).ensemble === this.id ? folder : null;
    } catch (error) {
      if (error instanceof EnsembleError) return null;
      throw error;
    }
  }

  configuration(): string | null {
    const folder = this.folder();
    return folder === null ? null : readConfiguration(folder);
  }

  /** The service no longer knows the ensemble. */
  forgotten(): void {
    this.stop();
    this.feed.end();
  }

  protected async take(): Promise<number> {
    const begun = performance.now();
    const entry = this.#entry;
    const message = entry.state(this.#version);
    this.#version = entry.version;
    this.feed.firings.skip(message.firingsDropped - this.#dropped);
    this.#dropped = message.firingsDropped;
    for (const firing of message.firings) this.feed.firing(firingResource(firing));
    for (const { time, code, message: text } of message.problems) {
      this.feed.problem({ time, code, message: text });
    }
    this.feed.update({
      ensemble: stateOf(message, entry.groupCount),
      updated: message.updated,
      groups: message.groups.map(groupResource),
      rules: message.rules.map(ruleResource),
      failures: message.failures.map(failuresResource),
      metrics: valuesOf(message.metrics),
    });
    if (entry.end !== null) this.feed.end();
    return performance.now() - begun;
  }
}

/** The ensembles of a service, as a source. */
export class RegisteredSource implements Source {
  readonly #options: RegisteredOptions;
  /** Those that were asked for. */
  readonly #shown = new Map<string, RegisteredEnsemble>();
  readonly #forget: () => void;

  constructor(options: RegisteredOptions) {
    this.#options = options;
    this.#forget = options.registry.listen({
      changed: () => {},
      forgotten: ({ hello: { id } }) => {
        this.#shown.get(id)?.forgotten();
        this.#shown.delete(id);
      },
    });
  }

  async list(): Promise<readonly EnsembleResource[]> {
    return [...this.#options.registry.entries].map((entry) => {
      const message = entry.state(Number.POSITIVE_INFINITY);
      return ensembleResource(stateOf(message, entry.groupCount), message.updated, entry.end !== null);
    });
  }

  all(): readonly SourcedEnsemble[] {
    return [...this.#options.registry.entries]
      .filter(({ end }) => end === null)
      .map((entry) => this.#shownOf(entry));
  }

  find(name: string): SourcedEnsemble {
    return this.#shownOf(this.#options.registry.find(name));
  }

  #shownOf(entry: Entry): RegisteredEnsemble {
    const { id } = entry.hello;
    const known = this.#shown.get(id);
    // A run may go on after its end: it was resumed.
    if (known !== undefined && !(known.feed.ended && entry.end === null)) return known;
    const shown = new RegisteredEnsemble(entry, this.#options);
    this.#shown.set(id, shown);
    return shown;
  }

  close(): void {
    this.#forget();
    for (const shown of this.#shown.values()) shown.forgotten();
  }
}
