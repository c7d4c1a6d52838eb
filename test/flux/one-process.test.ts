/** Ensembles of one process with one Flux instance, and rules that need more of its events than the file. */

import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { newFolder, root } from '../support/cli.js';
import { allGood, describeFlux, type Instance, withInstance } from '../support/flux-instance.js';

/** Runs an ECMAScript module in an instance; resolves with the JSON that it prints. */
async function evaluate(instance: Instance, text: string): Promise<unknown> {
  const program = `import { Ensemble } from ${JSON.stringify(join(root, 'dist/index.js'))};\n${text}`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: newFolder(),
    env: { ...process.env, FLUX_URI: instance.uri },
    timeout: 60_000,
  });
  return JSON.parse(stdout);
}

const MANY = `
import { execFileSync } from 'node:child_process';
let begun;
const make = (rules) =>
  Ensemble.fromObject(
    {
      jobs: [{ name: 'a', command: 'true', count: 8, attributes: { system: { exec: { test: { run_duration: '3s' } } } } }],
      rules: [{ trigger: 'start', action: { name: 'submit', label: 'a' } }, ...rules],
    },
    { member: 'flux', observer: { performed: () => begun.resolve() } },
  );
const on = (event) => [{ trigger: event, name: 'a', action: { name: 'exec', command: 'true', repetitions: 2 } }];
// Each requests other events, and comes while the others follow the journal.
const ensembles = [make([]), make(on('job-alloc')), make(on('job-priority')), make([]), make(on('job-alloc'))];
const runs = [];
for (const ensemble of ensembles) {
  const performed = new Promise((resolve) => { begun = { resolve }; });
  runs.push(ensemble.run());
  await performed;
}
// One is that of Flux itself, for job-list. The stream before the last one may be closing while the last jobs run.
let listeners = 0;
for (let i = 0; i < 10 && listeners !== 2; i++) {
  await new Promise((resolve) => setTimeout(resolve, 200));
  const stats = execFileSync('flux', ['module', 'stats', 'job-manager'], { encoding: 'utf8' });
  listeners = JSON.parse(stats).journal.listeners;
}
const results = await Promise.all(runs);
const counts = results.map(({ metrics }) => metrics.groups.get('a').count);
const fired = results.map(({ rules }) => rules.map(({ firings }) => firings));
for (const ensemble of ensembles) await ensemble.close();
console.log(JSON.stringify({ listeners, counts, fired }));
`;

const ADDED = `
const ensemble = Ensemble.fromObject(
  {
    jobs: [{ name: 'a', command: 'true', count: 3 }, { name: 'b', command: 'true', count: 4 }],
    custom: './functions.mjs',
    rules: [
      { trigger: 'start', action: { name: 'submit', label: 'a' } },
      { trigger: 'group-done', name: 'a', action: { name: 'custom', label: 'watch' } },
    ],
  },
  { member: 'flux', log: false },
);
const { metrics, rules } = await ensemble.run();
await ensemble.close();
console.log(JSON.stringify({ counts: Object.fromEntries([...metrics.groups].map(([name, { count }]) => [name, count])), events: metrics.status.events, fired: rules.map(({ firings }) => firings) }));
`;

describeFlux('ensembles of one process', () => {
  test('share one stream of the journal, and each gets its own events', () =>
    withInstance(
      async (instance) => {
        expect(await evaluate(instance, MANY)).toEqual({
          listeners: 2,
          counts: Array(5).fill(allGood(8)),
          fired: [[1], [1, 2], [1, 2], [1], [1, 2]],
        });
      },
      { cores: 40, own: true },
    ));

  test('a function does not make a run request all events, and a rule that it adds gets those that it needs', () =>
    withInstance(async (instance) => {
      const folder = newFolder();
      writeFileSync(
        join(folder, 'functions.mjs'),
        `export const watch = () => [
           { trigger: 'job-priority', name: 'b', action: { name: 'exec', command: 'true', repetitions: 4 } },
           { name: 'submit', label: 'b' },
         ];`,
      );
      const text = ADDED.replace('./functions.mjs', join(folder, 'functions.mjs'));
      expect(await evaluate(instance, text)).toEqual({
        counts: { a: allGood(3), b: allGood(4) },
        // Submit, start, finish and clean, and priority of the jobs after the rule.
        events: 3 * 4 + 4 * 5,
        fired: [1, 1, 4],
      });
    }));
});
