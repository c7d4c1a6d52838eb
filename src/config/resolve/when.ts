/** The `when:` of a rule: the short form for the metric that it names, or an expression. */

import { parseCondition } from '../../language/comparison.js';
import { checkCondition, hasFaults } from '../../language/expression/check.js';
import { isFault, parseExpression } from '../../language/expression/parser.js';
import type { Fault } from '../../language/expression/syntax.js';
import type { Condition, ExpressionCondition } from '../../model/condition.js';
import { escapeControls } from '../../text/describe.js';
import type { Path } from '../../text/path.js';
import type { ResolveContext, ResolvedNames } from './context.js';

/** A number, or a comparison without its left side: what there was before there were expressions. */
const SHORT = /^\s*([<>=!]|[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$)/;

/** Whether `when` is in the short form, which says only what the metric `name` is compared with. */
export function isShort(when: number | string): boolean {
  return typeof when === 'number' || SHORT.test(when);
}

/** The short form; null when it is wrong, which has been reported then. */
export function resolveShort(
  { problems }: ResolveContext,
  when: number | string,
  path: Path,
): Condition | null {
  const condition = parseCondition(when);
  if (condition.ok) return condition.value;
  for (const message of condition.messages) problems.error(path, message);
  return null;
}

/** An expression; null when it is wrong, which has been reported then. `event`: there is one of a job to ask for. */
export function resolveExpression(
  context: ResolveContext,
  names: ResolvedNames,
  text: string,
  event: boolean,
  path: Path,
): ExpressionCondition | null {
  const expression = parseExpression(text);
  if (isFault(expression)) return report(context, text, [expression], path);
  const { jobs, states } = names;
  const steps = checkCondition(expression, {
    groups: jobs.complete ? jobs.names : null,
    states,
    parameters: jobs.complete ? new Set([...jobs.parameters.values()].flatMap((names) => [...names])) : null,
    event,
    large: jobs.large,
  });
  return hasFaults(steps) ? report(context, text, steps, path) : { text: text.trim(), steps };
}

/** At the character, where that can be told; else the message shows it. */
function report(
  { source, problems }: ResolveContext,
  text: string,
  faults: readonly Fault[],
  path: Path,
): null {
  for (const { at, message } of faults) {
    const place = source.placeInText(path, text, at);
    if (place !== null) problems.add('error', path, message, place);
    else problems.error(path, `${message} (${pointedAt(text, at)})`);
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
