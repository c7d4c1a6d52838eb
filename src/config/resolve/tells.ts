/** `tell:` of job entries: values that the jobs of a group tell while they run. */

import type { GroupProbe, JobGroup } from '../../model/ensemble.js';
import { VARIABLES } from '../../model/metric-names.js';
import type { GroupTells } from '../../model/tells.js';
import { quote } from '../../text/describe.js';
import type { JobShape } from '../schema/ensemble.js';
import type { ResolveContext } from './context.js';
import { VARIABLE_NAME } from './variable-names.js';

export const NO_TELLS: GroupTells = { numbers: [], texts: [] };

/** The values that jobs tell, by group. */
export function tellsOf(groups: ReadonlyMap<string, JobGroup>): ReadonlyMap<string, GroupTells> {
  return new Map([...groups].map(([name, { tells }]) => [name, tells]));
}

interface GrowingTells {
  readonly numbers: string[];
  readonly texts: string[];
}

/**
 * Gathers the names of each group that has some. A mistake is reported, and its group added to `doubtful`. `probes` has
 * the probes of each group.
 */
export function resolveTells(
  { problems, shape }: ResolveContext,
  jobs: readonly (JobShape | undefined)[],
  probes: ReadonlyMap<string, readonly GroupProbe[]>,
  doubtful: Set<string>,
): Map<string, GroupTells> {
  const groups = new Map<string, GrowingTells>();
  for (const [index, job] of jobs.entries()) {
    const group = job?.name ?? '';
    const path = ['jobs', index, 'tell'];
    if (shape.isBroken(path)) doubtful.add(group);
    const { tell } = job ?? {};
    if (tell === undefined || tell === null) continue;
    const names = groups.get(group) ?? { numbers: [], texts: [] };
    groups.set(group, names);
    const written = Array.isArray(tell)
      ? tell.map((name, place) => [name, 'number', [...path, place]] as const)
      : Object.entries(tell).map(([name, kind]) => [name, kind, [...path, name]] as const);
    for (const [name, kind, at] of written) {
      if (name === undefined || kind === undefined) continue;
      const [same, others] = kind === 'text' ? [names.texts, names.numbers] : [names.numbers, names.texts];
      // Entries of a group may repeat a name.
      if (same.includes(name)) continue;
      const fault = faultOf(name, others, probes.get(group) ?? []);
      if (fault === null) {
        same.push(name);
      } else {
        problems.error(at, fault, Array.isArray(tell) ? 'value' : 'key');
        doubtful.add(group);
      }
    }
  }
  return groups;
}

/** The mistake in a name; null for a valid one. */
function faultOf(name: string, others: readonly string[], probes: readonly GroupProbe[]): string | null {
  if (!VARIABLE_NAME.test(name)) return `${quote(name)}: such a name has only letters, digits and _`;
  // Flux notes the address of an instance that is a job under this name.
  if (name === 'uri') return "'uri' is a memo of Flux's own; use another name";
  if (others.includes(name))
    return `${quote(name)} is a number in one entry of the group and a text in another`;
  const isTaken = [...VARIABLES, ...probes.flatMap(({ values }) => values)].includes(name);
  return isTaken ? `${quote(name)} already is a variable of the group` : null;
}
