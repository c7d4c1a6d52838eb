/** Where it ran, and the versions of the programs. */

import type { ReportContent, Section } from './content.js';
import { factList } from './parts.js';

export function environmentSection({ environment }: ReportContent): Section {
  return { id: 'environment', title: 'Environment', body: factList(environment) };
}
