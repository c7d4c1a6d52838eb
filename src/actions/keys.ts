/** Keys of actions in a file: their shapes, meanings, and valid values. */

import { z } from 'zod';
import { noJobGroup } from '../language/metric-name.js';
import { duration, options, parameterName, scalar, text } from '../language/shapes.js';
import { splitWords } from '../language/split-words.js';
import { MAX_COUNT, MAX_TIMER } from '../model/limits.js';
import type { Given } from '../model/written.js';
import { describeValue, quote } from '../text/describe.js';
import { durationSeconds } from '../text/duration.js';
import type { Path } from '../text/path.js';
import { describeFaults } from '../text/result.js';
import { didYouMean, thereAre } from '../text/suggest.js';

/** The place of a key in a file, and what its value may refer to. */
export interface KeyPlace {
  /** The action's name as it is written. */
  readonly action: string;
  /** Whether the rule is due at events of jobs, so that the action may be about the job of the event. */
  readonly onJob: boolean;
  readonly names: KeyNames;
  /** Reports a mistake in the value, or in the part at a path in it. */
  error(message: string, at?: Path, part?: 'key' | 'value'): void;
  /** Reports a missing key, unless its value was reported before. */
  missing(message: string): void;
  /** The text of a number, as it stands in the file; null where it is unknown. */
  writtenAs(at?: Path): string | null;
  /** The value at a path, with its text. */
  asWritten(value: string | number | boolean | bigint, at: Path): Given;
  /** Checks the tags in all texts of a value. They are filled in when the rule fires. */
  checkTags(value: unknown, at?: Path): void;
  /** Checks the options of a plugin's action. Returns the actions among them, or null after a report. */
  checkOptions(options: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> | null;
}

/** Names of the file that keys refer to. */
export interface KeyNames {
  readonly groups: ReadonlySet<string>;
  /** The parameters of each group that has some. */
  readonly parameters: ReadonlyMap<string, ReadonlySet<string>>;
  /** Targets of notifications; null where some could not be read. */
  readonly targets: readonly string[] | null;
  /** Whether all groups could be read. Only then is another name unknown. */
  readonly complete: boolean;
  /** Whether the file has functions, valid or not. */
  readonly hasFunctions: boolean;
}

/** A key of a kind of actions. `Written` is its value in a file, and `Value` what it means. */
export interface ActionKey<Value = unknown, Written = unknown, Required extends boolean = boolean> {
  /** The values that have the right type. A key of several kinds takes what any of them takes. */
  readonly shape: z.ZodType<Written>;
  /** A phrase for the JSON Schema, before the names of the actions. */
  readonly description: string;
  /** The default as it is written, for the JSON Schema. */
  readonly default?: string;
  /** Whether every action of the kind must have it, wherever it stands. */
  readonly required: Required;
  /** The type of the value, for advice and for tests of rules. */
  readonly holds?: 'group' | 'command';
  /** The value; undefined after a report of a mistake. */
  read(written: unknown, place: KeyPlace): Value | undefined;
}

interface KeyParts<Written, Value, Required extends boolean>
  extends Omit<ActionKey<Value, Written, Required>, 'read'> {
  read(written: Written | null, place: KeyPlace): Value | undefined;
}

/** A key; `read` gets a value of the key's shape, or null where the key is absent. */
export function actionKey<Written, Value, const Required extends boolean = boolean>(
  parts: KeyParts<Written, Value, Required>,
): ActionKey<Value, Written, Required> {
  return {
    ...parts,
    read: (written, place) => parts.read((written ?? null) as Written | null, place),
  };
}

const labelShape = z.union([text(), z.number(), z.bigint()], {
  error: 'must be the name of a job group or of a function',
});
const valueShape = z.union([text(), z.number()], { error: 'must be a number' });
const PARAMETERS = "must be a mapping of names to values, or 'same' for those of the event's job";
const parametersShape = z.union(
  [z.record(parameterName(), scalar(), { error: PARAMETERS }), z.literal('same', { error: PARAMETERS })],
  { error: PARAMETERS },
);
const timeoutShape = duration(MAX_TIMER);
const optionsShape = options();
const commandShape = text();

type Label = string | number | bigint;

/** A label as text: a group called '1.10' may be written as the number 1.10. */
function labelText(label: Label, place: KeyPlace): string {
  return typeof label === 'string' ? label : (place.writtenAs() ?? String(label));
}

function groupOf(label: Label | null, place: KeyPlace): string | undefined {
  if (label === null) {
    place.missing(`${place.action} needs the name of the job group`);
    return undefined;
  }
  const group = labelText(label, place);
  const { complete, groups } = place.names;
  if (complete && !groups.has(group)) place.error(noJobGroup(group, groups));
  return group;
}

/** A job group. */
export const groupKey = actionKey<Label, string, true>({
  shape: labelShape,
  description: 'The job group',
  required: true,
  holds: 'group',
  read: groupOf,
});

/** A job group or, where a rule is due at events of jobs and the key is absent, null for the job of the event. */
export const groupOrEventJobKey = actionKey<Label, string | null, false>({
  shape: labelShape,
  description: "The job group; the event's job when absent",
  required: false,
  holds: 'group',
  read: (label, place) => (label === null && place.onJob ? null : groupOf(label, place)),
});

/** A target of notifications. */
export const targetKey = actionKey<Label, string, true>({
  shape: labelShape,
  description: 'The target',
  required: true,
  read: (label, place) => {
    if (label === null) {
      place.missing(`${place.action} needs the name of a target`);
      return undefined;
    }
    const name = labelText(label, place);
    const { targets } = place.names;
    if (targets !== null && !targets.includes(name)) {
      const hint =
        targets.length === 0 ? "; the file has no 'notify'" : didYouMean(name, targets) || thereAre(targets);
      place.error(`unknown target ${quote(name)}${hint}`);
    }
    return name;
  },
});

/** The text of a message, which may hold tags. */
export const messageKey = actionKey<string, string, true>({
  shape: text(),
  description: 'The message, which may hold tags like {{event.id}}',
  required: true,
  read: (written, place) => {
    if (written === null) {
      place.missing(`${place.action} needs a message`);
      return undefined;
    }
    place.checkTags(written);
    return written;
  },
});

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;

/** A function of the user. */
export const functionKey = actionKey<Label, string, true>({
  shape: labelShape,
  description: 'The function',
  required: true,
  read: (label, place) => {
    if (label === null) {
      place.missing(`${place.action} needs the name of the function to call`);
      return undefined;
    }
    const name = labelText(label, place);
    if (!IDENTIFIER.test(name)) place.error(`${quote(name)} can't be the name of a function`);
    else if (!place.names.hasFunctions) {
      place.error(`unknown function ${quote(name)}: the file has no custom functions`);
    }
    return name;
  },
});

/** The integer, which may be written as text; undefined after a report. */
function integerWithin(
  value: string | number,
  least: number,
  most: number,
  place: KeyPlace,
): number | undefined {
  const number = typeof value === 'string' && /^\s*[+-]?\d+\s*$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isInteger(number) && number >= least && number <= most)
    return number;
  place.error(`must be an integer from ${least} to ${most}; found ${describeValue(value)}`);
  return undefined;
}

