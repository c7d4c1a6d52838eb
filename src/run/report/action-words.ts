/** The action of a rule in a few words. */

import { kindOf } from '../../actions/catalog.js';
import type { Action } from '../../model/action.js';
import { actionsOf, type Rule } from '../../model/ensemble.js';

/** `submit 3 melt`, `run ./analyse.sh`, `terminate`, `go to explore`; `grow 4; then shrink 4` with a second action. */
export function actionWords(rule: Rule): string {
  return actionsOf(rule)
    .map((action) => wordsOf(action, rule))
    .join('; then ');
}

function wordsOf(action: Action, rule: Rule): string {
  const { words, target } = kindOf(action);
  const of = target(action, rule);
  const place = of?.kind === 'group' ? (of.group ?? '') : of?.kind === 'code' ? of.title : '';
  const does = action.name === null ? '' : words.drawn(action) || action.name;
  const goes = action.goto === null ? '' : `go to ${action.goto}`;
  return [`${does} ${place}`.trim(), goes].filter((part) => part !== '').join(', ');
}
