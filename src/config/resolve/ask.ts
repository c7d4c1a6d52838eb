/** `ask:` of job entries: searches by an optimizer. */

import { resolve } from 'node:path';
import { isFluxTag } from '../../language/job-tags.js';
import { PARAMETER_NAME } from '../../language/shapes.js';
import { splitWords } from '../../language/split-words.js';
import { isTemplate, namesIn } from '../../language/template.js';
import { faultOfParameterName, isOurTag, RESERVED_NAMES } from '../../language/template-names.js';
import type { ExpressionCondition } from '../../model/condition.js';
import type { JobGroup } from '../../model/ensemble.js';
import { OBJECTIVE, probedOf } from '../../model/metric-names.js';
import type { AskOptions, OptimizerSource } from '../../model/search.js';
import type { Row } from '../../model/written.js';
import { quote } from '../../text/describe.js';
import { durationSeconds } from '../../text/duration.js';
import type { Path } from '../../text/path.js';
import { messagesOf } from '../../text/result.js';
import { didYouMean, thereAre } from '../../text/suggest.js';
import type { AskShape } from '../schema/ask.js';
import type { JobShape } from '../schema/ensemble.js';
import { asWritten, type Scalar } from '../source/as-written.js';
import type { ResolveContext, ResolvedNames } from './context.js';
import { besideFile } from './custom.js';
import { isNames, isRowFile } from './parameters.js';
import { resolveExpression } from './when.js';

const SOURCES = ['python', 'javascript', 'command', 'optuna'] as const;
/** Seconds. */
const TIMEOUT = 60;
/** Keys of an entry that a search does not have. */
const IDLE_KEYS = ['samples', 'seed', 'design'] as const;

/** The search of an entry; null without one, or after a report of a mistake. `until` is resolved later. */
export function resolveAsk(
  context: ResolveContext,
  job: JobShape,
  group: Pick<JobGroup, 'entries' | 'probes' | 'tells'>,
  path: Path,
): AskOptions | null {
  const { ask } = job;
  if (ask === undefined || ask === null) return null;
  const { problems, shape } = context;
  const at = [...path, 'ask'];
  if (group.entries.length > 0) {
    problems.error(at, 'a group with a search has one entry; give this entry a name of its own', 'key');
    return null;
  }
  for (const key of IDLE_KEYS) {
    if (job[key] !== undefined)
      problems.warning([...path, key], 'ignored: the optimizer gives the rows', 'key');
  }
  const count = job.count ?? 1;
  if (count !== 1) problems.error([...path, 'count'], "each row of a search has one job; remove 'count'");
  const optimizer = resolveSource(context, ask, at);
  const space = spaceOf(context, job, path);
  const objective = resolveObjective(context, ask, group, at);
  const direction = ask.direction ?? ask.optuna?.direction ?? 'minimize';
  if (ask.optuna?.direction !== undefined && ask.optuna.direction !== direction) {
    problems.error([...at, 'optuna', 'direction'], `'direction' of 'ask' is ${direction}`);
  }
  if (optimizer === null || space === null || objective === null) return null;
  if (
    optimizer.source.kind === 'optuna' &&
    Object.keys(space.ranges).length === 0 &&
    !shape.isBroken([...path, 'parameters'])
  ) {
    problems.error(
      path,
      "'parameters' is missing: write the ranges that Optuna searches, like {x: {uniform: [0, 1]}}",
    );
    return null;
  }
  const inFlight = ask.inFlight ?? 1;
  return {
    optimizer: optimizer.source,
    title: optimizer.title,
    options: ask.with ?? {},
    names: space.names,
    needed: neededNames(job),
    constants: space.constants,
    space: space.ranges,
    objective,
    direction,
    inFlight,
    // One row after the other is what a search with one job at a time means.
    ahead: ask.ahead ?? (inFlight === 1 ? 0 : Math.ceil(inFlight / 4)),
    rows: ask.rows ?? null,
    until: null,
    seed: ask.seed ?? 0,
    timeout: ask.timeout === undefined ? TIMEOUT : durationSeconds(ask.timeout),
  };
}

function resolveSource(
  context: ResolveContext,
  ask: AskShape,
  at: Path,
): { source: OptimizerSource; title: string } | null {
  const { problems, file, shape } = context;
  const given = SOURCES.filter((key) => ask[key] !== undefined);
  const [kind, other] = given;
  if (kind === undefined) {
    if (!SOURCES.some((key) => shape.isBroken([...at, key]))) {
      problems.error(
        at,
        "the optimizer is missing: write python, javascript, command or optuna, like 'python: ./search.py'",
      );
    }
    return null;
  }
  if (other !== undefined) {
    problems.error(at, `has ${given.join(' and ')}; write only one optimizer`, 'key');
    return null;
  }
  const { python, javascript, command, optuna, class: name = null } = ask;
  if (name !== null && python === undefined && javascript === undefined) {
    problems.warning([...at, 'class'], 'ignored: only Python and JavaScript files have classes', 'key');
  }
  if (optuna !== undefined) {
    const sampler = optuna.sampler ?? 'tpe';
    if (ask.with !== undefined)
      problems.warning([...at, 'with'], 'ignored: Optuna has no other options', 'key');
    return { source: { kind: 'optuna', sampler }, title: `Optuna (${sampler})` };
  }
  if (command !== undefined) {
    const words = splitWords(command);
    if (!words.ok) {
      for (const message of messagesOf(words)) problems.error([...at, 'command'], message);
      return null;
    }
    if (words.value.length > 0) return { source: { kind: 'command', words: words.value }, title: command };
    problems.error([...at, 'command'], 'the command is empty; write a program and its arguments');
    return null;
  }
  const [language, written, ending] =
    python === undefined
      ? (['javascript', javascript ?? '', /\.[cm]?[jt]s$/] as const)
      : (['python', python, /\.py$/] as const);
  if (!ending.test(written)) {
    const files =
      language === 'python' ? 'a Python file (.py)' : 'a module (.js, .mjs, .cjs, .ts, .mts, .cts)';
    problems.error([...at, language], `must be ${files}`);
    return null;
  }
  return { source: { kind: language, path: resolve(besideFile(written, file)), name }, title: written };
}

