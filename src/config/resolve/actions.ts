/** The action of a rule: which keys mean something for it, and whether what they name exists. */

import { noJobGroup } from '../../language/metric-name.js';
import { splitWords } from '../../language/split-words.js';
import { hasTag, isTemplate } from '../../language/template.js';
import { checkTemplate, isOurTag } from '../../language/template-names.js';
import type { Action } from '../../model/ensemble.js';
import { MAX_COUNT } from '../../model/limits.js';
import { isPluginPart, type PluginPartName } from '../../model/part-name.js';
import type { Row } from '../../model/written.js';
import { describeValue, quote } from '../../text/describe.js';
import { durationSeconds } from '../../text/duration.js';
import type { Path } from '../../text/path.js';
import { choices, didYouMean } from '../../text/suggest.js';
import { checkAgainst } from '../schema/check.js';
import { type ActionName, type ActionShape, actionSchema, MOST_ROWS } from '../schema/ensemble.js';
import { asWritten } from '../source/as-written.js';
import type { ResolveContext, ResolvedJobs, ResolvedNames } from './context.js';
import { resolveOptions } from './plugins.js';
import { hasStates, stateNamed } from './states.js';

/** Keys that mean something for one action only; the others mean the same for all. */
const OWN_KEYS: Readonly<Record<ActionName, readonly (keyof ActionShape)[]>> = {
  submit: ['label', 'value', 'parameters'],
  cancel: ['label'],
  urgency: ['label', 'value'],
  terminate: [],
  grow: ['value'],
  shrink: ['value'],
  custom: ['label', 'value', 'timeout'],
  exec: ['command', 'timeout'],
};
const PLUGIN_KEYS: readonly (keyof ActionShape)[] = ['with', 'timeout'];

const DEFAULT_TIMEOUT = 60;
const HIGHEST_URGENCY = 31;

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;

/**
 * Makes an action, or null when it can't be told what to do; that has been reported then. `onJob`: the rule is due at
 * events of jobs, so the action may be about the one whose event it is.
 */
export function resolveAction(
  context: ResolveContext,
  names: ResolvedNames,
  action: ActionShape,
  onJob: boolean,
  path: Path,
): Action | null {
  const { name } = action;
  const { jobs } = names;
  const goto = resolveGoto(context, names, action, path);
  const common = {
    repetitions: action.repetitions ?? 1,
    backoff: action.backoff ?? null,
    onError: action.onError ?? 'continue',
    goto,
  } as const;
  if (name === undefined) {
    if (goto === null) return null;
    warnOfIdleKeys(context, null, action, path);
    return { ...common, name: 'goto' };
  }
  warnOfIdleKeys(context, name, action, path);
  if (isPluginPart(name)) {
    const options = resolveOptions(
      context,
      'actions',
      name,
      action.with,
      [...path, 'name'],
      [...path, 'with'],
    );
    const named = (options?.value ?? {}) as Readonly<Record<string, unknown>>;
    if (options !== null) checkNamedActions(context, names, named, onJob, [...path, 'with']);
    const others = Object.entries(action.with ?? {}).filter(([key]) => !Object.hasOwn(named, key));
    checkTags(context, names, Object.fromEntries(others), [...path, 'with'], isOurTag);
    const timeout = durationSeconds(action.timeout ?? DEFAULT_TIMEOUT);
    return options === null ? null : { ...common, name, with: action.with ?? {}, named, timeout };
  }
  switch (name) {
    case 'terminate':
      return { ...common, name };
    case 'grow':
    case 'shrink':
      return { ...common, name, value: resolveValue(context, action, path) ?? 1 };
    case 'custom': {
      const label = resolveFunction(context, action, path);
      checkTags(context, names, action.value, [...path, 'value']);
      const timeout = durationSeconds(action.timeout ?? DEFAULT_TIMEOUT);
      return label === null ? null : { ...common, name, label, value: action.value ?? null, timeout };
    }
    case 'exec': {
      const command = resolveCommand(context, action, path);
      checkTags(context, names, command, [...path, 'command']);
      const timeout = durationSeconds(action.timeout ?? DEFAULT_TIMEOUT);
      return command === null
        ? null
        : { ...common, name, command, commandText: action.command ?? '', timeout };
    }
    case 'urgency': {
      const ofEvent = onJob && !isGiven(action.label);
      const label = ofEvent ? null : resolveGroup(context, jobs, action, path);
      const value = resolveUrgency(context, action, path);
      return (label === null && !ofEvent) || value === null ? null : { ...common, name, label, value };
    }
    case 'cancel': {
      if (onJob && !isGiven(action.label)) return { ...common, name, label: null };
      const label = resolveGroup(context, jobs, action, path);
      return label === null ? null : { ...common, name, label };
    }
    case 'submit': {
      const label = resolveGroup(context, jobs, action, path);
      const value = resolveValue(context, action, path);
      if (label === null) return null;
      const parameters = resolveParameters(context, jobs, label, action.parameters, [...path, 'parameters']);
      if (value !== null && value > MOST_ROWS && jobs.parameters.has(label)) {
        const message = `at most ${MOST_ROWS} jobs of a group with parameters can be submitted at once`;
        context.problems.error([...path, 'value'], message);
      }
      return { ...common, name, label, value, parameters };
    }
  }
}

