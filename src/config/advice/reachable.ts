/** Estimates which rules can fire, and which groups can have jobs. */

import { runsUserCode } from '../../actions/catalog.js';
import { metricSteps } from '../../model/condition.js';
import { actionsOf, type EnsembleConfig, type Rule } from '../../model/ensemble.js';

export interface Reachable {
  readonly rules: ReadonlySet<Rule>;
  /** Groups that can have jobs. */
  readonly groups: ReadonlySet<string>;
  readonly states: ReadonlySet<string>;
  /** Code of the user may submit any job, and add rules. */
  readonly anything: boolean;
}

/** Returns groups whose jobs come from a recording, or from the file's own tests. */
function fromElsewhere(
  { tests, groups }: Pick<EnsembleConfig, 'tests' | 'groups'>,
  recorded: boolean,
): string[] {
  if (recorded) return [...groups.keys()];
  return tests.flatMap(({ input }) => {
    if (input.kind !== 'script') return [...groups.keys()];
    return input.lines.flatMap(({ scriptEvent }) =>
      scriptEvent.kind === 'submit' ? [scriptEvent.group] : [],
    );
  });
}

/**
 * Returns the reachable parts of a configuration. In doubt, a rule can fire. `recorded`: its jobs come from a
 * recording.
 */
export function reachableIn(
  config: Pick<EnsembleConfig, 'rules' | 'groups' | 'states' | 'tests' | 'heartbeat'>,
  recorded: boolean,
): Reachable {
  const groups = new Set(fromElsewhere(config, recorded));
  const states = new Set(config.states.slice(0, 1));
  const rules = new Set<Rule>();
  let anything = false;
  const canFire = ({ trigger, when, in: within, action }: Rule): boolean => {
    if (action.repetitions === 0) return false;
    if (within.length > 0 && !within.some((state) => states.has(state))) return false;
    switch (trigger.kind) {
      case 'state':
        return states.has(trigger.state);
      case 'job':
        return trigger.group === null ? groups.size > 0 : groups.has(trigger.group);
      case 'metric': {
        const metrics = metricSteps(when);
        if (metrics.length === 0 || metrics.some(({ metric }) => groups.has(metric.group))) return true;
        // A condition on counts that begin at 0 may hold without any job, where something else makes it due.
        const byTime =
          config.heartbeat > 0 || within.length > 0 || metrics.some(({ metric }) => metric.kind === 'rate');
        return byTime && metrics.some(({ fromZero }) => fromZero);
      }
      default:
        return true;
    }
  };
  for (let more = true; more && !anything; ) {
    more = false;
    for (const rule of config.rules) {
      if (rules.has(rule) || !canFire(rule)) continue;
      more = true;
      rules.add(rule);
      for (const action of actionsOf(rule)) {
        if (action.name === 'submit') groups.add(action.label);
        if (action.goto !== null) states.add(action.goto);
        anything ||= runsUserCode(action);
      }
    }
  }
  return { rules, groups, states, anything };
}