/** Names, constants and ranges of the parameters of a search; null after a report of a mistake. */
function spaceOf(
  context: ResolveContext,
  { parameters }: JobShape,
  path: Path,
): { names: string[] | null; constants: Row; ranges: Record<string, unknown> } | null {
  const at = [...path, 'parameters'];
  const { problems } = context;
  if (context.shape.isBroken(at)) return null;
  const none = { constants: {}, ranges: {} };
  if (parameters === undefined || parameters === null) return { names: null, ...none };
  const names = isNames(parameters) ? [...parameters] : Object.keys(parameters);
  for (const name of names) {
    const message = faultOfParameterName(name);
    if (message === null) continue;
    problems.error(isNames(parameters) ? at : [...at, name], message, 'key');
    return null;
  }
  if (isNames(parameters)) {
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) problems.error(at, `names ${quote(twice)} twice`, 'key');
    return twice === undefined ? { names, ...none } : null;
  }
  if (Array.isArray(parameters) || isRowFile(parameters)) {
    problems.error(
      at,
      'the optimizer gives the rows; write the names of the parameters, or their ranges',
      'key',
    );
    return null;
  }
  const constants: Record<string, Row[string]> = {};
  const ranges: Record<string, unknown> = {};
  for (const [name, written] of Object.entries(parameters)) {
    if (written === undefined) return null;
    if (typeof written !== 'object')
      constants[name] = asWritten(context.source, written as Scalar, [...at, name]);
    else ranges[name] = written;
  }
  return { names, constants, ranges };
}

/** The tags of the entry that only a row can fill in. */
function neededNames(job: JobShape): string[] {
  const found = new Set<string>();
  const look = (value: unknown, flux: boolean): void => {
    if (typeof value === 'object' && value !== null) {
      for (const inner of Object.values(value)) look(inner, flux);
    }
    if (typeof value !== 'string' || !isTemplate(value)) return;
    const names = namesIn(value);
    for (const name of names.ok ? names.value : []) {
      if (
        !PARAMETER_NAME.test(name) ||
        RESERVED_NAMES.has(name) ||
        isOurTag(name) ||
        (flux && isFluxTag(name))
      )
        continue;
      found.add(name);
    }
  };
  for (const key of ['command', 'output', 'error', 'attributes'] as const) look(job[key], true);
  for (const key of [
    'workdir',
    'environment',
    'queue',
    'bank',
    'slurm',
    'nodes',
    'tasks',
    'cores',
    'gpus',
    'duration',
  ] as const) {
    look(job[key], false);
  }
  return [...found];
}

/** The names of the parameters of a search, as far as they are known before it begins. */
export function namesOfSearch({ ask, parameters, ...rest }: JobShape): string[] | null {
  if (ask === undefined || ask === null) return null;
  if (isNames(parameters)) return [...parameters];
  if (parameters === undefined || parameters === null || Array.isArray(parameters)) return neededNames(rest);
  return Object.keys(parameters);
}

function resolveObjective(
  { problems, shape }: ResolveContext,
  { objective }: AskShape,
  { probes, tells }: Pick<JobGroup, 'probes' | 'tells'>,
  at: Path,
): string | null {
  const known = probedOf({ probes, tells, ask: null });
  if (known.includes(OBJECTIVE)) {
    const message = `'${OBJECTIVE}' can't be the name of a value in a group with 'ask', which has a variable of that name; use another name`;
    problems.error(at, message, 'key');
    return null;
  }
  if (objective === undefined) {
    const [only] = known;
    if (only !== undefined && known.length === 1) return only;
    const choice = known.length === 0 ? "; a job tells values by 'tell', or name duration" : thereAre(known);
    if (!shape.isBroken([...at, 'objective'])) {
      problems.error(at, `'objective' is missing: name the value to optimize${choice}`);
    }
    return null;
  }
  const all = [...known, 'duration'];
  if (all.includes(objective)) return objective;
  // Values of an invalid probe are unknown.
  if (
    shape.isBroken([...at.slice(0, -1), 'tell']) ||
    ['probes', 'measure'].some((key) => shape.isBroken([...at.slice(0, -1), key]))
  )
    return null;
  const hint = didYouMean(objective, all) || thereAre(all);
  problems.error([...at, 'objective'], `the group has no value ${quote(objective)}${hint}`);
  return null;
}

/** The groups, with the conditions that end their searches. */
export function withUntil(
  context: ResolveContext,
  names: ResolvedNames,
  groups: ReadonlyMap<string, JobGroup>,
): ReadonlyMap<string, JobGroup> {
  const conditions = new Map<string, ExpressionCondition>();
  for (const [index, job] of (context.shape.config.jobs ?? []).entries()) {
    const text = job?.ask?.until;
    if (text === undefined || job?.name === undefined) continue;
    const at = ['jobs', index, 'ask', 'until'];
    const condition = resolveExpression(context, names, text, false, at);
    if (condition === null) continue;
    if (condition.steps.some(({ op }) => op === 'metric')) conditions.set(job.name, condition);
    else context.problems.error(at, 'names no metric, so the search would never end');
  }
  return new Map(
    [...groups].map(([name, group]) => {
      const until = conditions.get(name);
      return [
        name,
        until === undefined || group.ask === null ? group : { ...group, ask: { ...group.ask, until } },
      ];
    }),
  );
}
