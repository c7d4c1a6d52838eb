import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, ensembleFile, root } from '../support/cli.js';
import { onTerminal } from './pty.js';

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

  test('is a line of the terminal that is erased before other output', async () => {
    const output = await onTerminal(['run', slow, '--slots', '1'], { env: { NO_COLOR: '1' } });
    expect(output).toMatch(/\d of [45] jobs done, 1 running, \d waiting/);
    expect(output).not.toMatch(color);
    // The visible part of each line: the text after it was last erased.
    const left = output.split(/\r*\n/).map((line) => line.split('\u001b[2K').at(-1));
    expect(left.filter((line) => line?.includes('jobs done'))).toEqual([]);
    expect(left).toContain(' => trigger count.a.success == 2');
    expect(left.at(-2)).toMatch(/^nothing left to do after/);
  });

  test('fits into one line of a narrow terminal, with whole numbers', async () => {
    const output = await onTerminal(['run', slow, '--slots', '1'], { columns: 30, env: { NO_COLOR: '1' } });
    expect(output).toMatch(/\d of \d jobs done, 1 running/);
    expect(output).not.toMatch(/running, \d/);
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
  const free = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => free.once('listening', resolve));
  const { port } = free.address() as { port: number };
  await new Promise((resolve) => free.close(resolve));
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
