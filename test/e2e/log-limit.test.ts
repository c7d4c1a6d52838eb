/** The log of a run is bounded: its beginning is removed, and nothing of the run is lost. */

import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, ensembleFile, eventually, jsonLines, newFolder, start } from '../support/cli.js';
import { jsonOf } from '../support/service.js';

/** Each job that succeeds is followed by another one, so few are active at once. */
const FIRST = 12;
const MORE = 2000;
const JOBS = FIRST + MORE;

test('a run whose log has lost its beginning is resumed, and all its jobs are known', async () => {
  const folder = newFolder();
  const state = join(folder, 'state');
  const file = ensembleFile(`jobs:
  - {name: first, command: 'true', count: ${FIRST}}
  - {name: many, command: 'true'}
  - {name: last, command: sh -c 'until test -e ${folder}/go; do sleep 0.05; done'}
rules:
  - {trigger: start, action: {name: submit, label: first}}
  - {trigger: job-success, name: first, action: {name: submit, label: many, repetitions: ${FIRST}}}
  - {trigger: job-success, name: many, action: {name: submit, label: many, repetitions: ${MORE}}}
  - {trigger: start, action: {name: submit, label: last}}
`);
  const limit = ['--state', state, '--log-limit', '128kB'];
  const running = start(['run', file, '--slots', '6', ...limit]);
  const listed = async () =>
    jsonOf<{ id: string; path: string }>(await cli(['runs', '--state', state, '--json']));
  await eventually(async () => (await listed()).length === 1, 'the run begins');
  const [{ id, path } = { id: '', path: '' }] = await listed();
  const files = () => readdirSync(join(path, 'log')).sort();
  const segments = () => files().filter((name) => name.endsWith('.segment'));
  await eventually(() => segments().length > 1 && segments()[0] !== '00000001.segment', 'the log is cut', 60);
  const results = async () =>
    (await cli(['jobs', '--state', state, '--csv', '--columns', 'group,result'])).stdout;
  const completed = (text: string) => text.split('\n').filter((line) => line === 'many,completed').length;
  await eventually(async () => completed(await results()) === JOBS, 'the jobs end', 60);
  running.process.kill('SIGKILL');
  await running.finished;
  expect(files().filter((name) => name.endsWith('.checkpoint'))).toHaveLength(2);

  expect(completed(await results())).toBe(JOBS);
  const why = await cli(['why', '2', '--state', state]);
  expect(why.stderr).toMatch(
    /^ensemble: warning: the log of run \S+ begins at \S+ \S+, because of its limit \(--log-limit\)/,
  );
  expect(why.stdout).toContain(`fired ${MORE}`);

  writeFileSync(join(folder, 'go'), '');
  const resumed = await cli(['resume', '--state', state, '--json', id]);
  expect(resumed.status).toBe(0);
  const { groups } = jsonLines(resumed).summary;
  expect(groups.many?.count).toMatchObject({ submitted: JOBS, success: JOBS });
  expect(groups.many?.duration.count).toBe(JOBS);
  expect(groups.last?.count).toMatchObject({ submitted: 1, success: 1 });
});
