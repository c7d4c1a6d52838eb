/** Terminals that have no room for everything: what is shown is whole. */

import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { widthOf } from '../../src/text/width.js';
import { ensembleFile, eventually } from '../support/cli.js';
import { startService, type TestService } from '../support/service.js';
import { onTerminal, startOnTerminal } from './pty.js';

/** The lines of what a live view has drawn last. */
function lastPicture(output: string): string[] {
  // The last one may not have come whole.
  const picture = output.split('\u001b[H').at(-2) ?? '';
  return stripVTControlCharacters(picture).split(/\r*\n/);
}

describe('a view of a run on a narrow terminal', () => {
  const queue = ensembleFile(`jobs:
  - {name: sim, command: sleep 60, count: 356}
  - {name: 日本語-a-group-with-a-long-name, command: sleep 60}
rules:
  - {trigger: start, action: {name: submit, label: sim}}
`);
  let service: TestService;

  beforeAll(async () => {
    service = await startService();
    service.start('run', queue, '--service', '--name', 'study', '--slots', '1');
    await eventually(async () => {
      const [study] = await service.client.list().catch(() => []);
      return study?.counts?.pending === 355;
    }, '355 jobs wait');
  }, 60_000);

  afterAll(async () => {
    await service.cli('act', 'study', 'terminate');
    await service.stop();
  }, 60_000);

  test.each([80, 60, 40])('one ensemble in %i columns is shown with whole numbers', async (columns) => {
    const terminal = startOnTerminal(['watch', 'study'], { columns, env: service.env });
    let picture: string[] = [];
    await eventually(async () => {
      picture = lastPicture(await terminal.printed('Ctrl-C'));
      return picture.some((line) => line.startsWith('sim '));
    }, 'sim is shown');
    terminal.kill();
    const titles = picture.find((line) => line.startsWith('jobs'))?.split(/ +/) ?? [];
    const numbers = picture.find((line) => line.startsWith('sim'))?.split(/ +/) ?? [];
    expect(numbers[titles.indexOf('pending')]).toBe('355');
    expect(numbers[titles.indexOf('running')]).toBe('1');
    for (const line of picture) expect(widthOf(line)).toBeLessThanOrEqual(columns);
    expect(picture.join(' ')).toMatch(/\b1 firing\b/);
  });

  test.each([80, 60, 40])('all ensembles in %i columns are shown with whole numbers', async (columns) => {
    const picture = stripVTControlCharacters(await onTerminal(['ls'], { columns, env: service.env }));
    const lines = picture.split(/\r*\n/);
    for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(columns);
    expect(picture).toMatch(/\bpending\b/);
    expect(picture).toMatch(/\b355\b/);
  });
});

test.each([80, 60, 40])('the tables at the end of a run fit into %i columns', async (columns) => {
  const file = ensembleFile(`jobs: [{name: a-simulation, command: 'true', count: 3}]
rules: [{trigger: start, action: {name: submit, label: a-simulation}}]
`);
  const output = stripVTControlCharacters(await onTerminal(['run', file, '--json'], { columns }));
  const summary = JSON.parse(output.trimEnd().split('\r\n').at(-1) ?? '');
  expect(summary.groups['a-simulation'].count.success).toBe(3);
  const lines = stripVTControlCharacters(await onTerminal(['run', file], { columns })).split(/\r*\n/);
  const tables = lines.slice(lines.findIndex((line) => line.startsWith('jobs ')));
  for (const line of tables) expect(widthOf(line)).toBeLessThanOrEqual(columns);
  const titles = tables.filter((line) => /^(jobs|seconds) /.test(line)).flatMap((line) => line.split(/ +/));
  for (const title of ['success', 'failed', 'pending', 'running', 'variance', 'max', 'iqr', 'mad']) {
    expect(titles).toContain(title);
  }
});
