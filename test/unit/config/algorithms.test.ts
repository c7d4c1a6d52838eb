import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { configFromObject, parseConfig } from '../../../src/config/load.js';
import { diagnose } from '../../support/config.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ensemble-algorithms-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const ALGORITHM = `description: For the tests.
parameters:
  group: {type: group}
  bound: {type: number, minimum: 1, default: 5}
  times: {type: integer, minimum: 1, maximum: 9, default: 2}
  wait: {type: duration, default: 30s}
  title: {type: string, default: none}
  stop: {type: boolean, default: true}
rules:
  - trigger: metric
    name: mean.{{group}}-duration
    when: "> {{bound}}"
    action: {name: submit, label: "{{group}}", value: "{{times}}"}
  - {trigger: start, name: "{{title}} for {{group}}", action: {name: terminate}}
`;

function study(use: string, algorithm = ALGORITHM): [text: string, file: string] {
  writeFileSync(join(folder, 'grow.yaml'), algorithm);
  const text = `jobs: [{name: a, command: x}, {name: b c, command: y}]
rules: [{trigger: start, action: {name: submit, label: a}}]
use:
${use}
`;
  return [text, join(folder, 'study.yaml')];
}

const told = (use: string, algorithm?: string) =>
  diagnose(...study(use, algorithm)).map(
    ({ file, line, path, message }) => `${file?.slice(folder.length + 1)}:${line} ${path}: ${message}`,
  );

describe('use', () => {
  test('puts the rules of an algorithm after those of the file, with its parameters filled in', () => {
    const [text, file] = study(`  - {algorithm: ./grow.yaml, with: {group: a, times: 3}}
  - {algorithm: grow.yaml, with: {group: b c, bound: 1.5, title: 'the "end"'}}`);
    const { rules } = parseConfig(text, { file }).config;
    expect(rules.map(({ title, algorithm }) => [title, algorithm])).toEqual([
      ['start', null],
      ['mean.a-duration', 'grow'],
      ['none for a', 'grow'],
      ['mean.b c-duration', 'grow'],
      ['the "end" for b c', 'grow'],
    ]);
    expect(rules[1]).toMatchObject({
      when: { steps: [{ metric: { group: 'a' } }, { op: 'number', value: 5 }, { op: '>' }] },
      action: { name: 'submit', label: 'a', value: 3 },
    });
    expect(rules[3]).toMatchObject({
      when: { steps: [{ op: 'metric' }, { op: 'number', value: 1.5 }, { op: '>' }] },
      action: { label: 'b c', value: 2 },
    });
  });

  test('finds the algorithms of the package, also for an object', () => {
    const { config } = configFromObject({
      jobs: [{ name: 'a', command: 'x' }],
      rules: [],
      use: [{ algorithm: 'replace-failures', with: { group: 'a', budget: 2 } }],
    });
    expect(config.rules.length).toBeGreaterThan(1);
    expect(config.rules.every(({ algorithm }) => algorithm === 'replace-failures')).toBe(true);
  });

  test.each([
    ['{group: c}', "study.yaml:4 use[0].with.group: 'group': unknown job group 'c'; there are a and b c"],
    ['{group: a, bound: 0}', "use[0].with.bound: 'bound': must be a number from 1 on; found the number 0"],
    ['{group: a, times: 10}', "'times': must be an integer from 1 to 9; found the number 10"],
    ['{group: a, times: 1.5}', "'times': must be an integer from 1 to 9; found the number 1.5"],
    ['{group: a, wait: long}', "'wait': must be a duration, like 30s, 5m or 2h; found the string 'long'"],
    ['{group: a, title: 5}', "'title': must be text; found the number 5; put it in quotes"],
    ['{group: a, stop: 1}', "'stop': must be true or false; found the number 1"],
    ['{group: a, tims: 1}', "'./grow.yaml' has no parameter 'tims'; did you mean 'times'?"],
    ['{}', "use[0]: parameter 'group' of './grow.yaml' is missing"],
  ])('refuses %s', (given, message) => {
    const found = told(`  - {algorithm: ./grow.yaml, with: ${given}}`);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(message);
  });

  test.each([
    ['./none.yaml', "use[0].algorithm: can't read"],
    ['/dev/zero', "use[0].algorithm: can't read /dev/zero: it is not a regular file of at most 4 MiB"],
    ['replace-failure', "unknown algorithm 'replace-failure'; did you mean 'replace-failures'?"],
    ['something-else', "unknown algorithm 'something-else'; there are"],
  ])('reports an unknown %s', (name, message) => {
    expect(told(`  - {algorithm: ${name}}`)).toEqual([expect.stringContaining(message)]);
  });

  test('reports mistakes in the file of the algorithm there, with the place that uses it', () => {
    const use = '  - {algorithm: ./grow.yaml, with: {group: a}}';
    const used = (line: number) => `(used at ${join(folder, 'study.yaml')}:${line}:`;
    const cases: [string, string][] = [
      [
        ALGORITHM.replace('-duration', '-durations'),
        "grow.yaml:11 rules[0].name: unknown variable 'durations'",
      ],
      [
        ALGORITHM.replace('{{bound}}', '{{buond}}'),
        "grow.yaml:12 rules[0].when: the algorithm has no parameter 'buond'; did you mean 'bound'?",
      ],
      [ALGORITHM.replace('{{times}}"', '{{bound}}"'), ''],
      [
        ALGORITHM.replace('name: submit', 'name: sumbit'),
        'grow.yaml:13 rules[0].action.name: must be one of',
      ],
      [ALGORITHM.replace('type: number', 'type: numbr'), 'grow.yaml:4 parameters.bound.type: must be one of'],
      [
        ALGORITHM.replace('parameters:', 'parametres:'),
        "grow.yaml:2 parametres: unknown key 'parametres'; did you mean 'parameters'?",
      ],
      [ALGORITHM.replace('{{bound}}"', '{{bound"'), 'grow.yaml:12 rules[0].when: '],
      ['a: b: c', 'grow.yaml:1 : not valid YAML'],
      ['', 'grow.yaml:1'],
    ];
    for (const [algorithm, message] of cases) {
      const found = told(use, algorithm);
      if (message === '') {
        // Nothing uses the second group.
        expect(found.filter((line) => !line.includes('no rule submits'))).toEqual([]);
        continue;
      }
      expect(found.join('\n')).toContain(message);
      expect(found[0]).toContain(used(4));
    }
  });

  test('keeps the tags that are filled in when a rule fires', () => {
    const algorithm = `rules:
  - {trigger: job-fail, name: a, action: {name: submit, label: a, parameters: {T: "{{job.parameters.T}}"}}}
`;
    writeFileSync(join(folder, 'grow.yaml'), algorithm);
    const { config } = parseConfig(
      'jobs: [{name: a, command: "x {{T}}", parameters: {T: [1, 2]}}]\nrules: []\nuse: [{algorithm: ./grow.yaml}]\n',
      { file: join(folder, 'study.yaml') },
    );
    expect(config.rules[0]?.action).toMatchObject({ parameters: { T: '{{job.parameters.T}}' } });
  });
});
