import { describe, expect, test } from 'vitest';
import type { Measurement } from '../../../src/model/measure.js';
import { diagnose, read, single } from '../../support/config.js';

/** A group that is measured, and a rule about it. */
function study(measure: string, when = 'count.melt.failed > 1', more = ''): string {
  return `jobs:
  - name: melt
    command: lmp -in in.melt
    parameters: {T: [300, 400]}
    measure: ${measure}
${more}rules:
  - {trigger: metric, when: '${when}', action: {name: terminate}}
  - {trigger: start, action: {name: submit, label: melt}}
`;
}

const measurements = (...given: Parameters<typeof study>) =>
  (read(study(...given)).config.groups.get('melt')?.probes ?? []) as readonly Measurement[];

describe('measure', () => {
  test('makes variables of the group', () => {
    const measure = `{energy: {pattern: 'E=(\\S+)'}, loss: {json: 'r-{{T}}-{{id}}.json', path: $.loss}, T: {csv: out.csv, column: T}}`;
    for (const when of ['mean.melt-energy > 1 and p95.melt-loss < 2', 'max(melt.T, 10m) > count.melt-T']) {
      expect(diagnose(study(measure, when))).toEqual([]);
    }
    expect(single(study(measure, 'mean.melt-enrgy > 1'))).toContain(
      "unknown variable 'enrgy'; did you mean 'energy'?",
    );
  });

  test('reads entries with the same end and the same times together', () => {
    const found = measurements(`{
      a: {pattern: 'a=(.)'}, b: {pattern: 'b=(.)', on: always}, c: {csv: c.csv, column: 2, take: max}, d: {python: ./d.py, timeout: 5m},
      e: {pattern: 'x=(?<x>.) y=(?<y>.)', from: error, wait: 0}}`);
    expect(found).toMatchObject([
      {
        values: ['a', 'c'],
        on: 'success',
        timeout: 60,
        wait: null,
        entries: [{ take: 'last' }, { take: 'max' }],
      },
      { values: ['b'], on: 'always' },
      {
        values: ['d'],
        timeout: 300,
        entries: [{ source: { kind: 'python', file: expect.stringMatching(/^\/.*d\.py$/) } }],
      },
      { values: ['x', 'y'], wait: 0, entries: [{ source: { file: { kind: 'error' } } }] },
    ]);
  });

  test('may be repeated by another entry of the group', () => {
    const again = (measure: string) => `  - {name: melt, command: other, measure: ${measure}}\n`;
    const same = "{e: {pattern: 'e=(.)'}}";
    expect(diagnose(study(same, 'max.melt-e > 1', again(same)))).toEqual([]);
    expect(single(study(same, 'max.melt-e > 1', again("{e: {pattern: 'E=(.)'}}")))).toContain(
      "jobs[1].measure.e has a value called 'e', which already is a variable of the group",
    );
  });

  test.each([
    ['{e: {}}', 'measure.e must have one of pattern, json, csv or python; found none of them'],
    [
      "{e: {pattern: '(x)', json: x}}",
      'must have one of pattern, json, csv or python; found pattern and json',
    ],
    ["{e: {patern: '(x)'}}", "measure.e.patern unknown key 'patern'; did you mean 'pattern'?"],
    ["{e: {pattern: '(x'}}", 'measure.e.pattern is not a regular expression: /(x'],
    ["{e: {pattern: 'x'}}", "needs a group in parentheses around the number, like 'energy: (\\S+)'"],
    [
      "{e: {pattern: '(x)(y)'}}",
      'has 2 groups in parentheses; write (?:...) for those that are not the number',
    ],
    ["{e: {pattern: '(x)', path: $.x}}", "measure.e.path 'path' does not belong to 'pattern'"],
    ["{e: {pattern: '(x)', from: 'x-{{U}}'}}", "measure.e.from unknown name '{{U}}'"],
    [
      "{e: {pattern: '(x)', take: lats}}",
      "must be one of first, last, min, max, mean, sum, count; found the string 'lats'",
    ],
    ['{e: {json: x.json}}', "'path' is missing: it must be the JSONPath of the number, like $.loss"],
    [
      '{e: {json: x.json, path: loss}}',
      'measure.e.path is not a JSONPath (RFC 9535), like $.results[-1].loss: ',
    ],
    ['{e: {csv: x.csv}}', "'column' is missing: it must be the name of a column, or its number from 1"],
    ['{e: {csv: x.csv, column: 0}}', 'must be the name of a column, or its number from 1'],
    ["{e: {csv: x.csv, column: a, separator: '::'}}", 'must be one character'],
    ['{e: {python: read.js}}', 'measure.e.python must be a Python file, like ./read.py'],
    ["{e-1: {pattern: '(x)'}}", "has a value called 'e-1'; such a name has only letters, digits and _"],
    [
      "{duration: {pattern: '(x)'}}",
      "has a value called 'duration', which already is a variable of the group",
    ],
    ["{a: {pattern: '(?<e>x)'}, e: {pattern: '(x)'}}", "measure.e has a value called 'e', which already is"],
    ['[energy]', 'measure must be a mapping of names to their sources'],
    ["{e: {pattern: '(x)', timeout: 0}}", 'measure.e.timeout must be a duration above 0'],
  ])('that is wrong is reported: %s', (measure, message) => {
    expect(single(study(measure))).toContain(message);
  });

  test('that is wrong is the only report', () => {
    for (const measure of ["{e: {pattern: '(x'}}", '{e: {patern: 1}}', '[e]', '4']) {
      expect(diagnose(study(measure, 'mean.melt-e > 1')).length).toBeGreaterThan(0);
      expect(
        diagnose(study(measure, 'mean.melt-e > 1')).filter(({ message }) => /variable/.test(message)),
      ).toEqual([]);
    }
  });

  test('gets its values from the tests', () => {
    const tests = (probes: string) => `${study("{e: {pattern: '(x)'}}")}tests:
  - {name: t, jobs: {melt: {duration: 1s, probes: ${probes}}}, expect: {metrics: {mean.melt-e: -2}}}
`;
    expect(diagnose(tests('{e: [-1, -3]}'))).toEqual([]);
    expect(single(tests('{f: 1}'))).toContain("no probe of 'melt' measures 'f'");
  });
});
