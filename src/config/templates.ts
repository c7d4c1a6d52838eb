/** The `{{...}}` of `output` and `error`. */

import { quote } from './describe.js';
import { choices, didYouMean } from './suggest.js';

/** What a member fills in for each job. */
export const TEMPLATE_NAMES = [
  'id',
  'id.dec',
  'id.hex',
  'id.f58',
  'id.f58plain',
  'jobid',
  'name',
  'group',
  'size',
] as const;

/** Says what is wrong with a template; nothing when it is right. */
export function checkTemplate(template: string): string[] {
  const known: readonly string[] = TEMPLATE_NAMES;
  const messages: string[] = [];
  // Every part but the first follows a {{ and must close it.
  for (const part of template.split('{{').slice(1)) {
    const end = part.indexOf('}}');
    const name = part.slice(0, end);
    if (end < 0) {
      messages.push(`${quote(`{{${part}`)} is not closed by }}`);
    } else if (!known.includes(name)) {
      const hint = didYouMean(name.trim(), known) || `; there are ${choices(known, 'and')}`;
      messages.push(`nothing is called ${quote(`{{${name}}}`)}${hint}`);
    }
  }
  return messages;
}
