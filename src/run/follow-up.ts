/** Answers of user code: they are checked by the code of the file, so the same things are valid. */

import { resolveAddedAction, resolveAddedRule } from '../config/resolve/added.js';
import { ConfigError } from '../errors.js';
import type { EnsembleConfig } from '../model/ensemble.js';
import type { FollowUp } from '../model/follow-up.js';
import { attempt, FaultError, type Result } from '../text/result.js';

/** Maximum depth of values; an action has a few levels. */
const MAX_DEPTH = 64;

/**
 * The actions and rules of an answer. `onJob`: they may be about the job of an event. `texts` has those of an action's
 * parameters, by name, where they are known.
 */
export function readFollowUps(
  answer: unknown,
  config: EnsembleConfig,
  onJob: boolean,
  texts?: ReadonlyMap<string, string>,
): Result<FollowUp[]> {
  return attempt(() => {
    if (answer === undefined || answer === null) return [];
    checkPlain(answer);
    return (Array.isArray(answer) ? answer : [answer]).map((item) => readOne(item, config, onJob, texts));
  });
}

/** Throws FaultError. */
function readOne(
  item: unknown,
  config: EnsembleConfig,
  onJob: boolean,
  texts?: ReadonlyMap<string, string>,
): FollowUp {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    throw new FaultError(null, 'an action is an object with a name, a rule one with a trigger and an action');
  }
  try {
    return 'trigger' in item
      ? { kind: 'rule', rule: resolveAddedRule(item, config), written: item }
      : { kind: 'action', action: resolveAddedAction(item, config, onJob, texts).action };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const problems = error.diagnostics.filter(({ severity }) => severity === 'error');
    const messages = problems.map(({ path, message }) =>
      `${path.replace(/^rules\[0\]\.?(action)?\.?/, '')}: ${message}`.replace(/^: /, ''),
    );
    throw new FaultError(null, messages.join('; '));
  }
}

/** Throws FaultError for values that a file can't hold: cycles, and invalid numbers and text. */
function checkPlain(value: unknown, path = '', depth = 0): void {
  const refuse = (message: string): never => {
    throw new FaultError(null, `${path === '' ? '' : `${path}: `}${message}`);
  };
  if (typeof value === 'number' && !Number.isFinite(value)) {
    refuse(`must be a finite number; found the number ${value}`);
  }
  if (typeof value === 'string') {
    const surrogate = /\p{Surrogate}/u.exec(value)?.[0];
    if (surrogate !== undefined) {
      const code = surrogate.charCodeAt(0).toString(16).toUpperCase();
      refuse(`must be text that UTF-8 can hold; found the lone surrogate U+${code}`);
    }
  }
  if (typeof value !== 'object' || value === null) return;
  if (depth > MAX_DEPTH) refuse(`must be at most ${MAX_DEPTH} values deep; does it hold itself?`);
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) checkPlain(item, `${path}[${index}]`, depth + 1);
    return;
  }
  for (const [key, item] of Object.entries(value)) {
    checkPlain(key, path, depth + 1);
    checkPlain(item, path === '' ? key : `${path}.${key}`, depth + 1);
  }
}
