import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, ensembleFile, root } from '../support/cli.js';
import { freePort } from '../support/free-port.js';
import { screenOf } from '../support/screen.js';
import { onTerminal, startOnTerminal } from './pty.js';

const ansi = '\u001b[';
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is how a colour begins
const color = /\u001b\[[\d;]*m/;

const file = ensembleFile(`jobs: [{name: a, command: 'true'}]
rules: [{trigger: start, action: {name: submit, label: a}}]
`);

test('colours are used only on terminals', async () => {
  const colored = await onTerminal(['run', file]);
  expect(colored).toContain(' => trigger start');
  expect(colored).toContain(ansi);
  expect(await onTerminal(['run', file], { env: { NO_COLOR: '1' } })).not.toMatch(color);
  expect((await cli(['run', file])).stdout).not.toContain(ansi);
  expect((await cli(['run', file], { env: { FORCE_COLOR: '1' } })).stdout).not.toContain(ansi);
});

describe('the progress of a run', () => {
  const slow = ensembleFile(`jobs: [{name: a, command: sleep 0.8, count: 4}]
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: metric, when: count.a.success == 2, action: {name: submit, label: a, value: 1}}
`);

  test('is at the bottom of the terminal, with what the run waits for, and is gone at the end', async () => {
    const run = startOnTerminal(['run', slow, '--slots', '1'], { env: { NO_COLOR: '1' } });
    const during = await screenOf(await run.printed('rule 1 waits'));
    const bar = during.findIndex((line) => /^a [█▒░]+ \d\/4 {2}1 running, \d waiting$/.test(line));
    expect(during.slice(bar + 1)).toEqual([
      expect.stringMatching(/^\d of 4 jobs done, 1 running, \d waiting/),
      expect.stringMatching(/^rule 1 waits for count\.a\.success == 2: \d now$/),
    ]);
    expect(during.slice(0, bar)).toContain(' => trigger start');
    const output = await run.output;
    expect(output).not.toMatch(color);
    const after = await screenOf(output);
    expect(after.filter((line) => /jobs done|waits for|░/.test(line))).toEqual([]);
    expect(after).toContain(' => trigger count.a.success == 2');
    expect(after.at(-1)).toMatch(/^nothing left to do after/);
  });

  test('fits into a narrow terminal, with whole numbers', async () => {
    const options = { columns: 30, env: { NO_COLOR: '1' } };
    const run = startOnTerminal(['run', slow, '--slots', '1'], options);
    const during = await screenOf(await run.printed('rule 1'), 30);
    expect(during.at(-3)).toMatch(/^a [█▒░]+ \d\/4 {2}1 running$/);
    expect(during.at(-2)).toMatch(/^\d of 4 jobs done, 1 running$/);
    expect(during.at(-1)).toMatch(/^rule 1 .*…/);
    run.kill();
  });

  test('is shown only on terminals that can erase it', async () => {
    const [piped, json, dumb] = await Promise.all([
      cli(['run', slow, '--slots', '1']).then(({ stdout, stderr }) => stdout + stderr),
      onTerminal(['run', slow, '--slots', '1', '--json']),
      onTerminal(['run', slow, '--slots', '1'], { env: { TERM: 'dumb' } }),
    ]);
    for (const output of [piped, json, dumb]) {
      expect(output).toContain('success');
      expect(output).not.toContain('jobs done');
    }
  });
});

test('names can’t write escape sequences to the terminal', async () => {
  const sly = ensembleFile(`jobs: [{name: "a\\e[31m\\nb", command: 'true'}]
rules: [{trigger: start, action: {name: submit, label: "a\\e[31m\\nb"}}]
`);
  const { stdout, status } = await cli(['run', sly]);
  expect(status).toBe(0);
  expect(stdout).not.toContain('\u001b');
});

test('the service example works while its ensemble runs', async () => {
  const port = await freePort();
  const child = spawn(process.execPath, [join(root, 'examples/http-service.mjs')], {
    cwd: root,
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  const exit = new Promise((resolve) => child.on('close', resolve));
  let groups: Record<string, { count: { submitted: number } }> = {};
  for (let i = 0; i < 100 && groups.sleep?.count.submitted !== 5; i++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    groups = await fetch(`http://127.0.0.1:${port}/`)
      .then((response) => response.json() as Promise<typeof groups>)
      .catch(() => ({}));
  }
  expect(groups.sleep?.count.submitted).toBe(5);
  expect(await exit).toBe(0);
  expect(output).toContain('count.sleep.success: submit echo');
  expect(output).toContain('the ensemble has ended: idle');
});
