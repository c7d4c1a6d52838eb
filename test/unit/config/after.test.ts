/** `after:` and `all:` of job entries: the rules that they stand for, and their mistakes. */

import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/load.js';
import { ConfigError } from '../../../src/errors.js';

const FILE = `jobs:
  - name: mesh
    command: mesh {{size}}
    parameters: {size: [1.10, 2], seed: 12345678901234567890}
  - {name: report, command: report}
  - {name: check, command: "check {{size}}", after: solve}
  - {name: solve, command: "solve {{size}} {{seed}}", after: mesh, all: report, nodes: "{{size}}"}
rules:
  - {trigger: start, action: {name: submit, label: mesh}}
`;

const faults = (text: string): string[] => {
  try {
    parseConfig(text);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.diagnostics.map(({ line, message }) => `${line}: ${message}`);
  }
};

describe('a chain of groups', () => {
  test('becomes rules, and passes the parameters on', () => {
    const { config, warnings } = parseConfig(FILE.replace(', nodes: "{{size}}"', ''));
    expect(warnings).toEqual([]);
    const rules = config.rules
      .slice(1)
      .map(({ title, action }) => [title, action.name === 'submit' && action.label]);
    expect(rules).toEqual([
      ['mesh', 'solve'],
      ['solve', 'report'],
      ['solve', 'check'],
    ]);
    expect(config.rules[1]?.action).toMatchObject({ parameters: 'same' });
    expect([...config.groups].map(([name, { after }]) => [name, after])).toEqual([
      ['mesh', null],
      ['report', null],
      ['check', 'solve'],
      ['solve', 'mesh'],
    ]);
    // The texts of numbers are those of the group that has them.
    expect(config.groups.get('check')?.entries[0]?.command).toEqual(['check', '1.10']);
    expect(config.groups.get('solve')?.entries[0]?.command).toEqual([
      'solve',
      '1.10',
      '12345678901234567890',
    ]);
  });

  test.each([
    ['after: mesh', 'after: mehs', ["7: unknown job group 'mehs'; did you mean 'mesh'?"]],
    ['after: mesh', 'after: check', ["6: 'check' follows itself", "7: 'solve' follows itself"]],
    ['all: report', 'all: reprot', ["7: unknown job group 'reprot'; did you mean 'report'?"]],
    [
      'after: solve',
      'after: solve, parameters: {size: 1}',
      ["6: a group with 'after' has the parameters of 'solve'"],
    ],
  ])('reports a mistake: %s as %s', (written, wrong, expected) => {
    const found = faults(FILE.replace(written, wrong).replace(', nodes: "{{size}}"', ''));
    for (const message of expected) expect(found).toContainEqual(expect.stringContaining(message));
  });
});
