/** Detects rules that trigger each other without end. */

import type { ConditionStep } from '../../model/condition.js';
import type { EnsembleConfig, Rule } from '../../model/ensemble.js';
import type { Count } from '../../model/metric-names.js';
import { formatPath } from '../../text/path.js';
import { choices } from '../../text/suggest.js';

/** Rules with this many repetitions count as endless. */
const ENDLESS = 100_000;

export interface Loop {
  readonly rules: readonly Rule[];
  readonly message: string;
}

/** The events of every job, however it ends, and `success`, which a working job has. */
const ALWAYS = new Set([
  ...['submit', 'validate', 'depend', 'priority', 'alloc', 'start', 'finish', 'release', 'free', 'clean'],
  ...['sched', 'run', 'cleanup', 'inactive', 'success'],
]);

/** Returns the group whose jobs each trigger the rule without end; null for a rule with other limits. */
function setOffBy({ trigger, when, in: within, cooldown, action }: Rule): string | 'any' | null {
  if (action.name !== 'submit' || action.repetitions < ENDLESS) return null;
  if (within.length > 0 || cooldown !== null) return null;
  if (trigger.kind === 'metric') return when === null ? null : groupThatSuffices(when.steps);
  if (trigger.kind !== 'job' || when !== null || !ALWAYS.has(trigger.event)) return null;
  return trigger.group ?? 'any';
}

/** Counts that every job raises, if it works. */
const GROWING: ReadonlySet<Count> = new Set(['submitted', 'finished', 'success']);

/** The group of a condition that only asks for a number of its jobs, so that it stays true; null for any other. */
function groupThatSuffices([first, ...others]: readonly ConditionStep[]): string | null {
  if (first?.op !== 'metric' || first.metric.kind !== 'count' || !GROWING.has(first.metric.count))
    return null;
  const asked = others.map(({ op }) => op).join(' ');
  return asked === 'known' || asked === 'number >' || asked === 'number >=' ? first.metric.group : null;
}

/** Returns the loops of rules that nothing ends. A rule that terminates the ensemble counts as an end. */
export function endlessLoops({ rules }: Pick<EnsembleConfig, 'rules'>): Loop[] {
  if (rules.some(({ action }) => action.name === 'terminate')) return [];
  const edges = rules.flatMap((rule) => {
    const from = setOffBy(rule);
    return from === null || rule.action.name !== 'submit' ? [] : [{ rule, from, to: rule.action.label }];
  });
  const told = new Set<Rule>();
  const loops: Loop[] = [];
  for (const start of edges) {
    const loop = told.has(start.rule) ? null : loopFrom(start, edges);
    if (loop === null) continue;
    for (const rule of loop) told.add(rule);
    loops.push({ rules: loop, message: describe(loop, rules) });
  }
  return loops;
}

interface Edge {
  readonly rule: Rule;
  readonly from: string | 'any';
  readonly to: string;
}

/** Returns the rules by which jobs of the first one trigger it again; null without such rules. */
function loopFrom(start: Edge, edges: readonly Edge[]): Rule[] | null {
  const before = new Map<Edge, Edge | null>([[start, null]]);
  for (const edge of before.keys()) {
    for (const next of edges) {
      if (next.from !== 'any' && next.from !== edge.to) continue;
      if (next === start) {
        const loop: Rule[] = [];
        for (let at: Edge | null = edge; at !== null; at = before.get(at) ?? null) loop.unshift(at.rule);
        return loop;
      }
      if (!before.has(next)) before.set(next, edge);
    }
  }
  return null;
}

function describe(loop: readonly Rule[], rules: readonly Rule[]): string {
  const end = 'lower their repetitions, or add a rule with the action terminate';
  if (loop.length === 1)
    return `triggers itself: the jobs that it submits trigger it again, without end; ${end}`;
  const names = loop.map((rule) => formatPath(['rules', rules.indexOf(rule)]));
  return `${choices(names, 'and')} trigger each other without end; ${end}`;
}
