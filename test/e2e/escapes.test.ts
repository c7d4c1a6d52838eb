/** Text from outside can't steer the terminal, wherever it comes from and wherever it is printed. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, ensembleFile, jsonLines, newFolder } from '../support/cli.js';
import { startService } from '../support/service.js';
import { onTerminal } from './pty.js';

/** A title for the window, "clear the screen" in two encodings, a bell, text that runs backwards, and a line like ours. */
const SLY = '\u001b]0;title\u0007\u001b[2J\u009b2J\u007f\u202eoh no\rensemble: all is well';
const ESCAPED = '\\u001b]0;title\\u0007\\u001b[2J\\u009b2J\\u007f\\u202eoh no\\u000densemble: all is well';
/** In the notation that YAML, JSON, JavaScript and Python have in common. */
const WRITTEN = JSON.stringify(SLY)
  .slice(1, -1)
  .replace(/[^ -~]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);

// biome-ignore lint/suspicious/noControlCharactersInRegex: the very thing that must not be there
const CONTROLS = /[\u0001-\u0008\u000b-\u001f\u007f-\u009f\u202e\u2028]/;
const clean = (text: string) => expect(text).not.toMatch(CONTROLS);

/**
 * Runs a command into files and on a terminal. Files must not contain control characters, and the terminal only our
 * own.
 */
async function everywhere(args: readonly string[], options: { cwd?: string } = {}) {
  const { stdout, stderr, status } = await cli(args, options);
  clean(stdout);
  clean(stderr);
  const shown = await onTerminal(args);
  for (const sequence of [
    '\u001b]',
    '\u001b[2J',
    '\u0007',
    '\u009b',
    '\u007f',
    '\u202e',
    '\rensemble: all',
  ]) {
    expect(shown).not.toContain(sequence);
  }
  return { text: stdout + stderr, status };
}

const custom = (source: string) =>
  ensembleFile(`jobs: [{name: a, command: 'true'}]
rules: [{trigger: start, action: {name: custom, label: f}}]
custom: |
  ${source.trim().replaceAll('\n', '\n  ')}
`);

describe.concurrent('control sequences are escaped', () => {
  test.each([
    [
      'the error of a function in Python',
      `def f():\n    raise RuntimeError("${WRITTEN}\\nensemble: error: not ours")`,
    ],
    [
      'the error of a function in JavaScript',
      `function f() { throw new Error("${WRITTEN}\\nensemble: error: not ours"); }`,
    ],
    ['what a function in Python prints', `def f():\n    print("${WRITTEN}")`],
    [
      'what a function in JavaScript prints',
      `function f() { console.log("${WRITTEN}"); process.stdout.write("${WRITTEN}\\n"); }`,
    ],
    ['a label that a function returns', `const f = () => ({ name: 'submit', label: "${WRITTEN}" });`],
    ['the exception of a module', `throw new Error("${WRITTEN}"); function f() {}`],
    ['what a module prints', `console.log("${WRITTEN}"); function f() {}`],
  ])('in %s', async (_where, source) => {
    const path = custom(source);
    const { text } = await everywhere(['run', path]);
    // A carriage return ends a line of output, as a newline does.
    expect(text.replace('oh no\n   ensemble', 'oh no\\u000densemble')).toContain(ESCAPED);
    expect(text).not.toMatch(/^ensemble: error: not ours/m);
    await everywhere(['validate', path]);
  });

  test('in JSON by the escapes of JSON', async () => {
    const finished = await cli(['run', '--json', custom(`def f():\n    raise RuntimeError("${WRITTEN}")`)]);
    clean(finished.stdout);
    const problem = jsonLines(finished).lines.find(({ type }) => type === 'problem');
    expect(problem?.message).toContain(SLY);
  });

  test('in names, commands, conditions and tests', async () => {
    const path = ensembleFile(`jobs: [{name: "a${WRITTEN}", command: "echo '${WRITTEN}'"}]
rules:
  - {name: "rule ${WRITTEN}", trigger: start, action: {name: submit, label: "a${WRITTEN}"}}
  - {trigger: start, action: {name: exec, command: "sh -c 'echo $0 >&2; echo $0; exit 3' '${WRITTEN}'"}}
tests:
  - {name: "test ${WRITTEN}", expect: {firings: []}}
`);
    for (const command of [['run'], ['run', '--dry-run'], ['validate'], ['test'], ['graph']]) {
      const { text } = await everywhere([...command, path]);
      if (command[0] !== 'validate' && command[0] !== 'graph') expect(text).toContain('\\u001b');
    }
    for (const command of [
      ['run', '--json'],
      ['run', '--dry-run', '--json'],
      ['test', '--json'],
      ['run', '--debug'],
    ]) {
      clean((await cli([...command, path])).stdout);
    }
  });

  test('in messages about a file and its YAML', async () => {
    const wrong = ensembleFile(`jobs: [{name: a, command: 'true', "${WRITTEN}": 1}]
rules: [{trigger: "${WRITTEN}", action: {name: submit, label: "${WRITTEN}"}}]
`);
    expect((await everywhere(['validate', wrong])).text).toContain('\\u001b');
    expect((await everywhere(['run', wrong])).text).toContain('\\u001b');
    await everywhere(['validate', ensembleFile(`jobs: [\n${SLY}\n`)]);
  });

  test('in arguments of the command line', async () => {
    for (const args of [
      [SLY],
      ['run', `--${SLY}`],
      ['run', '--executor', SLY, 'file'],
      ['run', `/nowhere/${SLY}`],
      ['test', `/nowhere/${SLY}`],
      ['replay', `/nowhere/${SLY}`],
      ['synth', '--jobs', SLY],
      ['act', SLY, 'submit', '--service', `/nowhere/${SLY}`],
    ]) {
      expect((await everywhere(args)).status).not.toBe(0);
    }
  });

  test('in plugins', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'study.mjs'), `throw new Error("${WRITTEN}");`);
    const path = ensembleFile('plugins: [./study.mjs]\njobs: []\nrules: []\n', folder);
    expect((await everywhere(['validate', path])).text).toContain(ESCAPED);
  });

  test('in the output and the audit of a service', async () => {
    const service = await startService();
    const path = ensembleFile(`jobs: [{name: "a${WRITTEN}", command: 'true'}]
rules: [{name: "rule ${WRITTEN}", trigger: start, action: {name: submit, label: "a${WRITTEN}"}}]
`);
    const running = service.start('run', path, '--watch', '--name', SLY, '--service');
    await running.printed('submit');
    for (const args of [
      ['ls'],
      ['status'],
      ['status', '--json'],
      ['ls', '--json'],
      ['watch', '--json', 'nowhere'],
    ]) {
      const { stdout, stderr } = await service.cli(...args);
      clean(stdout);
      clean(stderr);
    }
    const { stdout, stderr } = await service.cli('act', SLY, 'submit', SLY);
    clean(stdout);
    clean(stderr);
    running.process.kill('SIGTERM');
    clean((await running.finished).stdout);
    const audited = await service.stop();
    expect(audited.stderr).toContain('\\u001b');
    clean(audited.stderr);
  });

  test('in a recording', async () => {
    const path = join(newFolder(), 'recording.ndjson');
    writeFileSync(path, `${SLY}\n{"id":1,"events":[{"timestamp":1,"name":"${WRITTEN}"}]}\n`);
    await everywhere(['replay', path]);
    await everywhere(['stats', path]);
  });
});