/** A number of things; null where the key is absent. */
export function countKey(description: string, least = 1) {
  return actionKey<string | number, number | null, false>({
    shape: valueShape,
    description,
    required: false,
    read: (value, place) => (value === null ? null : integerWithin(value, least, MAX_COUNT, place)),
  });
}

/** A required integer. */
export function integerKey(description: string, least: number, most: number) {
  return actionKey<string | number, number, true>({
    shape: valueShape,
    description,
    required: true,
    read: (value, place) => {
      if (value !== null) return integerWithin(value, least, most, place);
      place.missing(`${place.action} needs an integer from ${least} to ${most}`);
      return undefined;
    },
  });
}

/** A number or a text that may hold tags. */
export const anyValueKey = actionKey<string | number, string | number | null, false>({
  shape: valueShape,
  description: 'A value for the function',
  required: false,
  read: (value, place) => {
    place.checkTags(value);
    return value;
  },
});

/** Values for the parameters of a group, as they stand in the file. */
export const parametersKey = actionKey<
  Record<string, string | number | boolean | bigint> | 'same',
  Readonly<Record<string, string | number | boolean | bigint>> | 'same' | null,
  false
>({
  shape: parametersShape,
  description:
    "Values in place of the group's own parameters, which may hold tags like {{event.id}}; `same` for those of the event's job",
  required: false,
  read: (values) => values,
});

/** A program and its arguments. */
export const commandKey = actionKey<
  string,
  { readonly text: string; readonly words: readonly string[] },
  true
>({
  shape: commandShape,
  description: 'The program and its arguments, quoted as for a shell; no shell expands it',
  required: true,
  holds: 'command',
  read: (command, place) => {
    if (command === null) {
      place.missing(`${place.action} needs a program to run`);
      return undefined;
    }
    const words = splitWords(command);
    if (words.ok && words.value.length > 0) {
      // The command is one text of the file, although it has been split.
      for (const word of words.value) place.checkTags(word);
      return { text: command, words: words.value };
    }
    place.error(words.ok ? 'must name a program' : describeFaults(words));
    return undefined;
  },
});

const DEFAULT_TIMEOUT = '60s';

/** Seconds that code of the user may take. */
export const timeoutKey = actionKey<string | number, number, false>({
  shape: timeoutShape,
  description: 'How long it may take',
  default: DEFAULT_TIMEOUT,
  required: false,
  read: (timeout) => durationSeconds(timeout ?? DEFAULT_TIMEOUT),
});

type Options = Readonly<Record<string, unknown>>;

/** Options of a plugin's action, with the actions among them. */
export const optionsKey = actionKey<
  Record<string, unknown>,
  { readonly given: Options; readonly named: Options },
  false
>({
  shape: optionsShape,
  description: 'Options, which the plugin describes',
  required: false,
  read: (given, place) => {
    const named = place.checkOptions(given ?? {});
    return named === null ? undefined : { given: given ?? {}, named };
  },
});
