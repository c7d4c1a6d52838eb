/** The condition of a rule, from its `when:` and, in the short form, the metric in its `name:`. */

import { parseCondition, shortCondition } from '../../language/comparison.js';
import { checkCondition, faultOfDivision } from '../../language/expression/check.js';
import { parseExpression } from '../../language/expression/parser.js';
import { parseMetricName } from '../../language/metric-name.js';
import type { ExpressionCondition } from '../../model/condition.js';
import { escapeControls } from '../../text/describe.js';
import type { Path } from '../../text/path.js';
import { type Fault, messagesOf } from '../../text/result.js';
import type { RuleShape } from '../schema/rules.js';
import type { ResolveContext, ResolvedNames } from './context.js';

/** The short form: a number, or a comparison without its left side. */
const SHORT = /^\s*([<>=!]|[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$)/;

/**
 * The condition of a rule, null without one; `wrong` after a report that it is invalid. `event`: the rule is due at
 * an event of a job, which the condition may refer to.
 */
export function resolveWhen(
  context: ResolveContext,
  names: ResolvedNames,
  rule: RuleShape,
  event: boolean,
  path: Path,
): ExpressionCondition | null | 'wrong' {
  const { trigger } = rule;
  const when = rule.when ?? null;
  const at = [...path, 'when'];
  const short = typeof when === 'number' || (when !== null && SHORT.test(when));
  if (trigger === 'metric' && (short || when === null)) return resolveShort(context, names, rule, path);
  if (when === null || trigger === undefined) return null;
  if (trigger === 'start') {
    context.problems.warning(at, "ignored: at the start no condition can hold yet; remove 'when'", 'key');
    return null;
  }
  if (short) {
    const hint = 'write a whole comparison, like count.sleep.failed > 5';
    context.problems.warning(
      at,
      `ignored: only metric rules name the metric of their condition; ${hint}`,
      'key',
    );
    return null;
  }
  const condition = resolveExpression(context, names, when, event, at);
  if (condition === null) return 'wrong';
  if (trigger === 'metric' && !condition.steps.some(({ op }) => op === 'metric' || op === 'state')) {
    context.problems.error(at, 'names no metric, so the rule can never become due');
    return 'wrong';
  }
  return condition;
}

/** `name` is the metric, and `when`, which may be missing, is the comparison with it. */
function resolveShort(
  { shape, problems }: ResolveContext,
  { jobs, by }: ResolvedNames,
  { name, when }: RuleShape,
  path: Path,
): ExpressionCondition | 'wrong' {
  const condition = when === undefined || when === null ? null : parseCondition(when);
  if (condition?.ok === false) {
    for (const message of messagesOf(condition)) problems.error([...path, 'when'], message);
  }
  if (name === undefined || name === null) {
    if (!shape.isBroken([...path, 'name']) && !shape.isBroken([...path, 'when'])) {
      problems.error(path, "'name' is missing: write the metric to watch, like count.sleep.success");
    }
    return 'wrong';
  }
  const metric = parseMetricName(name, jobs.complete ? jobs.names : null);
  if (!metric.ok) for (const message of messagesOf(metric)) problems.error([...path, 'name'], message);
  if (!metric.ok || condition?.ok === false) return 'wrong';
  const message = faultOfDivision(metric.value, by);
  if (message !== null) {
    problems.error([...path, 'name'], message);
    return 'wrong';
  }
  return shortCondition(name, metric.value, condition?.value ?? null);
}

/** The condition of an expression; null after a report that it is invalid. */
export function resolveExpression(
  context: ResolveContext,
  names: ResolvedNames,
  text: string,
  event: boolean,
  path: Path,
): ExpressionCondition | null {
  const expression = parseExpression(text);
  if (!expression.ok) return reportFaults(context, text, expression.faults, path);
  const { jobs, states } = names;
  const steps = checkCondition(expression.value, {
    groups: jobs.complete ? jobs.names : null,
    states,
    parameters: jobs.complete ? new Set([...jobs.parameters.values()].flatMap((names) => [...names])) : null,
    told: jobs.complete ? toldBy(jobs) : null,
    event,
    by: names.by,
    large: jobs.large,
  });
  return steps.ok
    ? { text: text.trim(), steps: steps.value }
    : reportFaults(context, text, steps.faults, path);
}

/** The kinds of all values that jobs tell, by name. */
function toldBy({ groups }: ResolvedNames['jobs']): ReadonlyMap<string, 'number' | 'text'> {
  return new Map(
    [...groups.values()].flatMap(({ tells: { numbers, texts } }) => [
      ...texts.map((name) => [name, 'text'] as const),
      ...numbers.map((name) => [name, 'number'] as const),
    ]),
  );
}

/** Reports faults of an expression: at the place of the character, where the file has one; otherwise the message shows it. */
export function reportFaults(
  { source, problems }: ResolveContext,
  text: string,
  faults: readonly Fault[],
  path: Path,
): null {
  for (const { at, message } of faults) {
    const place = at === null ? null : source.placeInText(path, text, at);
    if (place !== null) problems.add('error', path, message, place);
    else problems.error(path, at === null ? message : `${message} (${pointedAt(text, at)})`);
  }
  return null;
}

const SHOWN = 30;

/** The text around a character, with a mark before it: `... c.d >>> nd e.f > 3`. */
function pointedAt(text: string, at: number): string {
  const before = text.slice(Math.max(at - SHOWN, 0), at);
  const behind = text.slice(at, at + SHOWN);
  const dots = (cut: boolean) => (cut ? '...' : '');
  const shown = `${dots(at > SHOWN)}${before}⟨here⟩${behind}${dots(text.length > at + SHOWN)}`;
  return `character ${at + 1}: ${escapeControls(shown)}`;
}
