/** Code of the user can't break the run by its output and results. */

import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, ensembleFile, jsonLines, newFolder } from '../support/cli.js';

/** Calls `f` once for each of `calls` jobs; another job must end well whatever `f` does. */
const calling = (custom: string, calls: number) =>
  ensembleFile(`
jobs:
  - {name: a, command: 'true', count: ${calls}}
  - {name: b, command: 'true', parameters: {x: 0}}
  - {name: beside, command: sleep 1}
rules:
  - {trigger: start, action: {name: submit, label: beside}}
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: job-finish, name: a, action: {name: custom, label: f, repetitions: ${calls}}}
custom: |
${custom.trim().replace(/^/gm, '  ')}
`);

async function run(custom: string, calls = 1) {
  const finished = await cli(['run', '--json', calling(custom, calls)]);
  const { lines, summary } = jsonLines(finished);
  expect([finished.status, finished.stderr]).toEqual([0, '']);
  expect(summary.groups.beside?.count.success).toBe(1);
  const prefix = /^rule 'a' \(rules\[2\]\): custom function 'f' (failed: |returned an invalid action: )?/;
  const problems = lines.filter(({ type }) => type === 'problem');
  for (const { code } of problems) expect(code).toBe('ERR_CUSTOM');
  return {
    problems: problems.map(({ message }) => String(message).replace(prefix, '')),
    output: lines.filter(({ type }) => type === 'output').map(({ line }) => String(line)),
    submitted: summary.groups.b?.count.submitted,
  };
}

describe.concurrent('results of functions in Python', () => {
  const returning = (values: readonly string[]) => `
import datetime, decimal
def endless():
    value = {}
    value["x"] = value
    return value
class Broken:
    def __repr__(self):
        raise ValueError("no")
answers = [${values.map((value) => `lambda: ${value}`).join(', ')}]
def f(**kwargs):
    return answers.pop(0)()
`;
  const parameter = (value: string) =>
    `Action({"name": "submit", "label": "b", "parameters": {"x": ${value}}})`;

  test("values that JSON can't hold are refused with their place", async () => {
    const wrong: [string, string | RegExp][] = [
      ['float("nan")', 'must be a finite number; found the number nan'],
      [parameter('float("nan")'), 'parameters.x: must be a finite number; found the number nan'],
      [parameter('-float("inf")'), 'parameters.x: must be a finite number; found the number -inf'],
      [
        '{"name": "submit", "label": "b", "value": float("nan")}',
        'value: must be a finite number; found the number nan',
      ],
      [
        '[Rule({"trigger": "metric", "name": "count.a.success", "when": float("nan"), "action": {"name": "terminate"}})]',
        '[0].when: must be a finite number; found the number nan',
      ],
      [
        parameter('b"x"'),
        "parameters.x: must be text, a number, a boolean, None, a list or a mapping; found b'x' of type bytes",
      ],
      [parameter('{1, 2}'), /^parameters\.x: must be text.*; found \{1, 2\} of type set$/],
      [parameter('decimal.Decimal("1.5")'), /found Decimal\('1\.5'\) of type Decimal$/],
      [parameter('datetime.date(2026, 1, 2)'), /found datetime\.date\(2026, 1, 2\) of type date$/],
      [parameter('Broken()'), /found a value of type Broken$/],
      [parameter('2**200'), 'parameters.x: must be an integer of at most 128 bits; found one of 201 bits'],
      [parameter('10**10000'), /found one of 33220 bits$/],
      [
        'endless()',
        /^x\.x\.x.*: must be at most 64 values deep; found a deeper one; does it contain itself\?$/,
      ],
      [parameter('{1: 2}'), 'parameters.x: keys must be text; found 1 of type int'],
      [
        parameter('"\\udc80"'),
        'parameters.x: must be text that UTF-8 can hold; found the lone surrogate U+DC80',
      ],
      ['lambda: 1', /^a function returns an Action, a Rule, a list of those, or None, not <function/],
      [parameter('"x" * 2000000'), 'its result exceeds 1048576 bytes'],
    ];
    const { problems, submitted } = await run(returning(wrong.map(([value]) => value)), wrong.length);
    expect(submitted).toBe(0);
    expect(problems).toEqual(
      wrong.map(([, message]) => (typeof message === 'string' ? message : expect.stringMatching(message))),
    );
  });

  test('subclasses and numbers like those of numpy are accepted', async () => {
    const { problems, submitted } = await run(
      `
import collections, enum
class Level(enum.IntEnum):
    HIGH = 3
class Name(str, enum.Enum):
    B = "b"
class int64:
    ndim = 0
    def item(self):
        return 1
int64.__module__ = "numpy"
def f(**kwargs):
    return (collections.OrderedDict(name="submit", label=Name.B, parameters={"x": Level.HIGH}, value=int64()),)
`,
    );
    expect([problems, submitted]).toEqual([[], 1]);
  });
});

