/** Parameters of job groups: what the jobs of a run come to be. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, ensembleFile, jsonLines, newFolder } from '../support/cli.js';

interface Jobspec {
  readonly tasks: readonly [{ readonly command: readonly string[] }];
  readonly attributes: {
    readonly user: { readonly group: string; readonly parameters?: object; readonly origin: object };
  };
}

/** Runs the file and returns the jobspecs of its jobs, in the order in which they were submitted. */
async function run(yaml: string, folder = newFolder()) {
  const recording = join(folder, 'run.ndjson');
  const finished = await cli(['run', '--json', '--record', recording, '--force', ensembleFile(yaml, folder)]);
  const { lines, summary } = jsonLines(finished);
  const jobs = readFileSync(recording, 'utf8')
    .split('\n')
    .filter((line) => line.includes('"jobspec"'))
    .map((line) => (JSON.parse(line) as { jobspec: Jobspec }).jobspec);
  const of = (group: string) => jobs.filter(({ attributes }) => attributes.user.group === group);
  return {
    status: finished.status,
    summary,
    problems: lines.filter(({ type }) => type === 'problem').map(({ message }) => message),
    words: (group: string) => of(group).map(({ tasks }) => tasks[0].command.slice(1).join('|')),
    parameters: (group: string) => of(group).map(({ attributes }) => attributes.user.parameters),
    origins: (group: string) => of(group).map(({ attributes }) => attributes.user.origin),
  };
}

