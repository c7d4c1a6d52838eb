/** The process of a run dies, and so does the controller of Slurm. Jobs write down that they ran. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventually } from '../support/cli.js';
import { allGood, reportOf } from '../support/flux-instance.js';
import { describeSlurm, newPlace } from '../support/slurm-runs.js';

const noteIn = (folder: string) => {
  const path = join(folder, 'ran');
  return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : [];
};

describeSlurm('a run under Slurm', { nodes: 2, cpus: 16 }, (runs) => {
  test('goes on when the controller hangs, and when it dies', async () => {
    const place = newPlace();
    const { folder } = place;
    const waiting = (name: string) =>
      `{name: ${name}, command: "sh -c 'until [ -e FOLDER/go-${name} ]; do sleep 0.05; done; echo ${name}{{id}} >> FOLDER/ran'", count: 3}`;
    const running = runs.begin(
      runs.file(
        `
jobs: [${['a', 'b', 'c'].map(waiting).join(', ')}]
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: metric, when: count.a.success == 3, action: {name: submit, label: b}}
  - {trigger: metric, when: count.b.success == 3, action: {name: submit, label: c}}
`,
        place,
      ),
      place,
    );
    const go = (name: string) => writeFileSync(join(folder, `go-${name}`), '');
    const run = (name: string) =>
      eventually(async () => (await runs.tasks(name, 'R')).length === 3, `${name} runs`, 30);
    go('c');
    await run('a');
    runs.cluster.signalController('SIGSTOP');
    // The ends are known without the controller, which gets the next submission, but can't answer.
    go('a');
    await running.printed('does not answer');
    runs.cluster.signalController('SIGCONT');
    await run('b');
    await runs.cluster.saved();
    runs.cluster.signalController('SIGKILL');
    go('b');
    await eventually(() => noteIn(folder).length === 6, 'all of b ran', 30);
    runs.cluster.startController();
    const { counts, problems } = reportOf(await running.finished);
    expect(counts).toMatchObject({ a: allGood(3), b: allGood(3), c: allGood(3) });
    expect(new Set(noteIn(folder)).size).toBe(9);
    expect(noteIn(folder)).toHaveLength(9);
    expect(problems.slice(0, 2)).toEqual([
      expect.stringContaining('does not answer'),
      'the controller of Slurm answers again',
    ]);
  });

  test('that is killed and resumed runs each job once, and knows the ends of the time between', async () => {
    const place = newPlace();
    const { folder } = place;
    const file = runs.file(
      `
jobs:
  - {name: a, command: "sh -c 'echo a{{id}} >> FOLDER/ran; exit {{code}}'", parameters: {code: [0, 1], i: [1, 2, 3, 4, 5, 6]}, retry: {times: 1}}
  - {name: b, command: "sh -c 'until [ -e FOLDER/go ]; do sleep 0.05; done; echo b{{id}} >> FOLDER/ran'", count: 10}
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: start, action: {name: submit, label: b}}
`,
      place,
    );
    let running = runs.begin(file, place);
    const kill = async () => {
      running.process.kill('SIGKILL');
      await running.finished;
    };
    await eventually(() => noteIn(folder).length > 0, 'a job has run', 30);
    await kill();
    running = runs.resume(place);
    // Once while it takes in the run, and once when all jobs of b run.
    await running.printed('"resumed"');
    await kill();
    running = runs.resume(place);
    await eventually(async () => (await runs.tasks('b', 'R')).length === 10, 'all of b run', 30);
    await kill();
    writeFileSync(join(folder, 'go'), '');
    await eventually(async () => (await runs.tasks('a,b', 'R,PD,CG')).length === 0, 'all have ended', 30);
    running = runs.resume(place);
    const { counts } = reportOf(await running.finished);
    expect(counts).toMatchObject({
      a: { submitted: 18, success: 6, failed: 12, retried: 6 },
      b: allGood(10),
    });
    expect(new Set(noteIn(folder)).size).toBe(28);
    expect(noteIn(folder)).toHaveLength(28);
  });
});