describe.concurrent('results of functions in JavaScript', () => {
  test("values that a file can't hold are refused with their place", async () => {
    const parameter = (value: string) => `{ name: 'submit', label: 'b', parameters: { x: ${value} } }`;
    const wrong: [string, string][] = [
      ['Number.NaN', 'must be a finite number; found the number NaN'],
      [parameter('Number.NaN'), 'parameters.x: must be a finite number; found the number NaN'],
      [parameter('-Infinity'), 'parameters.x: must be a finite number; found the number -Infinity'],
      [
        `[{ trigger: 'metric', name: 'count.a.success', when: Number.NaN, action: { name: 'terminate' } }]`,
        '[0].when: must be a finite number; found the number NaN',
      ],
      [parameter('new Date(0)'), 'parameters.x: must be a string, a number or a boolean; found a mapping'],
      [parameter('new Map()'), 'parameters.x: must be a string, a number or a boolean; found a mapping'],
      [
        '(() => { const a = {}; a.x = a; return a; })()',
        `${Array(65).fill('x').join('.')}: must be at most 64 values deep; does it hold itself?`,
      ],
      [
        parameter("'\\ud800'"),
        'parameters.x: must be text that UTF-8 can hold; found the lone surrogate U+D800',
      ],
      ["Symbol('s')", 'Symbol(s) could not be cloned.'],
      ['new Proxy({}, {})', '#<Object> could not be cloned.'],
      ["'x'.repeat(1e8)", 'it exceeds 67108864 bytes'],
    ];
    const { problems, submitted } = await run(
      `const answers = [${wrong.map(([value]) => `() => (${value})`).join(', ')}];\nfunction f() { return answers.shift()(); }`,
      wrong.length,
    );
    expect(submitted).toBe(0);
    // Calls run beside each other, so their answers come in any order.
    expect([...problems].sort()).toEqual(wrong.map(([, message]) => message).sort());
  });

  test('every thrown value is reported', async () => {
    const { problems } = await run(
      `const thrown = [null, undefined, 7, { toString() { throw new Error('no'); } }, Object.create(null)];
function f() { throw thrown.shift(); }`,
      5,
    );
    expect([...problems].sort()).toEqual([
      '7',
      'it threw a value that has no text',
      'it threw a value that has no text',
      'null',
      'undefined',
    ]);
  });
});

describe.concurrent('integers beyond the safe numbers', () => {
  const label = '"name": "submit", "label": "b"';
  test.each([
    [
      'a function in Python',
      'custom, label: f',
      `def f(**kwargs):\n    return Action({${label}, "parameters": {"x": 2**64 + 1}})`,
    ],
    [
      'a function in JavaScript',
      'custom, label: f',
      `const f = () => ({${label}, "parameters": {"x": 2n ** 64n + 1n}});`,
    ],
    [
      'a program',
      `exec, command: "echo '{${label.replaceAll('"', '\\"')}, \\"parameters\\": {\\"x\\": 18446744073709551617}}'"`,
      '',
    ],
  ])('a command receives the exact integer that %s returns', async (_who, action, custom) => {
    const out = join(newFolder(), 'out');
    const path = ensembleFile(`
jobs: [{name: b, command: 'echo {{x}} 1.0', parameters: {x: 0}, output: ${out}}]
rules: [{trigger: start, action: {name: ${action}}}]
${custom === '' ? '' : `custom: |\n${custom.replace(/^/gm, '  ')}`}
`);
    const { lines } = jsonLines(await cli(['run', '--json', path]));
    expect(lines.filter(({ type }) => type === 'problem')).toEqual([]);
    expect(readFileSync(out, 'utf8')).toBe('18446744073709551617 1.0\n');
  });
});

