import { test } from 'vitest';
import { memberChecks } from '../../src/testing/index.js';
import { newToyMember } from '../support/toy-member.js';

const checks = memberChecks({ make: () => newToyMember(2), slots: 2, many: { jobs: 40 } });
for (const check of checks) test(check.name, check.run);