/** Actions that options of a plugin name have to be right as any other. */
function checkNamedActions(
  context: ResolveContext,
  names: ResolvedNames,
  named: unknown,
  onJob: boolean,
  path: Path,
): void {
  for (const [key, value] of Object.entries(named ?? {})) {
    const list = Array.isArray(value) ? value : [value];
    for (const [index, action] of list.entries()) {
      if (action === undefined || action === null) continue;
      const at = Array.isArray(value) ? [...path, key, index] : [...path, key];
      const shape = checkAgainst<ActionShape>(actionSchema, action, context.problems, at);
      const inside = { ...context, shape: { ...context.shape, isBroken: shape.isBroken } };
      resolveAction(inside, names, shape.config, onJob, at);
    }
  }
}

/** Values for the parameters of a group; null for none. */
function resolveParameters(
  context: ResolveContext,
  jobs: ResolvedJobs,
  label: string,
  values: ActionShape['parameters'],
  path: Path,
): Row | null {
  if (values === undefined || values === null) return null;
  const { problems, source } = context;
  const names = [...(jobs.parameters.get(label) ?? [])];
  for (const [name, value] of Object.entries(values)) {
    const at = [...path, name];
    if (!names.includes(name) && jobs.complete) {
      const hint =
        didYouMean(name, names) ||
        (names.length === 0 ? '; it has no parameters' : `; it has ${choices(names, 'and')}`);
      problems.error(at, `group ${quote(label)} has no parameter ${quote(name)}${hint}`, 'key');
    }
    checkTags(context, { jobs }, value, at);
  }
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, asWritten(source, value, [...path, name])]),
  );
}

/**
 * Checks the tags in the texts of a value, which are filled in when the rule fires. Only those that `isOurs` are looked
 * at; others are for whoever gets the value. A command is one text, although it has been split.
 */
function checkTags(
  context: ResolveContext,
  { jobs }: Pick<ResolvedNames, 'jobs'>,
  value: unknown,
  path: Path,
  isOurs: ((name: string) => boolean) | null = null,
): void {
  const known = {
    parameters: [],
    ofAnyJob: new Set([...jobs.parameters.values()].flatMap((all) => [...all])),
    hasStates: hasStates(context),
    groups: jobs.complete ? jobs.names : null,
    inJob: false,
    isFluxTag: (name: string) => isOurs?.(name) === false,
  };
  const look = (part: unknown, at: Path): void => {
    if (typeof part === 'object' && part !== null) {
      const isCommand = path.at(-1) === 'command';
      for (const [key, inner] of Object.entries(part)) {
        look(inner, isCommand ? at : [...at, Array.isArray(part) ? Number(key) : key]);
      }
    }
    if (typeof part !== 'string' || !isTemplate(part)) return;
    if (isOurs !== null && !hasTag(part, isOurs)) return;
    for (const message of checkTemplate(part, known).messages) context.problems.error(at, message);
  };
  look(value, path);
}

/** The state to go to, or null; whether an action does anything at all is seen here, too. */
function resolveGoto(
  context: ResolveContext,
  { states }: ResolvedNames,
  { name, goto }: ActionShape,
  path: Path,
): string | null {
  if (isGiven(goto)) return stateNamed(context, states, goto, [...path, 'goto']);
  const { shape, problems } = context;
  if (name === undefined && !shape.isBroken([...path, 'name']) && !shape.isBroken([...path, 'goto'])) {
    problems.error(
      path,
      `'name' is missing: it must be one of ${choices(Object.keys(OWN_KEYS))}, or else 'goto' a state`,
    );
  }
  return null;
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== undefined && value !== null;
}

