/** Searches in words. */

import type { JobGroup } from '../../model/ensemble.js';
import type { AskOptions } from '../../model/search.js';
import { counted } from '../../text/counted.js';
import { escapeControls } from '../../text/describe.js';

/** The search of a group, or `value` rows of it: `a search by ./search.py for the least loss, 16 jobs at once`. */
export function describeSearch(
  { ask }: Pick<JobGroup, 'name'> & { readonly ask: AskOptions },
  value: number | null,
): string {
  const { title, objective, direction, inFlight, rows, until } = ask;
  const parts = [
    `a search by ${title} for the ${direction === 'minimize' ? 'least' : 'greatest'} ${objective}`,
    `${counted(inFlight, 'job')} at once`,
    ...(value === null ? [] : [counted(value, 'row')]),
    ...(rows === null ? [] : [`${counted(rows, 'row')} in all`]),
    ...(until === null ? [] : [`until ${until.text}`]),
  ];
  return escapeControls(parts.join(', '));
}
