import { expect } from 'vitest';
import type { ReferenceFiring } from '../reference/rule-evaluator.js';
import type { Result } from './run-case.js';

// One firing per line, so that differences are readable. The shortest decimals that read back as the same
// double stand for its bits.
const oneLine = (firing: ReferenceFiring) => {
  const { number, rule, timestamp, job, group, state, goto, value, event, context } = firing;
  const zero = Object.is(value, -0) ? ' (minus zero)' : '';
  return (
    `#${number} at ${timestamp} rule ${rule}, job ${job}, group ${group}, ` +
    `in state ${state} to ${goto}, value ${value}${zero}, event ${JSON.stringify(event)}, context ${JSON.stringify(context)}`
  );
};

/** Asserts that both engines gave the same results, to the last bit. */
export function expectSame(native: Result, reference: Result): void {
  expect({ ...native, firings: native.firings.map(oneLine) }).toEqual({
    ...reference,
    firings: reference.firings.map(oneLine),
  });
}
