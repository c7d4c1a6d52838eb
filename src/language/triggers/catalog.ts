/**
 * All kinds of triggers. To add one, write its file, name it here, and add its data to `Trigger`. The schema of files, the
 * checks of rules, the native plan, graphs, reports and the documentation read this table. A missing kind does not
 * compile. The native engine decides when a rule is due; CONTRIBUTING.md names its files.
 */

import type { Trigger, TriggerKind } from '../../model/trigger.js';
import { cron } from './cron.js';
import type { TriggerDefinition, TriggerInfo } from './define.js';
import { end } from './end.js';
import { groupDone } from './group-done.js';
import { heartbeat } from './heartbeat.js';
import { interval } from './interval.js';
import { job } from './job.js';
import { limit } from './limit.js';
import { metric } from './metric.js';
import { start } from './start.js';
import { state } from './state.js';

/** Kinds in the order of the documentation. */
export const triggerKinds = {
  ...{ start, metric, heartbeat, interval, cron, state, job },
  ...{ limit, 'group-done': groupDone, end },
} as const satisfies {
  readonly [Kind in TriggerKind]: TriggerDefinition<Kind>;
};

const definitions = Object.values(triggerKinds) as readonly TriggerDefinition[];

/** All names of triggers with their descriptions, in the order of the documentation. */
export const TRIGGERS: readonly TriggerInfo[] = definitions.flatMap(({ names }) => names);

const kindsByName = new Map(
  definitions.flatMap((kind) => kind.names.map(({ name }) => [name, kind] as const)),
);

/** The kind of a trigger as it is written in a file that passed the schema. */
export function triggerNamed(written: string): TriggerDefinition {
  const kind = kindsByName.get(written);
  if (kind === undefined) throw new RangeError(`unknown trigger '${written}'`);
  return kind;
}

/** The definition of a trigger's kind. */
export function triggerKindOf({ kind }: Trigger): TriggerDefinition {
  return triggerKinds[kind] as TriggerDefinition;
}

/** The jobs whose events make a rule due; see `TriggerDefinition`. */
export function jobsOfTrigger(trigger: Trigger): { readonly group: string | null } | null {
  return triggerKindOf(trigger).jobs(trigger);
}
