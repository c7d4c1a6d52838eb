/** `retry:` of a job group, as a user sees it. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openRun } from '../../src/index.js';
import { listRuns } from '../../src/store/runs.js';
import { cli, ensembleFile, jsonLines, newFolder, start } from '../support/cli.js';

/** Fails as often as the file `tries` says, in the folder; then goes well. */
const flaky = (folder: string, times: number) =>
  `sh -c 'echo {{t}} >> ${folder}/tries; test $(grep -c {{t}} ${folder}/tries) -gt ${times}'`;

const yaml = (folder: string, retry: string, more = '') => `
jobs:
  - name: a
    command: "${flaky(folder, 2)}"
    parameters: {t: [one, two]}
    retry: ${retry}
rules:
  - {trigger: start, action: {name: submit, label: a}}
${more}`;

async function run(text: string, folder: string) {
  const recording = join(folder, 'run.ndjson');
  const finished = await cli(['run', '--json', '--record', recording, ensembleFile(text, folder)]);
  const { lines, summary } = jsonLines(finished);
  return { finished, summary, retries: lines.filter(({ type }) => type === 'retry'), recording };
}

describe.concurrent('retry', () => {
  test('a failed job is submitted again with its parameters until it succeeds', async () => {
    const folder = newFolder();
    const { summary, retries, recording } = await run(yaml(folder, '3'), folder);
    expect(summary).toMatchObject({ end: 'idle' });
    expect(summary.groups.a?.count).toMatchObject({ submitted: 6, failed: 4, success: 2, retried: 4 });
    for (const [index, t] of ['one', 'two'].entries()) {
      expect(retries.filter((each) => each.index === index)).toEqual(
        [1, 2].map((attempt) =>
          expect.objectContaining({
            group: 'a',
            entry: index,
            attempt,
            parameters: { t },
            rule: 0,
            firing: 0,
          }),
        ),
      );
    }
    const last = readFileSync(recording, 'utf8')
      .split('\n')
      .findLast((line) => line.includes('"t":"one"'));
    expect(JSON.parse(last ?? '').jobspec.attributes.user).toMatchObject({
      parameters: { t: 'one' },
      origin: { entry: 0, rule: 0, firing: 0, index: 0, attempt: 2 },
    });
  });

  test('other parameters each time are in the jobs, and a success in the end is one for the exit status', async () => {
    const folder = newFolder();
    const text = `jobs:
  - name: a
    command: sh -c 'test {{memory}} -ge 4'
    parameters: {memory: 1, part: one}
    retry: {times: 3, parameters: {memory: memory * 2}}
rules:
  - {trigger: start, action: {name: submit, label: a}}
`;
    const env = { XDG_STATE_HOME: folder };
    const finished = await cli(['run', '--json', ensembleFile(text, folder)], { env });
    expect(finished.status).toBe(0);
    const { summary } = jsonLines(finished);
    expect(summary.groups.a?.count).toMatchObject({ submitted: 3, failed: 2, success: 1, retried: 2 });
    const [run] = listRuns(join(folder, 'flux-ensemble')).runs;
    const rows = [];
    for await (const { parameters, attempt, result } of (await openRun(run?.path ?? '')).jobs()) {
      rows.push([parameters, attempt, result]);
    }
    expect(rows).toEqual([
      [{ memory: 1, part: 'one' }, 0, 'failed'],
      [{ memory: 2, part: 'one' }, 1, 'failed'],
      [{ memory: 4, part: 'one' }, 2, 'completed'],
    ]);
  });

  test('the run waits for the backoff, and gives up after the last attempt', async () => {
    const folder = newFolder();
    const { summary, finished } = await run(yaml(folder, '{times: 1, backoff: 300ms, on: failed}'), folder);
    expect(summary).toMatchObject({ end: 'idle' });
    expect(summary.groups.a?.count).toMatchObject({ submitted: 4, failed: 4, success: 0, retried: 2 });
    expect((summary as unknown as { seconds: number }).seconds).toBeGreaterThan(0.3);
    expect(finished.status).toBe(1);
  });

  test('failures that retry does not name are final', async () => {
    const folder = newFolder();
    const { summary } = await run(yaml(folder, '{times: 3, on: [timeout, {exception: exec}]}'), folder);
    expect(summary.groups.a?.count).toMatchObject({ submitted: 2, failed: 2, retried: 0 });
  });

  test('a job that was filled in at submission is submitted again unchanged', async () => {
    const folder = newFolder();
    const { retries, summary } = await run(
      `
jobs:
  - {name: first, command: "true"}
  - name: a
    command: "sh -c 'echo {{index}} {{event.name}} {{n}} >> ${folder}/told; exit 1'"
    parameters: {n: 1}
    retry: 1
rules:
  - {trigger: start, action: {name: submit, label: first}}
  - {trigger: job-finish, name: first, action: {name: submit, label: a, parameters: {n: 5}}}
`,
      folder,
    );
    expect(readFileSync(join(folder, 'told'), 'utf8')).toBe('0 finish 5\n0 finish 5\n');
    expect(retries).toMatchObject([
      { attempt: 1, parameters: { n: 5 }, text: expect.stringContaining('0 finish 5') },
    ]);
    expect(summary.groups.a?.count).toMatchObject({ submitted: 2, retried: 1 });
  });

  test('a rule may count retries, and the end of the run ends their backoff', async () => {
    const folder = newFolder();
    const rule = '  - {trigger: metric, name: count.a.retried, when: 2, action: {name: terminate}}';
    const { summary } = await run(yaml(folder, '{times: 9, backoff: 1h}', rule), folder);
    expect(summary).toMatchObject({ end: 'terminated' });
    expect(summary.groups.a?.count).toMatchObject({ submitted: 2, retried: 2 });
  });

  test('an interrupted run does not wait for the backoff', async () => {
    const folder = newFolder();
    const running = start([
      'run',
      ensembleFile(
        yaml(
          folder,
          '{times: 9, backoff: 1h}',
          `
  - {trigger: metric, name: count.a.retried, when: 2, action: {name: submit, label: a}}`,
        ),
        folder,
      ),
    ]);
    await running.printed('count.a.retried');
    running.process.kill('SIGINT');
    expect(await running.finished).toMatchObject({ status: 130 });
  });

  test('a replay reports retries without performing them', async () => {
    const folder = newFolder();
    const { recording, summary } = await run(yaml(folder, '{times: 2, backoff: 20ms}'), folder);
    const replayed = await cli(['replay', recording, join(folder, 'ensemble.yaml')]);
    const again = await cli(['replay', recording, join(folder, 'ensemble.yaml'), '--speed', 'max']);
    expect(replayed.stdout).toBe(again.stdout);
    expect(replayed.stdout.match(/^ => retry \d of job .* at 20/gm)).toHaveLength(4);
    expect(replayed.stdout).toContain('would submit a (name:a),');
    expect(replayed.stdout).toMatch(/^jobs .* retried /m);
    expect(summary.groups.a?.count.retried).toBe(4);
  });
});