describe.concurrent('stray writes', () => {
  test.each([
    [
      'Python',
      `
import os
def f(**kwargs):
    for fd in range(3, 200):
        try:
            os.write(fd, b"garbage\\n{\\"id\\": 2, \\"no\\": 1}\\n\\xff\\x00 without an end")
        except OSError:
            pass
    os.write(1, b"one\\n\\xff\\n")
    return Action({"name": "submit", "label": "b"})
`,
    ],
    [
      'JavaScript',
      `
import { writeSync } from 'node:fs';
function f() {
  writeSync(4, 'garbage\\n{"id": 2}\\n\\xff\\x00 without an end');
  writeSync(1, Buffer.from('one\\n\\xff\\n', 'latin1'));
  return { name: 'submit', label: 'b' };
}
`,
    ],
  ])(
    'writes of a function in %s to other descriptors are reported once, and its result counts',
    async (_language, source) => {
      const { problems, output, submitted } = await run(source, 3);
      expect(submitted).toBe(3);
      expect(problems).toEqual([
        `ignored text that a custom function wrote to descriptor 4, which is reserved for results: "garbage"; print to standard output instead`,
      ]);
      expect(output).toEqual(Array(3).fill(['one', '\ufffd']).flat());
    },
  );

  test('long output without a line end is printed in pieces', async () => {
    const { problems, output, submitted } = await run(`
import sys
def f(**kwargs):
    sys.stdout.write("x" * 3000000)
    sys.stderr.buffer.write(bytes(range(256)))
    return Action({"name": "submit", "label": "b"})
`);
    expect([problems, submitted]).toEqual([[], 1]);
    expect(output.filter((line) => line.startsWith('x')).join('')).toHaveLength(3_000_000);
  });

  test.each([
    ['abort', 'process.abort()', 'its process ended (SIGABRT)'],
    ['SIGKILL', "process.kill(process.pid, 'SIGKILL')", 'its process ended (SIGKILL)'],
  ])('%s of the process of functions in JavaScript fails only its own call', async (_how, end, message) => {
    const { problems, submitted } = await run(
      `function f({ metrics }) {
  if (metrics.get('count.a.finished') === 1) ${end};
  return { name: 'submit', label: 'b' };
}`,
      2,
    );
    expect(problems).toContain(message);
    expect(problems.length + Number(submitted)).toBe(2);
  });

  test('functions that close their streams can still be called', async () => {
    const { problems, submitted } = await run(
      `
import os, sys
def f(**kwargs):
    sys.stdout.close()
    os.close(2)
    return Action({"name": "submit", "label": "b"})
`,
    );
    expect([problems, submitted]).toEqual([[], 1]);
  });
});

describe.concurrent('output of exec actions', () => {
  test.each([
    [
      'NaN',
      `echo '{"name": "submit", "label": "b", "parameters": {"x": NaN}}'`,
      /its output is not JSON: .*N/,
    ],
    ['a byte that is not UTF-8', `printf '"\\377"'`, /its output is not UTF-8 text/],
    [
      'a lone surrogate',
      `echo '{"name": "submit", "label": "\\ud800"}'`,
      /label: must be text that UTF-8 can hold/,
    ],
    ['binary', 'head -c 100000 /dev/urandom', /its output is (not JSON|not UTF-8 text)/],
    ['two values', "echo '{}'; echo '{}'", /its output is not JSON/],
  ])('%s fails only its own action', async (_what, script, message) => {
    const path = join(newFolder(), 'program.sh');
    writeFileSync(path, `#!/bin/bash\n${script}\n`);
    chmodSync(path, 0o755);
    const finished = await cli([
      'run',
      '--json',
      ensembleFile(`
jobs: [{name: b, command: 'true'}]
rules:
  - {trigger: start, action: {name: submit, label: b}}
  - {trigger: start, action: {name: exec, command: ${path}}}
`),
    ]);
    const { lines, summary } = jsonLines(finished);
    expect([finished.status, finished.stderr, summary.groups.b?.count.success]).toEqual([0, '', 1]);
    expect(lines.filter(({ type }) => type === 'problem').map(({ message }) => message)).toEqual([
      expect.stringMatching(message),
    ]);
  });
});
