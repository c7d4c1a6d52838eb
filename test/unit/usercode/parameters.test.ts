import { describe, expect, test } from 'vitest';
import { callWith, whyUncallable } from '../../../src/usercode/javascript/parameters.js';

const given = { metrics: 'M', event: 'E', rule: 'R', action: 'A', firing: { attempt: 2 }, handle: 'H' };
type Callee = (...args: never[]) => unknown;

describe('a function of several parameters', () => {
  // As users write them: formatters and compilers must not touch them.
  test.each([
    ['function (event, metrics) { return [event, metrics]; }', ['E', 'M']],
    ['async (metrics, /* the , number */ attempt = 9,) => [metrics, attempt]', ['M', 2]],
    ['({ f(event, helper = "own") { return [event, helper]; } }).f', ['E', 'own']],
    ['(handle, // a line, with a comma\n action) => [handle, action]', ['H', 'A']],
  ])('gets the arguments that it names: %s', async (source, expected) => {
    // biome-ignore lint/security/noGlobalEval: the text of a function decides
    const callee = (0, eval)(`(${source})`) as Callee;
    expect(whyUncallable(callee)).toBeNull();
    expect(await callWith(callee, given)).toEqual(expected);
  });

  test('is refused when it needs one that does not exist', () => {
    const callee = (event: unknown, metrcs: unknown) => [event, metrcs];
    expect(whyUncallable(callee)).toContain(
      "it needs an argument 'metrcs'; functions receive metrics, event",
    );
  });
});

test.each([
  '({ event }) => event',
  '(event) => event.event',
  '({ event }, helper = 1) => event',
  '(args, more) => args.event',
  'function () { return arguments[0].event; }',
  '(...all) => all[0].event',
  '(function (event) { return event.event; }).bind(null)',
])('another function gets the object: %s', (source) => {
  // biome-ignore lint/security/noGlobalEval: the text of a function decides
  const callee = (0, eval)(`(${source})`) as Callee;
  expect(whyUncallable(callee)).toBeNull();
  expect(callWith(callee, given)).toBe('E');
});
