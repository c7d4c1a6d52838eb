/**
 * An ensemble as nodes and edges: job groups, the rules that watch them, and their targets. With states, the edges
 * also show which rules are active in a state and where they lead.
 */

import { kindOf } from '../actions/catalog.js';
import { triggerOf } from '../language/rule-text.js';
import { jobsOfTrigger, triggerKindOf } from '../language/triggers/catalog.js';
import type { Action } from '../model/action.js';
import { actionsOf, type EnsembleConfig, type JobGroup, type Rule } from '../model/ensemble.js';
import { escapeControls } from '../text/describe.js';
import { formatDuration } from '../text/duration.js';
import { choices } from '../text/suggest.js';

export type NodeKind =
  | 'group'
  | 'state'
  | 'rule'
  /** A rule that fires when the ensemble starts. */
  | 'start'
  /** A rule that only time triggers. */
  | 'time'
  /** A function, a program, or a plugin's action. */
  | 'code'
  /** The resources that jobs run on. */
  | 'resources'
  | 'end';

export interface GraphNode {
  readonly id: string;
  readonly kind: NodeKind;
  readonly title: string;
  /** Further lines of text. */
  readonly details: readonly string[];
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  /** The rule watches the group, acts on it, changes to a state, or is active in one. */
  readonly kind: 'looks' | 'does' | 'goes' | 'judged';
  readonly label: string;
}

export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/** Maximum characters of a title or a detail; longer lines are cut off to save space. */
const MAX_LINE = 60;

/** Returns the graph of an ensemble. */
export function graphOf(config: EnsembleConfig): Graph {
  const nodes = new Map<string, GraphNode>();
  const edges: GraphEdge[] = [];
  const groupIds = new Map([...config.groups.keys()].map((name, index) => [name, `group${index}`]));
  const stateIds = new Map(config.states.map((name, index) => [name, `state${index}`]));

  const node = (id: string, kind: NodeKind, title: string, details: readonly string[] = []) => {
    if (!nodes.has(id)) nodes.set(id, { id, kind, title: short(title), details: details.map(short) });
    return id;
  };
  const edge = (from: string | undefined, to: string | undefined, kind: GraphEdge['kind'], label = '') => {
    if (from !== undefined && to !== undefined) edges.push({ from, to, kind, label: short(label) });
  };

  for (const [index, name] of config.states.entries()) {
    node(`state${index}`, 'state', name, index === 0 ? ['begins here'] : []);
  }
  for (const [name, group] of config.groups) {
    node(groupIds.get(name) as string, 'group', name, [jobsOf(group)]);
  }
  for (const [index, rule] of config.rules.entries()) {
    const id = node(`rule${index}`, triggerKindOf(rule.trigger).drawnAs, triggerOf(rule), detailsOf(rule));
    const { trigger, action } = rule;
    for (const group of groupsSeenBy(rule)) edge(groupIds.get(group), id, 'looks');
    if (action.goto !== null) for (const state of rule.in) edge(stateIds.get(state), id, 'judged');
    if (trigger.kind === 'state') edge(stateIds.get(trigger.state), id, 'judged');
    for (const each of actionsOf(rule)) {
      const label = kindOf(each).words.drawn(each);
      const resolved = each === action ? '' : 'then ';
      edge(id, targetOf(rule, each, groupIds, node), 'does', `${resolved}${label}`);
      if (each.goto !== null) edge(id, stateIds.get(each.goto), 'goes', `${resolved}go to`);
    }
  }
  return { nodes: [...nodes.values()], edges };
}

function detailsOf(rule: Rule): string[] {
  const { trigger, when, action, cooldown } = rule;
  const more = [
    ...(rule.for === null ? [] : [`for ${formatDuration(rule.for)}`]),
    ...(cooldown === null ? [] : [`at most every ${formatDuration(cooldown)}`]),
    ...(action.repetitions === 1 ? [] : [`${action.repetitions} times`]),
    ...(action.backoff === null ? [] : [`backoff ${action.backoff}`]),
    // Edges show the states of rules that change the state. For other rules, edges would make the graph unreadable.
    ...(rule.in.length > 0 && action.goto === null ? [`in ${choices(rule.in)}`] : []),
  ];
  return [
    ...(when !== null && trigger.kind !== 'metric' ? [`when ${when.text}`] : []),
    ...(more.length === 0 ? [] : [more.join(', ')]),
    ...(rule.algorithm === null ? [] : [rule.algorithm]),
  ];
}

/** Returns the groups whose jobs or metrics trigger the rule, each once. */
function groupsSeenBy({ trigger, when }: Rule): Set<string> {
  const groups = new Set<string>();
  const group = jobsOfTrigger(trigger)?.group ?? null;
  if (group !== null) groups.add(group);
  for (const step of when?.steps ?? []) if (step.op === 'metric') groups.add(step.metric.group);
  return groups;
}

type MakeNode = (id: string, kind: NodeKind, title: string) => string;

/** Returns the node that the rule acts on; undefined where it has none. */
function targetOf(
  rule: Rule,
  action: Action,
  groupIds: ReadonlyMap<string, string>,
  node: MakeNode,
): string | undefined {
  const target = kindOf(action).target(action, rule);
  switch (target?.kind) {
    case undefined:
      return undefined;
    case 'group':
      return target.group === null ? undefined : groupIds.get(target.group);
    case 'code':
      return node(target.id, 'code', target.title);
    case 'resources':
    case 'end':
      return node(target.kind, target.kind, target.kind);
  }
}

function jobsOf({ entries, count }: JobGroup): string {
  const command = entries[0]?.commandText ?? '';
  const more = new Set(entries.map(({ commandText }) => commandText)).size > 1 ? ', ...' : '';
  return `${count} × ${command}${more}`;
}

function short(text: string): string {
  const characters = [...escapeControls(text)];
  return characters.length <= MAX_LINE
    ? characters.join('')
    : `${characters.slice(0, MAX_LINE - 1).join('')}…`;
}
