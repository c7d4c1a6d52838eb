import { describe, test } from 'vitest';
import { cases } from './cases.js';
import { runNative, runReference } from './run-case.js';
import { expectSame } from './same.js';

describe('the native engine gives the results of the reference', () => {
  for (const [name, one] of Object.entries(cases)) {
    test(name, async () => {
      const reference = runReference(one);
      expectSame(await runNative(one), reference);
      expectSame(await runNative(one, [1, 7, 300]), reference);
    });
  }
});