function warnOfIdleKeys(
  { problems }: ResolveContext,
  name: ActionName | PluginPartName | null,
  action: ActionShape,
  path: Path,
): void {
  const own = name === null ? [] : isPluginPart(name) ? PLUGIN_KEYS : OWN_KEYS[name];
  for (const key of ['label', 'value', 'parameters', 'command', 'timeout', 'with'] as const) {
    if (!isGiven(action[key]) || own.includes(key)) continue;
    const meant = Object.keys(OWN_KEYS).filter((other) => OWN_KEYS[other as ActionName].includes(key));
    if (PLUGIN_KEYS.includes(key)) meant.push("a plugin's action");
    const what = name ?? 'goto';
    problems.warning([...path, key], `ignored: ${what} has no ${key}, only ${choices(meant, 'and')}`, 'key');
  }
}

function resolveGroup(
  context: ResolveContext,
  jobs: ResolvedJobs,
  action: ActionShape,
  path: Path,
): string | null {
  const label = resolveLabel(context, action, path, 'the job group');
  if (label !== null && jobs.complete && !jobs.names.has(label)) {
    context.problems.error([...path, 'label'], noJobGroup(label, jobs.names));
  }
  return label;
}

function resolveFunction(context: ResolveContext, action: ActionShape, path: Path): string | null {
  const { shape, problems } = context;
  const label = resolveLabel(context, action, path, 'the function to call');
  if (label === null) return null;
  if (!IDENTIFIER.test(label)) {
    problems.error([...path, 'label'], `${quote(label)} can't be the name of a function`);
  } else if (isAbsent(shape.config.custom) && !shape.isBroken(['custom'])) {
    problems.error(
      [...path, 'label'],
      `there is no function ${quote(label)}: the file has no custom functions`,
    );
  }
  return label;
}

function resolveCommand(context: ResolveContext, { command }: ActionShape, path: Path): string[] | null {
  const { shape, problems } = context;
  const at = [...path, 'command'];
  if (typeof command !== 'string') {
    if (!shape.isBroken(at)) problems.error(path, "'command' is missing: exec needs a program to run");
    return null;
  }
  const words = splitWords(command);
  if (words.ok && words.value.length > 0) return words.value;
  problems.error(at, words.ok ? 'must name a program' : words.messages.join('; '));
  return null;
}

function resolveLabel(
  { shape, source, problems }: ResolveContext,
  { name, label }: ActionShape,
  path: Path,
  what: string,
): string | null {
  const at = [...path, 'label'];
  if (typeof label === 'string') return label;
  // As written: a group called '1.10' is meant by the label 1.10.
  if (typeof label === 'number' || typeof label === 'bigint') return source.writtenAs(at) ?? String(label);
  if (!shape.isBroken(at)) problems.error(path, `'label' is missing: ${name} needs the name of ${what}`);
  return null;
}

function resolveValue(context: ResolveContext, { value }: ActionShape, path: Path): number | null {
  if (value === undefined || value === null) return null;
  return integerWithin(context, value, [...path, 'value'], 1, MAX_COUNT);
}

function resolveUrgency(context: ResolveContext, { value }: ActionShape, path: Path): number | null {
  if (value !== undefined && value !== null) {
    return integerWithin(context, value, [...path, 'value'], 0, HIGHEST_URGENCY);
  }
  context.problems.error(path, `'value' is missing: urgency needs an integer from 0 to ${HIGHEST_URGENCY}`);
  return null;
}

/** The integer, which may have been written as text; null when it is none, which has been reported then. */
function integerWithin(
  { problems }: ResolveContext,
  value: string | number,
  path: Path,
  least: number,
  most: number,
): number | null {
  const number = typeof value === 'string' && /^\s*[+-]?\d+\s*$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isInteger(number) && number >= least && number <= most)
    return number;
  problems.error(path, `must be an integer from ${least} to ${most}; found ${describeValue(value)}`);
  return null;
}

function isAbsent(custom: unknown): boolean {
  return custom === undefined || custom === null || (typeof custom === 'string' && custom.trim() === '');
}
