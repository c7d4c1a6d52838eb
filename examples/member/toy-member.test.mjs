/** `node --test` runs the suite of the package on the toy member. */

import { test } from 'node:test';
import { memberChecks } from 'flux-ensemble/testing';
import { ToyMember } from './toy-member.mjs';

const checks = memberChecks({ make: () => new ToyMember({ slots: 2 }), slots: 2, many: { jobs: 100 } });
for (const check of checks) test(check.name, check.run);
