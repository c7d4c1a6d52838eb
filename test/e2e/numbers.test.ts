/** Numbers of parameters reach the jobs as they are written. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, ensembleFile, jsonLines, newFolder } from '../support/cli.js';

/** Runs a file whose jobs write their words to the file `told`, and returns these, sorted. */
async function told(yaml: string, folder = newFolder()): Promise<string[]> {
  const finished = await cli(['run', '--json', ensembleFile(yaml, folder)], { cwd: folder });
  const { lines } = jsonLines(finished);
  expect(lines.filter(({ type }) => type === 'problem')).toEqual([]);
  return readFileSync(join(folder, 'told'), 'utf8').trimEnd().split('\n').sort();
}

/** A command that writes these words on a line of `told`. */
const tell = (words: string) => `sh -c 'echo "$@" >> told' sh ${words}`;

const WRITTEN = ['1.10', '0x10', '1e3', '007', '.5', '+5', '-0', '1.', '0o17', '1E-05', '100.000', 'True'];
const LARGE = ['9007199254740993', '18446744073709551615', '-9223372036854775808', '0xFFFFFFFFFFFFFFFF'];

describe.concurrent('commands receive numbers of parameters exactly as written', () => {
  test.each([...WRITTEN, ...LARGE, '1_000', '9007199254740992'])('%s', async (text) => {
    const lines = await told(`
jobs:
  - name: a
    command: ${tell('{{x}} {{y}} {{z}} <{{x}}>')}
    parameters: {x: ${text}, y: [${text}], z: {choice: [${text}]}}
    environment: {X: "{{x}}"}
rules:
  - {trigger: start, action: {name: submit, label: a}}
`);
    expect(lines).toEqual([`${text} ${text} ${text} <${text}>`]);
  });

  test('in rows, the environment, paths, and an action that passes them', async () => {
    const folder = newFolder();
    const lines = await told(
      `
jobs:
  - name: a
    command: ${tell('"$SEED" {{seed}} {{v}}')}
    environment: {SEED: "{{seed}}"}
    output: out-{{seed}}-{{v}}
    parameters:
      - {seed: 18446744073709551615, v: 1.0}
      - {seed: 18446744073709551614, v: 1}
  - name: b
    command: ${tell('{{seed}} {{v}}')}
    parameters: {seed: 1, v: 2}
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: start, action: {name: submit, label: b, parameters: {seed: 9007199254740993, v: 1e-05}}}
`.replace('"$SEED"', "'$SEED'"),
      folder,
    );
    expect(lines).toEqual([
      '$SEED 18446744073709551614 1',
      '$SEED 18446744073709551615 1.0',
      '9007199254740993 1e-05',
    ]);
    for (const name of ['out-18446744073709551615-1.0', 'out-18446744073709551614-1']) {
      expect(readFileSync(join(folder, name), 'utf8')).toBe('');
    }
  });

  test("in tags of an event's job, for the same job again, and in a retry", async () => {
    const folder = newFolder();
    const lines = await told(
      `
jobs:
  - name: a
    command: sh -c 'echo a "$@" >> told; test -e again-$1 || { touch again-$1; exit 1; }' sh {{v}} {{seed}}
    parameters: {v: [1.10, 1.1], seed: [9007199254740993]}
    retry: 1
  - name: b
    command: ${tell('b {{job.parameters.v}} {{job.parameters.seed}}')}
  - name: c
    command: sh -c 'echo c "$@" >> told; exit $3' sh {{v}} {{seed}} {{n}}
    parameters: {v: 2.0, seed: 0x10, n: 1}
  - name: d
    command: sh -c 'echo d "$@" >> told; test -e d-ran || { touch d-ran; exit 1; }' sh {{v}} {{job.parameters.v}}
    parameters: {v: 0}
    retry: 1
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: job-success, name: a, action: {name: submit, label: b, repetitions: 10}}
  - {trigger: start, action: {name: submit, label: c}}
  - {trigger: job-fail, name: c, action: {name: submit, label: c, parameters: {n: 0}}}
  - trigger: job-success
    name: c
    action: {name: submit, label: d, parameters: {v: "{{job.parameters.seed}}"}}
`,
      folder,
    );
    expect(lines).toEqual([
      ...['a 1.1 9007199254740993', 'a 1.1 9007199254740993'],
      ...['a 1.10 9007199254740993', 'a 1.10 9007199254740993'],
      ...['b 1.1 9007199254740993', 'b 1.10 9007199254740993'],
      ...['c 2.0 0x10 0', 'c 2.0 0x10 1', 'd 0x10 2.0', 'd 0x10 2.0'],
    ]);
  });

  test('in ranges of large integers, in algorithms, and for programs', async () => {
    const folder = newFolder();
    writeFileSync(
      join(folder, 'again.yaml'),
      `parameters:
  group: {type: group}
  seed: {type: integer}
  scale: {type: number, default: 1.50}
rules:
  - {trigger: start, action: {name: submit, label: "{{group}}", parameters: {s: "{{seed}}", v: "{{scale}}"}}}
`,
    );
    const lines = await told(
      `
jobs:
  - name: a
    command: ${tell('{{s}}')}
    parameters: {s: {from: 9007199254740991, to: 9007199254740995, step: 2}}
  - name: b
    command: ${tell('{{s}} {{v}}')}
    parameters: {s: 1, v: 2}
rules:
  - {trigger: start, action: {name: submit, label: a}}
use:
  - {algorithm: ./again.yaml, with: {group: b, seed: 18446744073709551615}}
  - {algorithm: ./again.yaml, with: {group: b, seed: 0x1F, scale: 2.50}}
`,
      folder,
    );
    expect(lines).toEqual([
      '0x1F 2.50',
      '18446744073709551615 1.50',
      '9007199254740991',
      '9007199254740993',
      '9007199254740995',
    ]);
  });

  test('and they are numbers in expressions, functions, the jobspec and the dry run', async () => {
    const folder = newFolder();
    const yaml = `
jobs:
  - name: a
    command: ${tell('{{v}} {{n}}')}
    parameters: {v: 1.10, n: 18446744073709551615}
    attributes: {user: {v: "{{v}}", large: 9007199254740993}}
  - name: b
    command: ${tell('b {{v}}')}
    parameters: {v: 0}
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - trigger: job-success
    name: a
    when: job.parameters.v == 1.1 and job.parameters.n == "18446744073709551615"
    action: {name: custom, label: again}
custom: |
  function again({ event }) {
    const { v, n } = event.parameters;
    return { name: 'submit', label: 'b', parameters: { v: v + 1 + n } };
  }
`;
    expect(await told(yaml, folder)).toEqual(['1.10 18446744073709551615', 'b 2.118446744073709551615']);
    const dry = await cli(['run', '--dry-run', '--json', join(folder, 'ensemble.yaml')]);
    const jobspec = dry.stdout.split('\n').find((line) => line.includes('"group":"a"')) ?? '';
    expect(jobspec).toContain('"parameters":{"v":1.1,"n":"18446744073709551615"}');
    expect(jobspec).toContain('"origin":{"entry":0,"texts":{"v":"1.10"}}');
    expect(jobspec).toContain('"v":1.1,"large":9007199254740993');
    expect(jobspec).toContain('"1.10","18446744073709551615"]');
  });
});
