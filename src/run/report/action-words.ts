/** The action of a rule in a few words. */

import { kindOf } from '../../actions/catalog.js';
import type { Rule } from '../../model/ensemble.js';

/** `submit 3 melt`, `run ./analyse.sh`, `terminate`, `go to explore`. */
export function actionWords(rule: Rule): string {
  const { action } = rule;
  const { words, target } = kindOf(action);
  const of = target(action, rule);
  const place = of?.kind === 'group' ? (of.group ?? '') : of?.kind === 'code' ? of.title : '';
  const does = action.name === null ? '' : words.drawn(action) || action.name;
  const goes = action.goto === null ? '' : `go to ${action.goto}`;
  return [`${does} ${place}`.trim(), goes].filter((part) => part !== '').join(', ');
}
