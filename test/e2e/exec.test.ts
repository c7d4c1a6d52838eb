/** The action `exec`: programs receive the event and print the next actions. */

import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, ensembleFile, eventually, jsonLines, newFolder, processesWith, start } from '../support/cli.js';

/** A program of these lines of shell, in a folder of its own. */
function program(script: string): string {
  const path = join(newFolder(), 'program.sh');
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Runs the program when the one job of group a has finished. */
const calling = (command: string, more = '') => `
jobs:
  - {name: a, command: 'true'}
  - {name: b, command: 'true', count: 2}
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - trigger: job-finish
    name: a
    action:
      name: exec
      command: ${JSON.stringify(command)}
      ${more}
`;

async function run(yaml: string) {
  const finished = await cli(['run', '--json', ensembleFile(yaml)]);
  const { lines, summary } = jsonLines(finished);
  const of = (type: string) => lines.filter((line) => line.type === type);
  return {
    status: finished.status,
    output: of('output').map(({ line }) => line),
    problems: of('problem').map(({ code, message }) => [code, message]),
    submitted: summary.groups.b?.count.submitted,
  };
}

describe.concurrent('exec actions', () => {
  test('the program receives the event, and its answer is performed', async () => {
    const told = join(newFolder(), 'told.json');
    const path = program(`cat > '${told}'; echo noted >&2; echo '{"name": "submit", "label": "b"}'`);
    const result = await run(calling(`${path} 'one word' two`));
    expect(result).toEqual({ status: 0, output: ['noted'], problems: [], submitted: 2 });
    const { event, metrics, rule, action } = JSON.parse(readFileSync(told, 'utf8'));
    expect(event).toMatchObject({ name: 'finish', group: 'a', context: { status: 0 } });
    expect(metrics.a.count).toMatchObject({ submitted: 1, finished: 1 });
    expect(metrics.a.duration.count).toBe(1);
    expect(rule).toBe('a');
    expect(action.command).toEqual([path, 'one word', 'two']);
  });

  test('the answer may be a list with a rule, or empty', async () => {
    const rule = '{"trigger":"job-finish","name":"b","action":{"name":"submit","label":"b","value":1}}';
    const path = program(`echo '[${rule}, {"name":"submit","label":"b"}]'`);
    expect(await run(calling(path))).toMatchObject({ problems: [], submitted: 3 });
    expect(await run(calling('true'))).toMatchObject({ problems: [], submitted: 0 });
  });

  test.each([
    ['an exit status', 'exit 3', /failed: it ended with exit status 3$/],
    ['a signal', 'kill -9 $$', /failed: it ended with SIGKILL$/],
    ['no JSON', 'echo submit', /failed: its output is not JSON: /],
    ['no action', 'echo 7', /returned an invalid action: /],
    ['an unknown group', `echo '{"name":"submit","label":"c"}'`, /invalid action: .*'c'/],
    ['too much output', 'yes', /failed: it printed more than 1048576 bytes$/],
  ])('%s fails the action, and the run continues', async (_what, script, message) => {
    const { status, problems, submitted } = await run(calling(program(script)));
    expect([status, submitted]).toEqual([0, 0]);
    expect(problems).toEqual([['ERR_CUSTOM', expect.stringMatching(message)]]);
    expect(problems[0]?.[1]).toMatch(/^rule 'a' \(rules\[1\]\): exec '\/.*program\.sh' /);
  });

  test.each([
    ['not there', '/nowhere/program', 'no such file or directory (ENOENT)'],
    ['no program', '/etc/passwd', 'permission denied (EACCES)'],
  ])('a program that is %s is reported', async (_what, command, reason) => {
    const { problems } = await run(calling(command));
    const message = `rule 'a' (rules[1]): exec '${command}' failed: it can't be started: ${reason}`;
    expect(problems).toEqual([['ERR_CUSTOM', message]]);
  });

  test('a program that exceeds its timeout is killed with its descendants', async () => {
    const pids = join(newFolder(), 'pids');
    const path = program(`echo $$ >> '${pids}'; sleep 1000 & echo $! >> '${pids}'; wait`);
    const { problems } = await run(calling(path, 'timeout: 0.5'));
    expect(problems).toEqual([['ERR_CUSTOM_TIMEOUT', expect.stringContaining('within 0.5 s')]]);
    const started = readFileSync(pids, 'utf8').trim().split('\n');
    expect(started).toHaveLength(2);
    await eventually(() => started.every((pid) => !existsSync(`/proc/${pid}`)), 'they are gone');
  });

  test('the end of the run ends the program', async () => {
    const pid = join(newFolder(), 'pid');
    const path = program(`echo $$ > '${pid}.new'; mv '${pid}.new' '${pid}'; exec sleep 1000`);
    const running = start(['run', '--json', ensembleFile(calling(path))]);
    await eventually(() => existsSync(pid), 'it runs');
    running.process.kill('SIGINT');
    expect((await running.finished).status).toBe(130);
    const started = readFileSync(pid, 'utf8').trim();
    await eventually(() => !existsSync(`/proc/${started}`), 'it is gone');
  });

  test('SIGKILL of the run ends the program and its descendants', async () => {
    const sleep = `sleep 3000.1${process.pid}`;
    // One in the program's process group, and one in a group that timeout(1) makes.
    const path = program(`${sleep} & timeout 9999 ${sleep} & ${sleep}; true`);
    const running = start(['run', '--json', ensembleFile(calling(path))]);
    await eventually(async () => (await processesWith(sleep)).length === 4, 'all run');
    running.process.kill('SIGKILL');
    expect((await running.finished).signal).toBe('SIGKILL');
    const left = async () => [...(await processesWith(sleep)), ...(await processesWith(path))];
    await eventually(async () => (await left()).length === 0, 'all are gone');
  });

  test('processes that a program leaves in its process group end with it', async () => {
    const sleep = `sleep 3000.2${process.pid}`;
    const path = program(`${sleep} > /dev/null 2>&1 & echo '{"name": "submit", "label": "b"}'`);
    expect(await run(calling(path))).toMatchObject({ status: 0, problems: [], submitted: 2 });
    expect(await processesWith(sleep)).toEqual([]);
  });

  test.each([
    ['no command', '{name: exec}', /'command' is missing: exec needs a program to run/],
    ['an open quote', `{name: exec, command: "a 'b"}`, /a quote that is never closed/],
    ['blanks', '{name: exec, command: "  "}', /must name a program/],
  ])('validate reports %s', async (_what, action, message) => {
    const { status, stdout } = await cli([
      'validate',
      ensembleFile(`
jobs: [{name: a, command: 'true'}]
rules: [{trigger: start, action: ${action}}]
`),
    ]);
    expect([status, stdout]).toEqual([2, expect.stringMatching(message)]);
  });
});
