/** `probes:` of job entries: values that plugins measure for the jobs of a group. */

import type { GroupPluginProbe, GroupProbe, JobGroup } from '../../model/ensemble.js';
import { GroupNames, type ObjectiveNames, type ProbeNames, probedOf } from '../../model/metric-names.js';
import type { GroupTells } from '../../model/tells.js';
import { durationSeconds } from '../../text/duration.js';
import type { Path } from '../../text/path.js';
import type { JobShape } from '../schema/ensemble.js';
import type { ResolveContext } from './context.js';
import { type MeasureContext, resolveMeasures } from './measure.js';
import { resolveOptions } from './plugins.js';
import { NO_TELLS, resolveTells } from './tells.js';
import { faultOfNames } from './variable-names.js';

/** The default in seconds. */
const TIMEOUT = 60;

/** The objectives of the groups with a search. */
export function objectivesOf(groups: ReadonlyMap<string, Pick<JobGroup, 'ask'>>): ObjectiveNames {
  return new Map([...groups].flatMap(([name, { ask }]) => (ask === null ? [] : [[name, ask.objective]])));
}

/** The final names of groups. */
export function namesOfGroups(groups: ReadonlyMap<string, JobGroup>): GroupNames {
  const names = [...groups].map(([name, group]) => [name, probedOf(group)] as const);
  return new GroupNames(groups.keys(), new Map(names), objectivesOf(groups));
}

export interface ResolvedProbes {
  /** For each group with probes, in the order of the file. */
  readonly groups: ReadonlyMap<string, readonly GroupProbe[]>;
  /** For each group whose jobs tell values. */
  readonly tells: ReadonlyMap<string, GroupTells>;
  /** The probe variables; null for a group with an invalid probe or told value, which was reported. */
  readonly names: ProbeNames;
}

/** Makes the probes and the measurements of all groups, and the values that their jobs tell. */
export function resolveProbes(
  context: MeasureContext,
  jobs: readonly (JobShape | undefined)[],
): ResolvedProbes {
  const groups = new Map<string, GroupProbe[]>();
  const doubtful = new Set<string>();
  for (const [index, job] of jobs.entries()) {
    const group = job?.name ?? '';
    const path = ['jobs', index, 'probes'];
    if (context.shape.isBroken(path)) doubtful.add(group);
    for (const [place, shape] of (job?.probes ?? []).entries()) {
      const others = groups.get(group) ?? [];
      const probe = shape && resolveProbe(context, shape, others, [...path, place]);
      if (probe) groups.set(group, [...others, probe]);
      else doubtful.add(group);
    }
  }
  resolveMeasures(context, jobs, groups, doubtful);
  const tells = resolveTells(context, jobs, groups, doubtful);
  const searches = new Map(jobs.flatMap((job) => (job?.ask && job.name ? [[job.name, job.ask]] : [])));
  const names = [...new Set([...groups.keys(), ...tells.keys(), ...searches.keys()])].map((group) => {
    const named = probedOf({
      probes: groups.get(group) ?? [],
      tells: tells.get(group) ?? NO_TELLS,
      ask: searches.get(group) ?? null,
    });
    return [group, named] as const;
  });
  const inDoubt = [...doubtful].map((group) => [group, null] as const);
  return { groups, tells, names: new Map<string, readonly string[] | null>([...names, ...inDoubt]) };
}

type ProbeShape = NonNullable<NonNullable<JobShape['probes']>[number]>;

/** Null after a report of a mistake. */
function resolveProbe(
  context: ResolveContext,
  { probe, with: options, timeout }: ProbeShape,
  others: readonly GroupProbe[],
  path: Path,
): GroupPluginProbe | null {
  if (probe === undefined) return null;
  const at = [...path, 'probe'];
  const checked = resolveOptions(context, 'probes', probe, options, at, [...path, 'with']);
  if (checked === null) return null;
  const names: unknown = checked.value;
  const isList = Array.isArray(names) && names.length > 0;
  const wrong = isList ? faultOfNames(names, others) : 'does not list its values';
  if (wrong !== null) {
    context.problems.error(at, `${probe} ${wrong}`);
    return null;
  }
  const seconds = timeout === undefined ? TIMEOUT : durationSeconds(timeout);
  const values = checked.value as string[];
  return { kind: 'plugin', probe, with: options ?? {}, values, timeout: seconds };
}
