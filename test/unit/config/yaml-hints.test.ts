import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/load.js';
import { diagnose, single } from '../../support/config.js';

const block = (line: string) => `jobs:
  - {name: a, command: x}
rules:
  - trigger: metric
    name: count.a.failed
    ${line}
    action: {name: terminate}
`;
const flow = (entry: string) => `jobs:
  - {name: a, command: x}
rules:
  - {trigger: metric, name: count.a.failed, ${entry}, action: {name: terminate}}
`;
const job = (line: string) => `jobs:
  - name: a
    ${line}
rules:
  - {trigger: start, action: {name: submit, label: a}}
`;

describe('a value that needs quotes is shown with them, at its place', () => {
  test.each([
    ['when: > 5', 'when: "> 5"'],
    ['when: >= 5', 'when: ">= 5"'],
    ['when: > 5 # five', 'when: "> 5"'],
    ['when: > 0.5 and x', 'when: "> 0.5 and x"'],
    ['when: | 5', 'when: "| 5"'],
    ['when: !5', 'when: "!5"'],
    ['when: != 3', 'when: "!= 3"'],
    ['when: %5', 'when: "%5"'],
    ['when: @x > 5', 'when: "@x > 5"'],
    ['when: `count.a.failed` > 3', 'when: "`count.a.failed` > 3"'],
    ['when: - 5', 'when: "- 5"'],
    ['when: &x > 5', 'when: "&x > 5"'],
    ['when: count.a.failed > 3: 4', 'when: "count.a.failed > 3: 4"'],
  ])('%s', (line, hint) => {
    const found = single(block(line));
    expect(found.startsWith('6:11 ')).toBe(true);
    expect(found.endsWith(`put the value in quotes: ${hint}`)).toBe(true);
    if (/[#,]/.test(line)) return;
    const inFlow = single(flow(line));
    expect(inFlow.startsWith('4:51 ')).toBe(true);
    expect(inFlow.endsWith(`put the value in quotes: ${hint}`)).toBe(true);
  });

  test.each([
    ['command: {{x}}', 'command: "{{x}}"'],
    ['command: {{x}} --all', 'command: "{{x}} --all"'],
    ['command: echo a: b', 'command: "echo a: b"'],
    ['command: "echo" hi', `command: '"echo" hi'`],
    ["command: 'it's'", `command: "'it's'"`],
    ['command: [ -f x ] && y', 'command: "[ -f x ] && y"'],
    ['command: *', 'command: "*"'],
  ])('%s', (line, hint) => {
    const found = single(job(line));
    expect(found.startsWith('3:14 ')).toBe(true);
    expect(found.endsWith(`put the value in quotes: ${hint}`)).toBe(true);
  });

  test('is shown for a path and in the environment', () => {
    expect(single(job('output: {{name}}.out'))).toMatch(/^3:13 .*: output: "\{\{name\}\}\.out"$/);
    expect(single(job('environment: {A: {{x}}}'))).toMatch(/^3:22 .*: A: "\{\{x\}\}"$/);
  });

  test('is shown where YAML reads an empty block', () => {
    expect(single(block('when: >5'))).toMatch(/^6:11 {2}'>5' begins an empty block of text; .* ">5"$/);
  });

  test('is shown where YAML reads an alias', () => {
    expect(single(block('when: *x'))).toMatch(/^6:11 {2}no anchor '&x' .* needs quotes$/);
  });
});

describe('other invalid YAML', () => {
  test.each([
    [job('command:echo'), '3:12  not valid YAML: a blank must follow the colon: command: echo'],
    [
      job('command: x\n\tcount: 2'),
      '4:1  not valid YAML: a line must be indented with blanks, not with tabs',
    ],
    [
      job('command: "a \\d"'),
      "3:17  not valid YAML: '\\d' is not an escape of double quotes; put the text in single quotes, or double the \\",
    ],
  ])('%# is reported with a remedy', (text, message) => {
    expect(single(text)).toBe(message);
  });

  test('a number with separators', () => {
    const found = diagnose(job('command: x\n    count: 1,000'));
    expect(found.map(({ message }) => message)).toEqual([
      expect.stringMatching(/found the string '1,000'; write 1000$/),
    ]);
  });

  test('conditions that need no quotes keep their meaning', () => {
    for (const when of ['< 5', '<= 5', '== 5', '5', '-5', '"> 5"', '>\n      count.a.failed > 5']) {
      const { config, warnings } = parseConfig(block(`when: ${when}`));
      expect(warnings.filter(({ message }) => !message.startsWith('every rule waits'))).toEqual([]);
      expect(config.rules[0]?.whenText).not.toBe('');
    }
  });
});
