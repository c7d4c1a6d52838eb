/** The shape of an action: the keys of all actions, and those of the kinds in the catalog. */

import { z } from 'zod';
import { type ActionName, actionNames, namedActions } from '../../actions/catalog.js';
import type { ActionKey } from '../../actions/keys.js';
import { plugin } from '../../actions/plugin.js';
import { described, integer, pluginPart, text } from '../../language/shapes.js';
import { MAX_COUNT } from '../../model/limits.js';
import type { PluginPartName } from '../../model/part-name.js';

/** The owner of the keys of plugins' actions, for messages. */
export const PLUGIN_ACTIONS = "a plugin's action";

/** A key of the catalog with its actions. */
export interface OwnKey {
  readonly name: string;
  readonly of: readonly { readonly action: ActionName | typeof PLUGIN_ACTIONS; readonly key: ActionKey }[];
}

function collectOwnKeys(): OwnKey[] {
  const keys = new Map<string, { action: ActionName | typeof PLUGIN_ACTIONS; key: ActionKey }[]>();
  const kinds = [
    ...actionNames.map((name) => [name, namedActions[name].keys] as const),
    [PLUGIN_ACTIONS, plugin.keys] as const,
  ];
  for (const [action, own] of kinds) {
    for (const [name, key] of Object.entries(own)) {
      const of = keys.get(name) ?? [];
      of.push({ action, key });
      keys.set(name, of);
    }
  }
  return [...keys].map(([name, of]) => ({ name, of }));
}

/** Keys that only some kinds of actions have, in the order of the catalog. */
export const ownKeys: readonly OwnKey[] = collectOwnKeys();

/** `The job group (submit); the function (custom).` */
function describeKey({ of }: OwnKey): string {
  const phrases = new Map<string, string[]>();
  for (const { action, key } of of) {
    const actions = phrases.get(key.description) ?? [];
    actions.push(action);
    phrases.set(key.description, actions);
  }
  return `${[...phrases].map(([phrase, actions]) => `${phrase} (${actions.join(', ')})`).join('. ')}.`;
}

function shapeOf(own: OwnKey): z.ZodType {
  const [first, ...others] = [...new Set(own.of.map(({ key }) => key.shape))];
  const shape = others.length === 0 ? first : z.union([first, ...others] as [z.ZodType, ...z.ZodType[]]);
  const [byDefault] = own.of.flatMap(({ key }) => key.default ?? []);
  const description = describeKey(own);
  return (shape as z.ZodType)
    .nullish()
    .meta(byDefault === undefined ? { description } : { description, default: byDefault });
}

const NAMES = `must be one of ${actionNames.join(', ')}, or <plugin>.<action>`;

const descriptions = Object.fromEntries(
  actionNames.map((name) => [name, namedActions[name].description]),
) as Readonly<Record<ActionName, string>>;

const goto = text().nullish().describe('The state to go to, with or without another action.');

/** Keys of every action. */
const limits = {
  repetitions: integer(0).optional().meta({ description: 'Times that the action may run.', default: 1 }),
  backoff: integer(0, MAX_COUNT, '; it is a number of times, and `cooldown` is a duration')
    .nullish()
    .describe('How many times the trigger is skipped after each run.'),
  onError: z
    .enum(['continue', 'stop'], { error: 'must be continue or stop' })
    .optional()
    .meta({ description: 'The effect of an error of the action on the ensemble.', default: 'continue' }),
};

/** The keys that every action has, as they are written. */
export type CommonActionInput = z.input<z.ZodObject<typeof limits & { goto: typeof goto }>>;

export const actionSchema = z
  .strictObject(
    {
      name: z
        .union([described(descriptions, NAMES), pluginPart(NAMES)], { error: NAMES })
        .optional()
        .describe("The action; a name with a dot is a plugin's."),
      goto,
      ...Object.fromEntries(ownKeys.map((own) => [own.name, shapeOf(own)])),
      ...limits,
    },
    { error: 'must be a mapping with the name of an action' },
  )
  .describe('The action that is performed when the rule is due.');

/** An action that passed the schema. The keys of its kind are read as the catalog defines them. */
export interface ActionShape {
  readonly name?: ActionName | PluginPartName | undefined;
  readonly goto?: string | null | undefined;
  readonly repetitions?: number | undefined;
  readonly backoff?: number | null | undefined;
  readonly onError?: 'continue' | 'stop' | undefined;
  readonly [ownKey: string]: unknown;
}
