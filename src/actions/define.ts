/** The definition of an action: everything that the program knows of the kind. */

import type { ActionKind, ActionKinds, ActionOf, ReportOf } from '../model/action.js';
import type { EnsembleConfig, Rule } from '../model/ensemble.js';
import type { FollowUp } from '../model/follow-up.js';
import type { ActionContext } from './context.js';
import type { ActionKey, KeyPlace } from './keys.js';
import type { ActionRequest, RuleRequest } from './request.js';

type Keys = Readonly<Record<string, ActionKey>>;

/** The values of keys, all of which have been read. */
type ValuesOf<K extends Keys> = {
  readonly [Name in keyof K]: K[Name] extends ActionKey<infer V> ? V : never;
};

/** The target of an action in a graph. */
export type ActionTarget =
  /** A job group; null for a group that the rule alone does not determine. */
  | { readonly kind: 'group'; readonly group: string | null }
  | { readonly kind: 'resources' }
  | { readonly kind: 'end' }
  /** Code of the user. */
  | { readonly kind: 'code'; readonly id: string; readonly title: string };

/** One line about an action, for users. */
export interface ReportLine {
  readonly what: string;
  /** Shown in brackets. */
  readonly note?: string;
  /** The jobs that are submitted, a line for each entry. */
  readonly jobs?: string;
}

/** How actions of a kind are described. Control characters are escaped by the caller, except in `planned`. */
export interface ActionWords<Kind extends ActionKind> {
  /** The planned action, for a dry run and a replay. */
  planned(
    action: ActionOf<Kind>,
    rule: Pick<Rule, 'trigger'>,
    config: Pick<EnsembleConfig, 'groups'>,
  ): string;
  /** The label of the edge to its target in a graph. */
  drawn(action: ActionOf<Kind>): string;
  /** The output of a run. */
  line(report: ReportOf<Kind>): ReportLine;
  /** The performed action, for the caller who requested it. */
  done(report: ReportOf<Kind>): string;
}

/** How actions of a kind are performed: by this program, or by code of the user, which may return more to do. */
type Performance<Kind extends ActionKind> =
  | {
      readonly runsUserCode: false;
      /**
       * Throws the reason of a failure; an error other than an EnsembleError is reported with the name of the
       * action.
       */
      perform(context: ActionContext, request: ActionRequest<ActionOf<Kind>>): Promise<void>;
    }
  | {
      readonly runsUserCode: true;
      /** The code in words: `custom function 'next'`. */
      code(action: ActionOf<Kind>): string;
      /** Returns what the code asks for. Throws ActionError. */
      perform(context: ActionContext, request: RuleRequest<ActionOf<Kind>>): Promise<FollowUp[]>;
    };

interface Facts<Kind extends ActionKind> {
  readonly name: Kind;
  /** A sentence for the JSON Schema and the documentation. */
  readonly description: string;
  /** Whether the member may be larger after it. */
  readonly mayGrow: boolean;
  /** Whether a rule with the action needs heartbeats: it answers to waiting, which no event shows. */
  readonly needsHeartbeat: boolean;
  /** Whether observers get its firings only together with a report: most of them do nothing. */
  readonly quiet: boolean;
  /** Whether the firing must carry the context of its event and the metrics. */
  wantsEvent(action: ActionOf<Kind>, groups: EnsembleConfig['groups']): boolean;
  /** The target of the action; null without one in a graph. */
  target(action: ActionOf<Kind>, rule: Pick<Rule, 'trigger'>): ActionTarget | null;
  readonly words: ActionWords<Kind>;
}

/** One kind of actions, with its keys as they stand in a file. */
export type ActionDefinition<
  Kind extends ActionKind = ActionKind,
  External extends boolean = boolean,
  Types extends ActionKinds[ActionKind] = ActionKinds[Kind],
  K extends Keys = Keys,
> = Facts<Kind> &
  Performance<Kind> & {
    readonly keys: K;
    /** Whether it may be requested from outside of the run. */
    readonly external: External;
    /** The data of an action from the values of its keys; null when they do not fit together, which is reported. */
    resolve(values: Readonly<Record<string, unknown>>, at: (key: string) => KeyPlace): Types['data'] | null;
  };

/** Defines a kind of actions. A part that is missing does not compile. The types of its keys are kept, for objects. */
export function defineAction<Kind extends ActionKind, const K extends Keys, External extends boolean>(
  definition: Facts<Kind> &
    Performance<Kind> & {
      readonly keys: K;
      readonly external: External;
      resolve(values: ValuesOf<K>, at: (key: keyof K & string) => KeyPlace): ActionKinds[Kind]['data'] | null;
    },
): ActionDefinition<Kind, External, ActionKinds[Kind], K> {
  return definition as unknown as ActionDefinition<Kind, External, ActionKinds[Kind], K>;
}
