/** Probes of plugins: the numbers that they measure of a job become observations of its group. */

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
import type { GroupProbe } from '../model/ensemble.js';
import { formatJobId } from '../model/job-id.js';
import { splitPart } from '../model/part-name.js';
import { probeFunction } from '../plugins/actions.js';
import { customMetrics } from '../usercode/metrics.js';

/** Milliseconds after which a process that is stuck has been ended. */
const PROCESS_ENDS = 1500;

/** A probe of a group. The engine has a rule for each, by which it reports the jobs to measure. */
export interface ProbeOfGroup {
  readonly probe: GroupProbe;
  readonly group: string;
  /** The index of its first number among the numbers of the group's probes. */
  readonly first: number;
}

/** The probes of groups, in the order of the file. */
export function probesOf(groups: ActionContext['config']['groups']): ProbeOfGroup[] {
  return [...groups.values()].flatMap(({ name: group, probes }) => {
    let first = 0;
    return probes.map((probe) => {
      const found = { probe, group, first };
      first += probe.values.length;
      return found;
    });
  });
}

/** Calls a probe for a job and gives the engine what it measured. Throws ActionError. */
export async function callProbe(
  context: ActionContext,
  measured: ProbedJob,
  { probe, group, first }: ProbeOfGroup,
): Promise<void> {
  const { event } = measured;
  const { engine, config, member } = context;
  const index = engine.groups.indexOf(group);
  if (member.measured !== undefined) {
    for (const [place, values] of givenOf(member.measured(event.job), probe.values)) {
      await engine.probed(index, first + place, values, event.timestamp);
    }
    return;
  }
  const [plugin, name] = splitPart(probe.probe);
  const where = `probe ${probe.probe} of group '${group}' for job ${formatJobId(event.job)}`;
  let values: number[] | string;
  let call: Promise<unknown> = Promise.resolve();
  try {
    const functions = context.plugins.probes(plugin);
    if (functions === null) throw new Error(`the plugin '${plugin}' is unknown`);
    const metrics = customMetrics(await metricsOf(context, measured));
    const stop = new AbortController();
    const by = {
      kind: 'code',
      rule: -1,
      name: '',
      code: `probe ${probe.probe} of group '${group}'`,
    } as const;
    const handle = customHandle(context, stop.signal, by);
    const job = jobOf(event, config);
    const answer = await withinTime(
      () => {
        call = functions.call(probeFunction(name), {
          metrics,
          event: customEvent(event),
          with: probe.with,
          job,
          handle,
        });
        return call;
      },
      probe.timeout,
      stop,
      context.signal,
    );
    if (answer === null || answer === undefined) return;
    values = readValues(answer, probe.values);
  } catch (cause) {
    if (cause instanceof RunEnded) return;
    // A probe that hangs ends its process. The next call must not reach that process.
    if (cause instanceof TimeoutError) await Promise.race([call.catch(() => {}), setTimeout(PROCESS_ENDS)]);
    throw failureOf(cause, where, -1, 'its');
  }
  if (typeof values === 'string') throw new ActionError(`${where} ${values}`, -1, { code: 'ERR_CUSTOM' });
  await engine.probed(index, first, values, event.timestamp);
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

/** The numbers in the order of their names, or a message that says what is wrong with them. */
function readValues(answer: unknown, names: readonly string[]): number[] | string {
  const [only] = names;
  const given = typeof answer === 'number' && names.length === 1 ? { [String(only)]: answer } : answer;
  if (typeof given !== 'object' || given === null) {
    return `returned ${typeof answer}; it must be an object with ${names.join(', ')}`;
  }
  const values: number[] = [];
  for (const name of names) {
    const value: unknown = Reflect.get(given, name);
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      return `returned ${String(value)} for '${name}'; it must be a finite number`;
    }
    values.push(value);
  }
  return values;
}
