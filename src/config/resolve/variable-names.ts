/** Names of variables of a group, in addition to those that every group has. */

import type { GroupProbe } from '../../model/ensemble.js';
import { VARIABLES } from '../../model/metric-names.js';
import { quote } from '../../text/describe.js';

/** A name that can follow the dash in a metric's name. */
export const VARIABLE_NAME = /^[A-Za-z_]\w*$/;

/** The mistake in the names of a probe's values; null for valid names. `others` are the probes of the group so far. */
export function faultOfNames(names: readonly unknown[], others: readonly GroupProbe[]): string | null {
  const taken = new Set<unknown>(VARIABLES);
  for (const { values } of others) for (const name of values) taken.add(name);
  for (const name of names) {
    if (typeof name !== 'string' || !VARIABLE_NAME.test(name)) {
      return `has a value called ${quote(String(name))}; such a name has only letters, digits and _`;
    }
    if (taken.has(name)) return `has a value called ${quote(name)}, which already is a variable of the group`;
    taken.add(name);
  }
  return null;
}
