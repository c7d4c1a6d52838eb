/** The parts of the definition of a trigger: everything that TypeScript knows of the kind. */

import type { z } from 'zod';
import type { JobGroup, Rule } from '../../model/ensemble.js';
import type { Limits } from '../../model/job-limits.js';
import type { TriggerKind, TriggerOf } from '../../model/trigger.js';
import type { CronPattern } from '../cron.js';

/** A name that stands in a file. */
export interface TriggerInfo {
  readonly name: string;
  /** A sentence for editors and the documentation. */
  readonly description: string;
}

/** A key of a rule that belongs to one trigger. */
export interface TriggerKey<Written = unknown> {
  readonly shape: z.ZodType<Written>;
  /** A sentence for the JSON Schema. */
  readonly description: string;
  /** Every rule with the trigger must have it; `resolve` reports where it is missing. */
  readonly required?: true;
}

type Keys = Readonly<Record<string, TriggerKey>>;

/** The values of keys as they are written; null where a key is absent. */
type ValuesOf<K extends Keys> = {
  readonly [Name in keyof K]: K[Name] extends TriggerKey<infer Written> ? Written | null : never;
};

/** The place of a rule in a file, and the names that its trigger may refer to. */
export interface TriggerPlace {
  /** The trigger as it is written: `job-finish`. */
  readonly written: string;
  /** The rule's `name`; null where the key is absent. */
  readonly name: string | null;
  readonly groups: ReadonlyMap<string, JobGroup>;
  /** Those of the ensemble. */
  readonly limits: Limits;
  /** The names of all groups, also of groups that are otherwise invalid. */
  readonly groupNames: ReadonlySet<string>;
  /** Whether all groups could be read. Only then is another name unknown. */
  readonly complete: boolean;
  /** Reports a mistake in the value of a key, or in the rule for null. */
  error(key: string | null, message: string): void;
  warning(key: string, message: string): void;
  /** Reports a missing key, unless its value was reported before. */
  missing(key: string, message: string): void;
  /** The state in `name`, or null after a report. */
  state(name: string): string | null;
}

/** The indexes of names in the native plan. */
export interface TriggerIndexes {
  readonly groupIndex: (name: string) => number;
  readonly stateIndex: (name: string) => number;
  /** The budgets with this name, or all of them for null. */
  readonly limitIndexes: (name: string | null) => readonly number[];
}

/** A trigger in the native plan. Parts of other triggers are absent. */
export interface TriggerPlan {
  /** Index of the group; absent for jobs of any group. */
  readonly group?: number;
  readonly event?: string;
  readonly cron?: CronPattern;
  /** Seconds. */
  readonly interval?: number;
  /** Index of the state that has to be entered. */
  readonly enter?: number;
  /** Indexes of limits. */
  readonly limits?: readonly number[];
}

/** How rules with a trigger are described. */
export interface TriggerWords<Kind extends TriggerKind> {
  /** The title of a rule that has no name; `written` is the trigger as it is written. */
  title(trigger: TriggerOf<Kind>, written: string, when: Rule['when']): string;
  /** When the rule is due, without its condition. */
  due(trigger: TriggerOf<Kind>, rule: Pick<Rule, 'title' | 'triggerText' | 'when'>): string;
  /** How often the trigger occurred: `3 job-fail events`. */
  came(count: number, written: string): string;
  /** Why the trigger of a rule never occurred. */
  nothingCame(trigger: TriggerOf<Kind>, rule: Pick<Rule, 'in'>): string;
}

interface Facts<Kind extends TriggerKind> {
  readonly kind: Kind;
  /** The name for the documentation: that in a file, or a pattern for several: `job-EVENT`. */
  readonly name: string;
  /** A sentence for the documentation. */
  readonly description: string;
  /** The names that stand in files. */
  readonly names: readonly TriggerInfo[];
  /** The meaning of a rule's `name`, as a phrase; null where it is only a title. */
  readonly namePhrase: string | null;
  /** Whether a rule may have `for`: always, with a condition, or never. */
  readonly lasts: 'always' | 'with a condition' | 'never';
  /** The kind of the rule's node in a graph. */
  readonly drawnAs: 'start' | 'time' | 'rule';
  /** Whether the trigger needs heartbeats. */
  readonly needsHeartbeat: boolean;
  /** The jobs whose events make a rule due, of a group or (null) of any; null for a trigger without jobs. */
  jobs(trigger: TriggerOf<Kind>): { readonly group: string | null } | null;
  plan(trigger: TriggerOf<Kind>, indexes: TriggerIndexes): TriggerPlan;
  readonly words: TriggerWords<Kind>;
}

/** One kind of triggers. */
export type TriggerDefinition<Kind extends TriggerKind = TriggerKind, K extends Keys = Keys> = Facts<Kind> & {
  /** Keys that only rules with this trigger have. */
  readonly keys: K;
  /** The trigger from the values of its keys; null after a report. */
  resolve(values: Readonly<Record<string, unknown>>, place: TriggerPlace): TriggerOf<Kind> | null;
};

/** Defines a kind of triggers. A part that is missing does not compile. The types of its keys are kept, for objects. */
export function defineTrigger<Kind extends TriggerKind, const K extends Keys>(
  definition: Facts<Kind> & {
    readonly keys: K;
    resolve(values: ValuesOf<K>, place: TriggerPlace): TriggerOf<Kind> | null;
  },
): TriggerDefinition<Kind, K> {
  return definition as unknown as TriggerDefinition<Kind, K>;
}
