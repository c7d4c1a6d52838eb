/**
 * An ensemble as an object in TypeScript: the form of a file, with a type for each trigger and each action, and functions
 * in place of names of functions.
 */

import type { z } from 'zod';
import type { ActionName, namedActions } from '../../actions/catalog.js';
import type { plugin } from '../../actions/plugin.js';
import type { triggerKinds } from '../../language/triggers/catalog.js';
import type { JobEventName } from '../../language/triggers/job-events.js';
import type { PluginPartName } from '../../model/part-name.js';
import type { CustomArguments } from '../../model/user-function.js';
import type { CommonActionInput } from './actions.js';
import type { configSchema } from './ensemble.js';
import type { CommonRuleInput } from './rules.js';

/** A key of an action or of a trigger. */
interface Key {
  readonly shape: z.ZodType;
  readonly required?: boolean;
}

/** The values of keys, as they are written. */
type Values<Keys extends Readonly<Record<string, Key>>> = {
  readonly [Name in keyof Keys as Keys[Name]['required'] extends true ? Name : never]: z.infer<
    Keys[Name]['shape']
  >;
} & {
  readonly [Name in keyof Keys as Keys[Name]['required'] extends true ? never : Name]?:
    | z.infer<Keys[Name]['shape']>
    | null
    | undefined;
};

/** Keys for notes of your own. */
export interface Notes {
  readonly [note: `x-${string}`]: unknown;
}

/** The same in read-only arrays and objects, which may have notes. */
type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Frozen<T[Key]> } & Notes
    : T;

/** One object type in place of an intersection: TypeScript finds unknown keys in it only then. */
type Flat<T> = { readonly [Key in keyof T]: T[Key] };

/** An action as a file has it, and as functions return it. */
export type ActionInput =
  | {
      [Name in ActionName]: Flat<
        { name: Name } & Values<(typeof namedActions)[Name]['keys']> & Frozen<CommonActionInput>
      >;
    }[ActionName]
  | Flat<{ name: PluginPartName } & Values<typeof plugin.keys> & Frozen<CommonActionInput>>
  /** Only goes to another state. */
  | Flat<{ name?: undefined; goto: string } & Frozen<Omit<CommonActionInput, 'goto'>>>;

/** The result of a function: an action, a rule, a list of those, or nothing. */
export type FunctionResult =
  | ActionInput
  | RuleInput
  | readonly (ActionInput | RuleInput)[]
  | null
  | undefined
  // biome-ignore lint/suspicious/noConfusingVoidType: a function without a result
  | void;

/** An action that calls a function of this program. */
export type FunctionAction = Flat<
  {
    name: 'custom';
    /** The name of the function in firings and reports; by default its own name. */
    label?: string;
    /** Runs in this process. It may return what to do next, or a promise of it. */
    run: (context: CustomArguments) => FunctionResult | Promise<FunctionResult>;
  } & Values<Omit<(typeof namedActions)['custom']['keys'], 'label'>> &
    Frozen<CommonActionInput>
>;

/** A rule with its action. */
export type RuleInput<Action = ActionInput> = {
  [Kind in keyof typeof triggerKinds]: Flat<
    {
      trigger: Kind extends 'job' ? `job-${JobEventName}` : Kind;
      action: Action;
    } & (Kind extends 'metric' ? { resolve?: Action | null } : unknown) &
      Values<(typeof triggerKinds)[Kind]['keys']> &
      Frozen<CommonRuleInput>
  >;
}[keyof typeof triggerKinds];

type File = z.infer<typeof configSchema>;

/** An ensemble: the form of a file. Actions may have their functions under `run`. */
export type EnsembleInput = Frozen<Omit<File, 'rules'>> & {
  readonly rules: readonly RuleInput<ActionInput | FunctionAction>[];
};
