/** Searches by an optimizer, through the command. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, ensembleFile, jsonLines, newFolder, start } from '../support/cli.js';

/** Writes down everything that it gets, and searches beside the best row. */
const OPTIMIZER = `
import os, random

class Search:
    def __init__(self, seed):
        self.random, self.best = random.Random(seed), None
        self.log = open(os.path.join(os.path.dirname(__file__), "log-%d" % os.getpid()), "w")

    def ask(self, n):
        center = 50 if self.best is None else self.best["parameters"]["x"]
        rows = [{"x": center + self.random.randint(-20, 20)} for _ in range(n)]
        print("asked", rows[0]["x"])
        return rows

    def tell(self, rows):
        for row in rows:
            print(row["row"], row["parameters"]["x"], row["objective"], file=self.log, flush=True)
            if self.best is None or row["objective"] < self.best["objective"]:
                self.best = row
`;

function study(): { readonly file: string; readonly folder: string } {
  const folder = newFolder();
  writeFileSync(join(folder, 'search.py'), OPTIMIZER);
  const file = ensembleFile(
    `jobs:
  - name: f
    command: sh -c 'echo loss=$((({{x}} - 37) * ({{x}} - 37))) >> $ENSEMBLE_TELL'
    tell: [loss]
    ask: {python: ./search.py, rows: 10, seed: 3}
  - {name: after, command: 'true'}
rules:
  - {trigger: start, action: {name: submit, label: f}}
  - {trigger: group-done, name: f, action: {name: submit, label: after}}
`,
    folder,
  );
  return { file, folder };
}

const stateOf = (folder: string) => ['--state', join(folder, 'state')];
const summaryOf = (finished: Parameters<typeof jsonLines>[0]) =>
  jsonLines(finished).summary as unknown as {
    readonly end: string;
    readonly searches: readonly { best: { job: string } }[];
    readonly groups: Record<string, { count: { submitted: number } }>;
  };

test('a search whose run is killed goes on to the same best row', async () => {
  const whole = study();
  const undisturbed = await cli(['run', whole.file, ...stateOf(whole.folder)]);
  expect(undisturbed.stdout).toMatch(
    /submit f a search by \.\/search\.py for the least loss, 1 job at once, 10 rows in all\n/,
  );
  const best = /best of f: loss (\d+) with x=(\d+) \(row (\d+) of 10, job ƒ\w+\)/.exec(undisturbed.stdout);
  expect(best).not.toBeNull();

  const cut = study();
  const running = start(['run', cut.file, ...stateOf(cut.folder)]);
  await running.printed('asked');
  await expect.poll(() => asked(cut.folder), { timeout: 20_000 }).toBeGreaterThan(3);
  running.process.kill('SIGKILL');
  await running.finished;
  const before = logsOf(cut.folder);
  const resumed = await cli(['resume', '--json', ...stateOf(cut.folder)], { cwd: process.cwd() });
  const { end, searches, groups } = summaryOf(resumed);
  expect(end).toBe('idle');
  expect(groups.after?.count.submitted).toBe(1);
  expect(searches).toEqual([
    {
      group: 'f',
      objective: 'loss',
      direction: 'minimize',
      asked: 10,
      ended: 10,
      repeated: expect.any(Number),
      best: {
        row: Number(best?.[3]),
        job: expect.any(String),
        objective: Number(best?.[1]),
        parameters: { x: Number(best?.[2]) },
      },
    },
  ]);
  // The new optimizer got all results, in the same order.
  const [first] = logsOf(whole.folder);
  expect(logsOf(cut.folder).filter((log) => !before.includes(log))).toEqual([first]);
  expect(first?.startsWith(before[0] ?? '-')).toBe(true);
});

function logsOf(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith('log-'))
    .map((name) => readFileSync(join(folder, name), 'utf8'));
}

/** Results that the optimizer has got. */
const asked = (folder: string) => (logsOf(folder)[0] ?? '').split('\n').length - 1;
