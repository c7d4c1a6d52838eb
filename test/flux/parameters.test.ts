import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ensembleFile, newFolder } from '../support/cli.js';
import { allGood, describeFlux, mock, run, withInstance } from '../support/flux-instance.js';

interface User {
  readonly parameters: object;
  readonly origin: { readonly entry: number; readonly attempt?: number };
}

/** Returns the user attributes of the group's jobs, in the order of the journal. */
function usersOf(recording: string): User[] {
  return readFileSync(recording, 'utf8')
    .split('\n')
    .filter((line) => line.includes('"jobspec"'))
    .map((line) => JSON.parse(line).jobspec.attributes.user as User);
}

describeFlux('parameters under Flux', () => {
  test('all jobs of a sweep run, and a failed one is submitted again with its parameters', () =>
    withInstance(async (instance) => {
      const folder = newFolder();
      const recording = join(folder, 'run.ndjson');
      const file = ensembleFile(
        `
jobs:
  - name: sweep
    command: "true"
    parameters: {temperature: {from: 300, to: 320, step: 10}, seed: {integer: [1, 100]}}
    samples: 2
    attributes: ${mock(0.05)}
  - name: fails
    command: sh -c 'exit {{t}}'
    parameters: {t: [1, 2]}
    retry: {times: 2, backoff: 50ms}
rules:
  - {trigger: start, action: {name: submit, label: sweep}}
  - {trigger: start, action: {name: submit, label: fails}}
`,
        folder,
      );
      const { finished, counts, problems } = await run(instance, file, ['--record', recording]);
      // Both jobs of `fails` failed in the end.
      expect(finished).toMatchObject({ status: 1, stderr: '' });
      expect(problems).toEqual([]);
      expect(counts.sweep).toEqual(allGood(6));
      expect(counts.fails).toMatchObject({ submitted: 6, failed: 6, success: 0, retried: 4 });
      const users = usersOf(recording);
      const tries = users.filter(({ parameters }) => JSON.stringify(parameters) === '{"t":2}');
      expect(tries.map(({ origin }) => [origin.entry, origin.attempt ?? 0])).toEqual([
        [1, 0],
        [1, 1],
        [1, 2],
      ]);
      expect(new Set(users.map(({ parameters }) => JSON.stringify(parameters))).size).toBe(8);
      expect(await instance.tally('{result}')).toEqual({ COMPLETED: 6, FAILED: 6 });
    }));

  test('a job that times out on 8 nodes runs again on 16', () =>
    withInstance(
      async (instance) => {
        const file = ensembleFile(`
jobs:
  - name: melt
    command: lmp -in in.melt -var T {{temperature}}
    parameters: {temperature: [300, 400], nodes: 8, takes: 60s}
    nodes: "{{nodes}}"
    cores: 4
    duration: 0.5
    attributes: {system: {exec: {test: {run_duration: "{{takes}}"}}}}
rules:
  - {trigger: start, action: {name: submit, label: melt}}
  - trigger: job-timeout
    name: melt
    action: {name: submit, label: melt, parameters: {nodes: 16, takes: 0.1s}, repetitions: 5}
`);
        const { finished, counts, problems } = await run(instance, file);
        // Jobs that a rule submits in place of others are not retries of these.
        expect(finished).toMatchObject({ status: 1, stderr: '' });
        expect(problems).toEqual([]);
        expect(counts.melt).toMatchObject({ submitted: 4, timeout: 2, success: 2 });
        expect(await instance.tally('{nnodes} {result}')).toEqual({ '8 TIMEOUT': 2, '16 COMPLETED': 2 });
      },
      { nodes: 16, cores: 4 },
    ));
});
