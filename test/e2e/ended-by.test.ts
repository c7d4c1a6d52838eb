/** The cause of a run's end is shown. */

import { describe, expect, test } from 'vitest';
import { cli, ensembleFile, eventually, jsonLines, newFolder } from '../support/cli.js';
import { startService } from '../support/service.js';

/** An ensemble whose second rule ends it when a job has; `action` is that of the rule. */
const ended = (action: string, more = '') =>
  ensembleFile(`jobs: [{name: a, command: 'true'}]
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: job-success, name: a, action: ${action}}
${more}`);

/** How the run ended, as text and in the summary. */
async function endOf(file: string) {
  const [text, json] = await Promise.all([cli(['run', file]), cli(['run', '--json', file])]);
  const { summary } = jsonLines(json);
  return { text: text.stdout.trimEnd().split('\n').at(-1), summary, status: json.status };
}

describe.concurrent("the cause of a run's end", () => {
  test('is missing when the run ends by itself', async () => {
    const { text, summary } = await endOf(ended('{name: submit, label: a}'));
    expect(text).toMatch(/^nothing left to do after /);
    expect(summary).toMatchObject({ end: 'idle', by: null });
  });

  test('is the rule that ended it, by name', async () => {
    const { text, summary } = await endOf(ended('{name: terminate}'));
    expect(text).toMatch(/^terminated by the rule 'a' \(rules\[1\]\) after /);
    expect(summary).toMatchObject({ end: 'terminated', by: { kind: 'rule', rule: 1, name: 'a' } });
  });

  test('is the rule whose function returned the action', async () => {
    const function_ = 'custom: |\n  function over() { return { name: "terminate" }; }\n';
    const { text, summary } = await endOf(ended('{name: custom, label: over}', function_));
    expect(text).toMatch(/^terminated by custom function 'over' of the rule 'a' \(rules\[1\]\) after /);
    expect(summary).toMatchObject({
      end: 'terminated',
      by: { kind: 'code', rule: 1, name: 'a', code: "custom function 'over'" },
    });
  });

  test('is the function that ended it through its handle', async () => {
    const function_ = 'custom: |\n  function over({ handle }) { handle.terminate(); }\n';
    const { text, summary } = await endOf(ended('{name: custom, label: over}', function_));
    expect(text).toMatch(/^terminated by custom function 'over' of the rule 'a' \(rules\[1\]\) after /);
    expect(summary).toMatchObject({ by: { kind: 'code', rule: 1, code: "custom function 'over'" } });
  });

  test('is the rule whose program returned the action', async () => {
    const { text } = await endOf(ended(`{name: exec, command: "echo '{\\"name\\": \\"terminate\\"}'"}`));
    expect(text).toMatch(/^terminated by exec 'echo .*' of the rule 'a' \(rules\[1\]\) after /);
  });

  test('is the action that failed', async () => {
    const { text, summary, status } = await endOf(ended('{name: exec, command: "false", onError: stop}'));
    expect(text).toMatch(/^stopped by a failed action of the rule 'a' \(rules\[1\]\) after /);
    expect(summary).toMatchObject({ end: 'stopped', by: { kind: 'rule', rule: 1, name: 'a' } });
    expect(status).toBe(1);
  });

  test('is the user who requested it, in every view', async () => {
    const service = await startService();
    const file = ensembleFile(`jobs: [{name: a, command: sleep 100}]
rules: [{trigger: start, action: {name: submit, label: a}}]
`);
    const text = service.start('run', file, '--name', 'text', '--service');
    const json = service.start('run', file, '--name', 'json', '--json', '--service');
    const running = async () => (await service.client.list()).filter(({ counts }) => counts?.running === 1);
    await eventually(async () => (await running()).length === 2, 'both run');
    const watching = service.start('watch', 'text');
    await watching.printed('is running');
    for (const name of ['text', 'json']) await service.client.act(name, { name: 'terminate' });
    const who = `uid:${process.getuid?.()}`;
    const words = `terminated by request of ${who}`;
    expect((await text.finished).stdout).toContain(`${words} after`);
    expect(jsonLines(await json.finished).summary).toMatchObject({
      end: 'terminated',
      by: { kind: 'request', askedBy: who },
    });
    expect((await watching.finished).stdout).toMatch(new RegExp(`is ${words}$`, 'm'));
    expect((await service.cli('ls')).stdout.split(words)).toHaveLength(3);
    expect((await service.cli('status', 'text')).stdout).toContain(words);
    await service.stop();
  });
});

test('a replay names the rule that would have ended the run', async () => {
  const recording = `${newFolder()}/run.ndjson`;
  const file = ended('{name: terminate}');
  expect((await cli(['run', file, '--record', recording])).status).toBe(0);
  expect((await cli(['replay', recording, file])).stdout).toContain(
    "replayed (the rule 'a' (rules[1]) would have ended the run)",
  );
  const { summary } = jsonLines(await cli(['replay', recording, file, '--json']));
  expect(summary).toMatchObject({ end: 'terminated', by: { kind: 'rule', rule: 1, name: 'a' } });
});
