/** The states of an ensemble, and references to them. */

import { quote } from '../../text/describe.js';
import type { Path } from '../../text/path.js';
import { didYouMean, thereAre } from '../../text/suggest.js';
import type { ResolveContext } from './context.js';

/** The states in the order of the file. */
export function resolveStates({ shape, problems }: ResolveContext): string[] {
  const states: string[] = [];
  for (const [index, state] of (shape.config.states ?? []).entries()) {
    if (state === undefined) continue;
    if (states.includes(state))
      problems.error(['states', index], `the state ${quote(state)} is listed twice`);
    else states.push(state);
  }
  return states;
}

/** Whether the file has states, valid or not. */
export function hasStates({ shape }: ResolveContext): boolean {
  return (shape.config.states ?? []).length > 0;
}

/** The name of an existing state; null after a report. */
export function stateNamed(
  { shape, problems }: ResolveContext,
  states: readonly string[],
  name: string,
  path: Path,
): string | null {
  if (states.includes(name)) return name;
  const broken =
    shape.isBroken(['states']) || (shape.config.states ?? []).some((_, i) => shape.isBroken(['states', i]));
  if (!broken) {
    const hint =
      states.length === 0 ? "; the file has no 'states'" : didYouMean(name, states) || thereAre(states);
    problems.error(path, `unknown state ${quote(name)}${hint}`);
  }
  return null;
}
