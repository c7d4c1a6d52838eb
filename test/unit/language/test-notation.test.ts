import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseFiring, parseOutcome, parseScriptEvent } from '../../../src/language/test-notation.js';
import { given } from '../../../src/model/written.js';
import type { Result } from '../../../src/text/result.js';

function understood<T>(parsed: Result<T>): T {
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return parsed.value;
}

const faultOf = (parsed: Result<unknown>) =>
  parsed.ok ? null : parsed.faults.map(({ at, message }) => `${at} ${message}`).join();

describe('an event of a test', () => {
  const numbers = (...ranges: [number, number][]) => ({ kind: 'numbers', ranges });

  test.each([
    ['heartbeat', { kind: 'heartbeat' }],
    ['submit a', { kind: 'submit', group: 'a', count: 1, held: false, parameters: {} }],
    ['submit a x5', { kind: 'submit', group: 'a', count: 5, held: false, parameters: {} }],
    ['submit x x2 held', { kind: 'submit', group: 'x', count: 2, held: true, parameters: {} }],
    [
      '  submit   "my group"  held ',
      { kind: 'submit', group: 'my group', count: 1, held: true, parameters: {} },
    ],
    [
      'submit a held with T=3e2 m=eam b=true',
      {
        kind: 'submit',
        group: 'a',
        count: 1,
        held: true,
        parameters: { T: given(300, '3e2'), m: 'eam', b: true },
      },
    ],
    ['start a 1', { kind: 'start', group: 'a', jobs: numbers([1, 1]) }],
    ['finish a 1..3', { kind: 'end', group: 'a', jobs: numbers([1, 3]), outcome: { kind: 'exit', code: 0 } }],
    [
      'finish a 2,4..6',
      { kind: 'end', group: 'a', jobs: numbers([2, 2], [4, 6]), outcome: { kind: 'exit', code: 0 } },
    ],
    ['fail a all', { kind: 'end', group: 'a', jobs: { kind: 'all' }, outcome: { kind: 'exit', code: 1 } }],
    [
      'fail a x2 exit 3',
      { kind: 'end', group: 'a', jobs: { kind: 'oldest', count: 2 }, outcome: { kind: 'exit', code: 3 } },
    ],
    [
      "fail 'b c' 1 signal KILL",
      { kind: 'end', group: 'b c', jobs: numbers([1, 1]), outcome: { kind: 'signal', number: 9 } },
    ],
    [
      'fail a 1 signal 15',
      { kind: 'end', group: 'a', jobs: numbers([1, 1]), outcome: { kind: 'signal', number: 15 } },
    ],
    [
      'timeout a 1',
      { kind: 'end', group: 'a', jobs: numbers([1, 1]), outcome: { kind: 'exception', type: 'timeout' } },
    ],
    [
      'cancel a 1',
      { kind: 'end', group: 'a', jobs: numbers([1, 1]), outcome: { kind: 'exception', type: 'cancel' } },
    ],
    [
      'exception a 1 oom',
      { kind: 'end', group: 'a', jobs: numbers([1, 1]), outcome: { kind: 'exception', type: 'oom' } },
    ],
    [
      'exception a 1 oom severity 2',
      { kind: 'exception', group: 'a', jobs: numbers([1, 1]), type: 'oom', severity: 2 },
    ],
    ['memo a all', { kind: 'event', group: 'a', jobs: { kind: 'all' }, name: 'memo' }],
  ])('%s', (text, expected) => {
    expect(understood(parseScriptEvent(text))).toEqual(expected);
  });

  test.each([
    ['', /^0 expected an event/],
    ['fial a 1', /^0 unknown event 'fial'; did you mean 'fail'\?/],
    ['submit', /^6 expected the job group/],
    ['submit a x0', /^9 how many is x and a number/],
    ['submit a x1000000', /^9 how many is x and a number from 1 to 100000/],
    ['submit a with', /^13 expected a parameter/],
    ['submit a with x', /^14 a parameter is a name, = and a value/],
    ['submit a 5', /^9 nothing is expected here; found '5'/],
    ['submit "a x5', /^7 the name that begins here has no closing "/],
    ['finish a', /^8 expected which jobs/],
    ['finish a 1-3', /^9 jobs are 2, 1\.\.3/],
    ['finish a 1,x', /^11 jobs are/],
    ['finish a 0', /^9 jobs are counted from 1/],
    ['finish a 1,3..2', /^11 a range goes up: write 2\.\.3/],
    ['finish a 1..999999999', /^9 a line can refer to 100000 jobs/],
    ['fail a 1 exit 0', /^14 an exit code is an integer from 1 to 255; found '0'/],
    ['fail a 1 signal HUNGRY', /^16 'HUNGRY' is not a signal/],
    ['exception a 1', /^13 expected the type/],
    ['exception a 1 oom severity 8', /^27 a severity/],
    ['heartbeat now', /^10 nothing is expected here/],
  ])('%j is refused', (text, fault) => {
    expect(faultOf(parseScriptEvent(text))).toMatch(fault);
  });
});

describe('an outcome of a test', () => {
  test.each([
    ['success', { kind: 'exit', code: 0 }],
    ['fail', { kind: 'exit', code: 1 }],
    ['fail exit 7', { kind: 'exit', code: 7 }],
    ['exit 0', { kind: 'exit', code: 0 }],
    ['signal SIGSEGV', { kind: 'signal', number: 11 }],
    ['timeout', { kind: 'exception', type: 'timeout' }],
    ['exception oom', { kind: 'exception', type: 'oom' }],
    ['none', { kind: 'none' }],
  ])('%s', (text, expected) => {
    expect(understood(parseOutcome(text))).toEqual(expected);
  });

  test('is shown with the valid outcomes', () => {
    expect(faultOf(parseOutcome('sucess'))).toBe("0 unknown outcome 'sucess'; did you mean 'success'?");
    expect(faultOf(parseOutcome('exit 256'))).toMatch(/^5 an exit code/);
  });
});

describe('an expected action of a test', () => {
  test.each([
    ['terminate', { action: 'terminate', label: null, goto: null, by: null }],
    ['submit a', { action: 'submit', label: 'a', goto: null, by: null }],
    [
      'submit "a b" by count.a b.success',
      { action: 'submit', label: 'a b', goto: null, by: 'count.a b.success' },
    ],
    ['submit a goto b by c', { action: 'submit', label: 'a', goto: 'b', by: 'c' }],
    ['goto "b c"', { action: 'goto', label: null, goto: 'b c', by: null }],
    ['grow by rules[2]', { action: 'grow', label: null, goto: null, by: 'rules[2]' }],
    ['submit "by" by "x y"', { action: 'submit', label: 'by', goto: null, by: 'x y' }],
  ])('%s', (text, expected) => {
    expect(understood(parseFiring(text))).toEqual(expected);
  });
});

describe('any text', () => {
  const words = fc.array(
    fc.oneof(
      fc.constantFrom(
        'submit',
        'finish',
        'fail',
        'exception',
        'x',
        'x3',
        '1..3',
        '1,2',
        'all',
        'held',
        'exit',
        'signal',
        '"',
        "'",
        'by',
      ),
      fc.string({ maxLength: 5 }),
    ),
  );

  test('is read, or refused at a place inside of it', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          words.map((all) => all.join(' ')),
        ),
        (text) => {
          for (const parsed of [parseScriptEvent(text), parseOutcome(text), parseFiring(text)]) {
            if (parsed.ok) continue;
            const [fault] = parsed.faults;
            expect(fault?.at).toBeGreaterThanOrEqual(0);
            expect(fault?.at).toBeLessThanOrEqual(text.length);
            expect(fault?.message).not.toBe('');
          }
        },
      ),
    );
  });
});
