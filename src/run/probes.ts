/** Probes of plugins: what they measure of a job becomes observations of its group. */

import { setTimeout } from 'node:timers/promises';
import type { ActionContext } from '../actions/context.js';
import { customHandle } from '../actions/custom.js';
import { jobOf } from '../actions/job-facts.js';
import { eventOf, failureOf, RunEnded, TimeoutError, withinTime } from '../actions/user-code.js';
import { ActionError } from '../errors.js';
import type { GroupProbe, Rule } from '../model/ensemble.js';
import type { Firing } from '../model/firing.js';
import { formatJobId } from '../model/job-id.js';
import { splitPart } from '../model/part-name.js';
import { probeFunction } from '../plugins/actions.js';
import { customMetrics } from '../usercode/metrics.js';

/** Milliseconds after which a process that is stuck has been ended. */
const PROCESS_ENDS = 1500;

/** A probe of a group, and the rule by which the engine says that there is a job for it. */
export interface ProbeRule {
  readonly probe: GroupProbe;
  readonly group: string;
  /** The index of its first number among those of the group's probes. */
  readonly first: number;
  readonly rule: Rule;
}

/** The probes of groups, in the order of the file. */
export function probeRules(groups: ActionContext['config']['groups']): ProbeRule[] {
  return [...groups.values()].flatMap(({ name: group, probes }) => {
    let first = 0;
    return probes.map((probe) => {
      const found = { probe, group, first, rule: ruleOf(group, probe) };
      first += probe.values.length;
      return found;
    });
  });
}

function ruleOf(group: string, { probe, timeout, with: options }: GroupProbe): Rule {
  return {
    title: group,
    triggerText: 'job-success',
    algorithm: null,
    trigger: { kind: 'job', event: 'success', group },
    when: null,
    whenText: null,
    in: [],
    for: null,
    cooldown: null,
    action: {
      name: probe,
      with: options,
      named: {},
      timeout,
      repetitions: Number.MAX_SAFE_INTEGER,
      backoff: null,
      onError: 'continue',
      goto: null,
    } as Rule['action'],
  };
}

/** Calls a probe for the job of a firing and tells the engine what it measured. Throws ActionError. */
export async function callProbe(
  context: ActionContext,
  firing: Firing,
  { probe, group, first, rule }: ProbeRule,
): Promise<void> {
  const { engine, config, member } = context;
  const index = engine.groups.indexOf(group);
  if (member.measured !== undefined && firing.job !== null) {
    const measured = member.measured(firing.job);
    for (const [place, values] of givenOf(measured, probe.values)) {
      await engine.probed(index, first + place, values, firing.timestamp);
    }
    return;
  }
  const [plugin, name] = splitPart(probe.probe);
  const job = firing.job === null ? '' : ` for job ${formatJobId(firing.job)}`;
  const where = `probe ${probe.probe} of group '${group}'${job}`;
  let values: number[] | string;
  let call: Promise<unknown> = Promise.resolve();
  try {
    const functions = context.plugins.probes(plugin);
    if (functions === null) throw new Error('there is no such plugin');
    const metrics = customMetrics(firing.metrics ?? (await engine.metrics()));
    const stop = new AbortController();
    const by = {
      kind: 'code',
      rule: -1,
      name: '',
      code: `probe ${probe.probe} of group '${group}'`,
    } as const;
    const handle = customHandle(context, stop.signal, by);
    const args = { metrics, event: eventOf(firing), rule, action: rule.action, firing, handle };
    const answer = await withinTime(
      () => {
        call = functions.call(probeFunction(name), args, jobOf(firing, config));
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
    // One that hangs takes its process with it: the next call must not go there.
    if (cause instanceof TimeoutError) await Promise.race([call.catch(() => {}), setTimeout(PROCESS_ENDS)]);
    throw failureOf(cause, where, -1, 'its');
  }
  if (typeof values === 'string') throw new ActionError(`${where} ${values}`, -1, { code: 'ERR_CUSTOM' });
  await engine.probed(index, first, values, firing.timestamp);
}

/** The numbers that are given of those with these names: all that follow each other, with the place of the first. */
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

/** The numbers in the order of their names, or what is wrong with them. */
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
