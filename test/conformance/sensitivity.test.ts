/** The comparison must be able to fail: each case here changes one small thing. */

import { describe, expect, test } from 'vitest';
import { aCase, live, onCount, onStatistic, wholeJob } from './build-case.js';
import { type Case, runNative, runReference } from './run-case.js';
import { expectSame } from './same.js';

const a = { group: 'a' };
const text = [1, 2, 3, 4, 5, 6, 7].map((i) => live(BigInt(i), a, wholeJob(i * 10 + i * i, i % 3))).join('');
const rules = [onCount('finished', { backoff: 1, repetitions: 3 }), onStatistic('variance', 'duration')];
const right = aCase(text, { rules });

const wrong: Readonly<Record<string, Case>> = {
  'a duration that differs in its last bits': aCase(text.replace('13.25', '13.250000000000002'), { rules }),
  'an outcome': aCase(text.replace('"status":1}', '"status":0}'), { rules }),
  'the group of one job': aCase(text.replace('"group":"a"', '"group":"b"'), { rules }),
  'an id': aCase(text.replaceAll('"id":3,', '"id":30,'), { rules }),
  'a lost event': aCase(text.replace(/.*"free".*\n/, ''), { rules }),
  'a record that is broken': aCase(text.replace('"free"', 'free'), { rules }),
  'one repetition more': aCase(text, { rules: [{ ...rules[0], repetitions: 4 }, rules[1]] as typeof rules }),
  'no backoff': aCase(text, { rules: [{ ...rules[0], backoff: -1 }, rules[1]] as typeof rules }),
  'rules in another order': aCase(text, { rules: rules.toReversed() }),
  'the end of the judging': aCase(text, {
    rules: [rules[0], { ...rules[1], terminal: true }] as typeof rules,
  }),
};

describe('the comparison', () => {
  test('finds no difference between equal results', async () => {
    expectSame(await runNative(right), runReference(right));
  });

  for (const [name, one] of Object.entries(wrong)) {
    test(name, async () => {
      const native = await runNative(one);
      expectSame(native, runReference(one));
      expect(() => expectSame(native, runReference(right))).toThrow(/to deeply equal/);
    });
  }
});
