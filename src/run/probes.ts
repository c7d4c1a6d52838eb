/** Probes of plugins, and `measure:`: the numbers that they find of a job become observations of its group. */

import { setMaxListeners } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import type { ActionContext } from '../actions/context.js';
import { jobOf } from '../actions/job-facts.js';
import {
  customEvent,
  customHandle,
  failureOf,
  metricsOf,
  RunEnded,
  TimeoutError,
  withinTime,
} from '../actions/user-code.js';
import type { ProbedJob } from '../engine/firings.js';
import { ActionError } from '../errors.js';
import type { GroupPluginProbe, GroupProbe } from '../model/ensemble.js';
import { formatJobId } from '../model/job-id.js';
import { splitPart } from '../model/part-name.js';
import { probeFunction } from '../plugins/actions.js';
import { describeFaults, failed, ok, type Result } from '../text/result.js';
import { customMetrics } from '../usercode/metrics.js';
import type { Measurements } from './measurements.js';
import type { TaskQueue } from './task-queue.js';

/** Milliseconds after which a process that is stuck has been ended. */
const PROCESS_ENDS = 1500;

/** A probe of a group. The engine has a rule for each, by which it reports the jobs to measure. */
export interface ProbeOfGroup<Probe extends GroupProbe = GroupProbe> {
  readonly probe: Probe;
  readonly group: string;
  /** Its index among the group's probes. */
  readonly index: number;
  /** The index of its first number among the numbers of the group's probes. */
  readonly first: number;
}

/** The probes of groups, in the order of the file. */
export function probesOf(groups: ActionContext['config']['groups']): ProbeOfGroup[] {
  return [...groups.values()].flatMap(({ name: group, probes }) => {
    let first = 0;
    return probes.map((probe, index) => {
      const found = { probe, group, index, first };
      first += probe.values.length;
      return found;
    });
  });
}

/** Called for each job of a probe with its numbers; null when the probe has none. */
export type Measured = (group: string, job: bigint, values: Readonly<Record<string, number>> | null) => void;

export class Probes {
  readonly #context: ActionContext;
  readonly #queue: TaskQueue;
  readonly #measurements: Measurements;
  readonly #onMeasured: Measured;
  readonly #aborted = new AbortController();
  /** Plugins measure jobs one after another, so that their numbers come in the order of the jobs. */
  #tail: Promise<void> = Promise.resolve();
  /** Jobs whose files are read, many at once. */
  readonly #reading = new Set<Promise<void>>();

  constructor(
    context: ActionContext,
    queue: TaskQueue,
    measurements: Measurements,
    onMeasured: Measured = () => {},
  ) {
    this.#context = context;
    this.#queue = queue;
    this.#measurements = measurements;
    this.#onMeasured = onMeasured;
    setMaxListeners(0, this.#aborted.signal);
  }

  /** Takes in a job that a probe has to measure, as the firing with this number says. Probes go on when the run has ended: their numbers are part of the result. */
  push(job: ProbedJob, probe: ProbeOfGroup, firing: number): void {
    const { signal } = this.#aborted;
    if (signal.aborted) return;
    const measure = () => this.#measureOrReport(job, probe, firing, signal);
    if (probe.probe.kind === 'plugin') {
      this.#tail = this.#queue.beside(this.#tail.then(measure));
      return;
    }
    const reading = this.#queue.beside(measure()).finally(() => this.#reading.delete(reading));
    this.#reading.add(reading);
  }

  async #measureOrReport(
    job: ProbedJob,
    probe: ProbeOfGroup,
    firing: number,
    signal: AbortSignal,
  ): Promise<void> {
    if (signal.aborted) return;
    try {
      const values = await this.#measure(job, probe, firing, signal);
      if (signal.aborted) return;
      if (values === null) this.#done(firing);
      this.#onMeasured(probe.group, job.event.job, values);
    } catch (error) {
      if (signal.aborted) return;
      this.#context.observer.problem?.(error as ActionError);
      this.#done(firing);
      this.#onMeasured(probe.group, job.event.job, null);
    }
  }

