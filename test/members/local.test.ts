import { test } from 'vitest';
import { LocalMember } from '../../src/members/local/local-member.js';
import { memberChecks } from '../../src/testing/index.js';

const checks = memberChecks({
  make: ({ ensemble }) => new LocalMember({ slots: 2, ensemble, killTimeout: 600 }),
  slots: 2,
  many: { jobs: 200 },
});
for (const check of checks) test(check.name, check.run);