describe.concurrent('parameters', () => {
  test('every row gives a job, which carries its parameters', async () => {
    const { words, parameters, origins } = await run(`
jobs:
  - {name: a, command: 'true {{t}} "{{w}}" {{group}}', parameters: {t: [1, 2.5], w: x y}, count: 2}
rules:
  - {trigger: start, action: {name: submit, label: a}}
`);
    expect(words('a')).toEqual(['1|x y|a', '1|x y|a', '2.5|x y|a', '2.5|x y|a']);
    expect(parameters('a')[3]).toEqual({ t: 2.5, w: 'x y' });
    expect(origins('a').map((origin) => JSON.stringify(origin))).toEqual(
      [0, 0, 1, 1].map((entry, index) => JSON.stringify({ entry, rule: 0, firing: 0, index })),
    );
  });

  test('rows are used in turn from the beginning again, and random draws continue', async () => {
    const { words, summary } = await run(`
jobs:
  - {name: a, command: 'true {{t}}', parameters: {t: [1, 2, 3]}}
  - {name: b, command: 'true {{n}} {{t}}', parameters: {n: {integer: [1, 1000000]}, t: [1, 2]}}
rules:
  - {trigger: start, action: {name: submit, label: a, value: 2}}
  - {trigger: start, action: {name: submit, label: b, value: 2}}
  - {trigger: job-finish, name: a, action: {name: submit, label: a, value: 2, repetitions: 2}}
  - {trigger: job-finish, name: b, action: {name: submit, label: b, value: 3}}
`);
    expect(words('a')).toEqual(['1', '2', '3', '1', '2', '3']);
    expect(words('b').map((text) => text.split('|')[1])).toEqual(['1', '2', '1', '2', '1']);
    expect(new Set(words('b').map((text) => text.split('|')[0])).size).toBe(5);
    expect(summary).toMatchObject({ end: 'idle' });
  });

  test("parameters can be combined with the index, the event, the metrics and the event's job", async () => {
    const { words, problems } = await run(`
jobs:
  - {name: a, command: "sh -c 'exit {{code}}'", parameters: {code: 7}}
  - {name: b, command: 'true {{index}} {{event.name}} {{event.status}} {{event.group}} {{metrics.count.a.finished}} {{job.parameters.code}}', count: 2}
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: job-finish, name: a, action: {name: submit, label: b}}
`);
    expect(problems).toEqual([]);
    expect(words('b')).toEqual(['0|finish|7|a|1|7', '1|finish|7|a|1|7']);
  });

  test('a parameter without a value fails the action with its name, and the run continues', async () => {
    const { words, problems, status } = await run(`
jobs:
  - {name: a, command: 'true {{metrics.mean.a-duration}}'}
  - {name: b, command: 'true {{n}}', nodes: '{{n}}', parameters: {n: 1}}
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: start, action: {name: submit, label: b, parameters: {n: many}}}
  - {trigger: start, action: {name: submit, label: b}}
`);
    expect(problems).toEqual([
      "rule 'start' (rules[0]): submit failed: {{metrics.mean.a-duration}} has no value without an event",
      "rule 'start' (rules[1]): submit failed: nodes of group 'b': must be an integer from 0 to 2147483647; " +
        "{{n}} is the string 'many'",
    ]);
    expect({ words: words('b'), status }).toEqual({ words: ['1'], status: 0 });
  });

  test("actions pass parameters to every row once, or to the event's job", async () => {
    const { words, parameters, problems } = await run(`
jobs:
  - {name: a, command: 'true {{t}} {{n}}', parameters: {t: [1, 2], n: [8, 9]}}
  - {name: b, command: 'true {{t}} {{n}}', parameters: {t: [1, 2], n: 8}}
rules:
  - {trigger: start, action: {name: submit, label: a, parameters: {n: 16}}}
  - {trigger: start, action: {name: submit, label: b}}
  - trigger: job-finish
    name: b
    # Without it, the rule could fire for a job that it has submitted itself.
    when: job.parameters.n == 8
    action: {name: submit, label: b, parameters: {n: "{{job.parameters.n}}0"}, repetitions: 2}
`);
    expect(problems).toEqual([]);
    expect(words('a')).toEqual(['1|16', '2|16']);
    expect(words('b').sort()).toEqual(['1|8', '1|80', '2|8', '2|80']);
    expect(parameters('a')).toEqual([
      { t: 1, n: 16 },
      { t: 2, n: 16 },
    ]);
  });

  test.each([
    ['JavaScript', '|\n  export const grow = ({ event }) => (ANSWER);\n', 'event.parameters.n * 2'],
    [
      'Python',
      '|\n  def grow(event, **kwargs):\n    return Action(ANSWER)\n',
      'event["parameters"]["n"] * 2',
    ],
  ])('functions in %s pass parameters', async (_language, source, twice) => {
    const answer = `{"name": "submit", "label": "a", "parameters": {"n": ${twice}}}`;
    const { words, problems } = await run(`
jobs:
  - {name: a, command: 'true {{t}} {{n}}', parameters: {t: 300, n: 8}}
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: job-finish, name: a, action: {name: custom, label: grow, repetitions: 2}}
custom: ${source.replace('ANSWER', answer)}`);
    expect(problems).toEqual([]);
    expect(words('a')).toEqual(['300|8', '300|16', '300|32']);
  });

  test('programs pass parameters, and unknown ones are refused', async () => {
    const folder = newFolder();
    const file = join(folder, 'answer.json');
    writeFileSync(
      file,
      '[{"name":"submit","label":"a","parameters":{"n":5}},{"name":"submit","label":"a","parameters":{"m":5}}]',
    );
    const yaml = (path: string) => `
jobs:
  - {name: a, command: 'true {{n}}', parameters: {n: 8}}
rules:
  - {trigger: start, action: {name: exec, command: 'cat ${path}'}}
`;
    const bad = await run(yaml(file), folder);
    expect(bad.problems).toEqual([expect.stringContaining("group 'a' has no parameter 'm'; it has n")]);
    writeFileSync(file, '{"name":"submit","label":"a","parameters":{"n":5}}');
    expect((await run(yaml(file), folder)).words('a')).toEqual(['5']);
  });

  test('a large number of rows is described by its number', async () => {
    const { stdout, status } = await cli([
      'run',
      '--dry-run',
      ensembleFile(`
jobs:
  - {name: a, command: 'true {{t}}', parameters: {t: {from: 1, to: 1000000, step: 1}}}
rules:
  - {trigger: start, action: {name: submit, label: a}}
`),
    ]);
    expect(status).toBe(0);
    expect(stdout).toContain('submit a (name:a),(command:true {{t}}),(count:1),(nodes:1),(rows:1000000)\n');
  });
});