  /** The firing has no numbers. */
  #done(firing: number): void {
    // The run may be closed.
    this.#context.engine.done(firing).catch(() => {});
  }

  /** Ends the measuring of jobs, also of those that wait for it. */
  abort(): void {
    this.#aborted.abort();
  }

  /** Resolves when the jobs that were taken in have been measured, and reports how many values were not found. */
  async settled(): Promise<void> {
    await this.#tail;
    await Promise.all(this.#reading);
    if (!this.#aborted.signal.aborted) this.#measurements.reportCounts();
  }

  /** Gives the engine the numbers of a job. Resolves with them; null for none. Throws ActionError. */
  async #measure(
    job: ProbedJob,
    probeOfGroup: ProbeOfGroup,
    firing: number,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, number>> | null> {
    const { probe, group, first } = probeOfGroup;
    const { engine, member } = this.#context;
    const { event } = job;
    const index = engine.groups.indexOf(group);
    if (member.measured !== undefined) {
      const measured = member.measured(event.job);
      for (const [place, values] of givenOf(measured, probe.values)) {
        await engine.probed(index, first + place, values, event.timestamp, null, event.parameters);
      }
      return measured;
    }
    if (probe.kind === 'measure') {
      const found = await this.#measurements.measure(event, group, probe, signal);
      const runs = [...givenOf(found, probe.values)];
      // At once, so that a process that ends in between does not divide them.
      await Promise.all(
        runs.map(([place, values]) =>
          engine.probed(
            index,
            first + place,
            values,
            event.timestamp,
            { firing, job: event.job },
            event.parameters,
          ),
        ),
      );
      return runs.length > 0 ? found : null;
    }
    const where = `probe ${probe.probe} of group '${group}' for job ${formatJobId(event.job)}`;
    const answer = await this.#call(job, { ...probeOfGroup, probe }, where, signal);
    if (answer === null || answer === undefined) return null;
    const values = readValues(answer, probe.values);
    if (!values.ok) {
      throw new ActionError(`${where} ${describeFaults(values)}`, -1, { code: 'ERR_CUSTOM' });
    }
    await engine.probed(
      index,
      first,
      values.value,
      event.timestamp,
      { firing, job: event.job },
      event.parameters,
    );
    return Object.fromEntries(probe.values.map((name, i) => [name, values.value[i] ?? Number.NaN]));
  }

  /** The answer of the plugin; null when the run has ended. Throws ActionError. */
  async #call(
    measured: ProbedJob,
    { probe, group }: ProbeOfGroup<GroupPluginProbe>,
    where: string,
    signal: AbortSignal,
  ): Promise<unknown> {
    const context = { ...this.#context, signal };
    const { event } = measured;
    const [plugin, name] = splitPart(probe.probe);
    let call: Promise<unknown> = Promise.resolve();
    try {
      const functions = context.plugins.probes(plugin);
      if (functions === null) throw new Error(`the plugin '${plugin}' is unknown`);
      const metrics = customMetrics(await metricsOf(context, measured));
      const stop = new AbortController();
      const code = `probe ${probe.probe} of group '${group}'`;
      const args = {
        metrics,
        event: customEvent(event),
        with: probe.with,
        job: jobOf(event, context.config),
        handle: customHandle(context, stop.signal, { kind: 'code', rule: -1, name: '', code }),
      };
      const begin = () => {
        call = functions.call(probeFunction(name), args);
        return call;
      };
      return await withinTime(begin, probe.timeout, stop, signal);
    } catch (cause) {
      if (cause instanceof RunEnded) return null;
      // A probe that hangs ends its process. The next call must not reach that process.
      if (cause instanceof TimeoutError) await Promise.race([call.catch(() => {}), setTimeout(PROCESS_ENDS)]);
      throw failureOf(cause, where, -1, 'its');
    }
  }
}

/** The numbers with these names that are given: runs of neighbours, each with the place of its first. */
function givenOf(
  measured: Readonly<Record<string, number>>,
  names: readonly string[],
): ReadonlyMap<number, number[]> {
  const runs = new Map<number, number[]>();
  let run: number[] | null = null;
  for (const [place, name] of names.entries()) {
    const value = measured[name];
    if (value === undefined) {
      run = null;
    } else if (run === null) {
      run = [value];
      runs.set(place, run);
    } else {
      run.push(value);
    }
  }
  return runs;
}

/** The numbers in the order of their names. */
function readValues(answer: unknown, names: readonly string[]): Result<number[]> {
  const [only] = names;
  const given = typeof answer === 'number' && names.length === 1 ? { [String(only)]: answer } : answer;
  if (typeof given !== 'object' || given === null) {
    return failed(`returned ${typeof answer}; it must be an object with ${names.join(', ')}`);
  }
  const values: number[] = [];
  for (const name of names) {
    const value: unknown = Reflect.get(given, name);
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      return failed(`returned ${String(value)} for '${name}'; it must be a finite number`);
    }
    values.push(value);
  }
  return ok(values);
}
