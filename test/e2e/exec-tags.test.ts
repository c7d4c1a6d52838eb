/** Tags in what actions run: filled in when the rule fires, or refused when the file is read. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, ensembleFile, jsonLines, newFolder } from '../support/cli.js';

async function run(yaml: string, folder = newFolder()) {
  const finished = await cli(['run', '--json', ensembleFile(yaml, folder)], { cwd: folder });
  const { lines } = jsonLines(finished);
  return {
    folder,
    lines,
    problems: lines.filter(({ type }) => type === 'problem').map(({ message }) => String(message)),
    told: () => readFileSync(join(folder, 'told'), 'utf8').trimEnd().split('\n'),
  };
}

const refused = async (yaml: string) => {
  const { status, stdout } = await cli(['validate', ensembleFile(yaml)]);
  expect(status).toBe(2);
  return stdout;
};

const TELL = `sh -c 'printf "%s|" "$@" >> told; echo >> told' sh`;

describe.concurrent('tags in the command of exec', () => {
  test('each tag is filled in within its word', async () => {
    const { told, lines, problems } = await run(`
states: [first]
jobs:
  - {name: a, command: "sh -c 'exit {{code}}'", parameters: {code: [7], v: 1.10, w: "x  y"}}
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - trigger: job-finish
    name: a
    action:
      name: exec
      command: >
        ${TELL} {{event.name}} {{event.group}} {{event.status}} {{metrics.count.a.failed}} {{state}}
        {{job.parameters.v}} {{job.parameters.w}} "<{{ job.parameters.code }}>"
`);
    expect(problems).toEqual([]);
    expect(told()).toEqual(['finish|a|7|0|first|1.10|x  y|<7>|']);
    const shown = lines.filter(({ type }) => type === 'action').map((line) => JSON.stringify(line));
    expect(shown.some((line) => line.includes('finish a 7 0 first 1.10'))).toBe(true);
  });

  test('a tag without a value fails the action, and the run continues', async () => {
    const { problems, folder } = await run(`
jobs:
  - {name: a, command: 'true'}
rules:
  - {trigger: start, action: {name: exec, command: 'touch told-{{event.id}}'}}
  - {trigger: start, action: {name: exec, command: touch after}}
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: job-start, action: {name: exec, command: 'echo {{event.status}}'}}
`);
    expect(problems).toEqual([
      expect.stringMatching(/rules\[0\].*exec failed: {{event.id}} has no value without an event/),
      expect.stringMatching(/rules\[3\].*exec failed: {{event.status}} has no value here/),
    ]);
    expect(readFileSync(join(folder, 'after'), 'utf8')).toBe('');
  });

  test('unknown tags are refused when the file is read', async () => {
    const output = await refused(`
jobs:
  - {name: a, command: 'true'}
rules:
  - {trigger: start, action: {name: exec, command: 'echo {{metrics.count.b.failed}} {{id}}'}}
  - {trigger: start, action: {name: exec, command: 'echo {{job.parameters.x}} {{#a}}'}}
`);
    expect(output).toContain(":5:52: error: rules[0].action.command: unknown job group 'b'");
    expect(output).toContain(":5:52: error: rules[0].action.command: unknown name '{{id}}'");
    expect(output).toContain(":6:52: error: rules[1].action.command: unknown name '{{job.parameters.x}}'");
    expect(output).toContain("{{#a}} can't be used here");
  });

  test('tags can be kept literally', async () => {
    const { told } = await run(`
jobs: []
rules:
  - {trigger: start, action: {name: exec, command: "${TELL.replaceAll('"', '\\"')} {{=<% %>=}}{{x}}"}}
`);
    expect(told()).toEqual(['{{x}}|']);
  });
});

describe.concurrent('tags in other actions', () => {
  test('tags are filled in in the value of a function and in the options of a plugin', async () => {
    const folder = newFolder();
    writeFileSync(
      join(folder, 'tell.mjs'),
      `const schema = { '~standard': { validate: (value) => ({ value }) } };
export const plugin = {
  name: 'tell',
  actions: { all: { options: schema, named: ({ then }) => ({ then }), run: ({ options }) => {
    console.log(JSON.stringify(options));
    return options.then;
  } } },
};
`,
    );
    const { lines, problems } = await run(
      `
plugins: [./tell.mjs]
jobs:
  - {name: a, command: 'true {{v}}', parameters: {v: 1.10}}
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - trigger: job-success
    name: a
    action:
      name: tell.all
      with:
        text: "{{event.name}} of {{job.parameters.v}}"
        deep: [{count: "{{metrics.count.a.success}}", log: "{{id}}.log"}]
        then: {name: submit, label: a, parameters: {v: "{{job.parameters.v}}"}}
  - {trigger: job-success, name: a, action: {name: custom, label: show, value: "{{metrics.count.a.success}} of {{event.group}}"}}
custom: |
  function show({ action }) { console.log('value ' + action.value); }
`,
      folder,
    );
    expect(problems).toEqual([]);
    const printed = lines.filter(({ type }) => type === 'output').map(({ line }) => line);
    expect(printed).toContain('value 1 of a');
    const told = JSON.parse(String(printed.find((line) => String(line).startsWith('{')))) as object;
    expect(told).toMatchObject({ text: 'finish of 1.10', deep: [{ count: 1, log: '{{id}}.log' }] });
  });

  test('tags are refused where they would not be filled in', async () => {
    const output = await refused(`
jobs:
  - {name: "a{{x}}", command: 'true', parameters: {x: 1}}
  - {name: b, command: 'true', environment: {"{{x}}": 1}, attributes: {user: {"{{x}}": 1}}, parameters: {x: 1}}
rules:
  - {trigger: start, action: {name: custom, label: f, value: "{{metrics.count.z.failed}}"}}
custom: function f() {}
`);
    expect(output).toMatch(/:3:12: error: jobs\[0\].name: 'a{{x}}': a name can't contain tags/);
    expect(output).toMatch(/:4:46: error: .*a name can't contain tags/);
    expect(output).toMatch(/:4:79: error: .*a name can't contain tags/);
    expect(output).toMatch(/:6:62: error: rules\[0\].action.value: unknown job group 'z'/);
  });
});
