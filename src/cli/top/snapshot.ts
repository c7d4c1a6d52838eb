/** A run as it is at this moment, in plain lines. */

import type { Colors } from '../tables.js';
import { headerLines } from './header.js';
import { groupList, type Look, problemList, ruleList, type ShownList } from './list-views.js';
import type { TopModel } from './model.js';

function* sectionOf(title: string, list: ShownList, colors: Colors): Generator<string> {
  if (list.count === 0) return;
  yield '';
  yield colors.bold(title);
  for (let item = 0; item < list.count; item++) {
    for (const line of list.linesOf(item, false)) yield `  ${line}`;
  }
}

/** Yields the lines: the whole run, its groups, its rules and its latest problems. */
export function* snapshotLines(model: TopModel, width: number, colors: Colors): Generator<string> {
  yield* headerLines(model, width, 5, colors);
  const look: Look = { width: width - 2, colors, now: model.now, filter: '' };
  yield* sectionOf('Groups', groupList(model.run, look), colors);
  yield* sectionOf('Rules', ruleList(model.run, look), colors);
  yield* sectionOf('Problems', problemList(model.run, look), colors);
}
