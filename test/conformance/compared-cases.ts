/** The cases by which builds are compared: those written by hand, and a recording of real failures with every rule. */

import { aCase, allRules } from './build-case.js';
import { cases } from './cases.js';
import { recording } from './recordings.js';
import type { Case } from './run-case.js';

export function comparedCases(): Case[] {
  const real = aCase(recording('b_failures'), { groups: ['fail', 'depfail'], rules: allRules(2) });
  return [real, ...Object.values(cases)];
}
