/** The action of a rule: its keys, read as the catalog of actions defines them. */

import { actionNames, kindNamed } from '../../actions/catalog.js';
import type { ActionDefinition } from '../../actions/define.js';
import type { KeyPlace } from '../../actions/keys.js';
import { hasTag, isTemplate } from '../../language/template.js';
import { checkTemplate, isOurTag } from '../../language/template-names.js';
import type { Action } from '../../model/action.js';
import { isPluginPart } from '../../model/part-name.js';
import type { Path } from '../../text/path.js';
import { choices } from '../../text/suggest.js';
import { type ActionShape, actionSchema, ownKeys } from '../schema/actions.js';
import { checkAgainst } from '../schema/check.js';
import { asWritten } from '../source/as-written.js';
import type { ResolveContext, ResolvedNames } from './context.js';
import { isGiven } from './given.js';
import { resolveOptions } from './plugins.js';
import { hasStates, stateNamed } from './states.js';

/** The place of an action. */
interface ActionPlace {
  readonly context: ResolveContext;
  readonly names: ResolvedNames;
  readonly action: ActionShape;
  /** Whether the rule is due at events of jobs, so that the action may be about the job of the event. */
  readonly onJob: boolean;
  readonly path: Path;
}

/** Makes an action; null after a report of a mistake. `onJob`: see `ActionPlace`. */
export function resolveAction(
  context: ResolveContext,
  names: ResolvedNames,
  action: ActionShape,
  onJob: boolean,
  path: Path,
): Action | null {
  const place = { context, names, action, onJob, path };
  const goto = resolveGoto(place);
  const { name = null } = action;
  if (name === null && goto === null) return null;
  const kind = kindNamed(name);
  warnOfIdleKeys(place, kind);
  const data = resolveKeys(place, kind);
  if (data === null) return null;
  const { repetitions = 1, backoff = null, onError = 'continue' } = action;
  return { repetitions, backoff, onError, goto, name: name ?? kind.name, ...data } as Action;
}

/** The data of the action from its keys; null after a report. */
function resolveKeys(place: ActionPlace, kind: ActionDefinition): object | null {
  const at = (key: string) => keyPlace(place, key);
  const values: Record<string, unknown> = {};
  let complete = true;
  for (const [name, key] of Object.entries(kind.keys)) {
    const value = key.read(place.action[name], at(name));
    if (value === undefined) complete = false;
    else values[name] = value;
  }
  return complete ? (kind.resolve(values, at) as object | null) : null;
}

/** The place of a key of an action. */
function keyPlace({ context, names, action, onJob, path }: ActionPlace, key: string): KeyPlace {
  const { shape, source, problems } = context;
  const { jobs, targets } = names;
  const inside = [...path, key];
  return {
    action: action.name ?? '',
    onJob,
    names: {
      groups: jobs.names,
      complete: jobs.complete,
      parameters: jobs.parameters,
      targets,
      hasFunctions: shape.isBroken(['custom']) || !isAbsent(shape.config.custom),
    },
    error: (message, at = [], part = 'value') => problems.error([...inside, ...at], message, part),
    missing: (message) => {
      if (!shape.isBroken(inside)) problems.error(path, `'${key}' is missing: ${message}`);
    },
    writtenAs: (at = []) => source.writtenAs([...inside, ...at]),
    asWritten: (value, at) => asWritten(source, value, [...inside, ...at]),
    checkTags: (value, at = []) => checkTags(context, names, value, [...inside, ...at]),
    checkOptions: (options) => checkOptions({ context, names, action, onJob, path }, options, inside),
  };
}

/** Checks the options of a plugin's action. Returns the actions among them; null after a report. */
function checkOptions(
  { context, names, action: { name }, onJob, path }: ActionPlace,
  options: Readonly<Record<string, unknown>>,
  at: Path,
): Readonly<Record<string, unknown>> | null {
  if (name === undefined || !isPluginPart(name)) return null;
  const checked = resolveOptions(context, 'actions', name, options, [...path, 'name'], at);
  const named = (checked?.value ?? {}) as Readonly<Record<string, unknown>>;
  if (checked !== null) checkNamedActions(context, names, named, onJob, at);
  const others = Object.entries(options).filter(([key]) => !Object.hasOwn(named, key));
  checkTags(context, names, Object.fromEntries(others), at, isOurTag);
  return checked === null ? null : named;
}

/** Actions among the options of a plugin are checked like any other. */
function checkNamedActions(
  context: ResolveContext,
  names: ResolvedNames,
  named: Readonly<Record<string, unknown>>,
  onJob: boolean,
  path: Path,
): void {
  for (const [key, value] of Object.entries(named)) {
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

/**
 * Checks the tags in the texts of a value, which are filled in when the rule fires. With `isOurs`, other tags are
 * left to the receiver of the value.
 */
function checkTags(
  context: ResolveContext,
  { jobs, by }: ResolvedNames,
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
    by,
    isFluxTag: (name: string) => isOurs?.(name) === false,
  };
  const look = (part: unknown, at: Path): void => {
    if (typeof part === 'object' && part !== null) {
      for (const [key, inner] of Object.entries(part)) {
        look(inner, [...at, Array.isArray(part) ? Number(key) : key]);
      }
    }
    if (typeof part !== 'string' || !isTemplate(part)) return;
    if (isOurs !== null && !hasTag(part, isOurs)) return;
    for (const message of checkTemplate(part, known).messages) context.problems.error(at, message);
  };
  look(value, path);
}

/** The state to go to, or null. Reports an action that has neither a name nor a state. */
function resolveGoto({ context, names, action: { name, goto }, path }: ActionPlace): string | null {
  if (isGiven(goto)) return stateNamed(context, names.states, goto, [...path, 'goto']);
  const { shape, problems } = context;
  if (name === undefined && !shape.isBroken([...path, 'name']) && !shape.isBroken([...path, 'goto'])) {
    problems.error(
      path,
      `'name' is missing: it must be one of ${choices(actionNames)}, or else 'goto' a state`,
    );
  }
  return null;
}

/** Warns of keys that belong to other kinds of actions. */
function warnOfIdleKeys({ context, action, path }: ActionPlace, kind: ActionDefinition): void {
  for (const { name, of } of ownKeys) {
    if (!isGiven(action[name]) || Object.hasOwn(kind.keys, name)) continue;
    const owners = choices(
      of.map(({ action }) => action),
      'and',
    );
    const message = `ignored: ${action.name ?? kind.name} has no ${name}, only ${owners}`;
    context.problems.warning([...path, name], message, 'key');
  }
}

function isAbsent(custom: unknown): boolean {
  return !isGiven(custom) || (typeof custom === 'string' && custom.trim() === '');
}
