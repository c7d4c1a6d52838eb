import { expect, test } from 'vitest';
import { ensembleFile } from '../support/cli.js';
import { allGood, describeFlux, mock, run, withInstance } from '../support/flux-instance.js';

const JOBS = 2000;

/** Four groups, each but the first started by rules on the one before: 800 + 600 + 200 x 2 + 200. */
const chain = ensembleFile(`
jobs:
  - {name: first, command: first, count: 800, attributes: ${mock(0.01)}}
  - {name: second, command: second, count: 600, attributes: ${mock(0.01)}}
  - {name: each, command: each, count: 2, attributes: ${mock(0.01)}}
  - {name: last, command: last, count: 200, attributes: ${mock(0.01)}}
rules:
  - {trigger: start, action: {name: submit, label: first}}
  - {trigger: metric, name: count.first.success, when: 400, action: {name: submit, label: second}}
  - {trigger: job-finish, name: first, action: {name: submit, label: each, repetitions: 200}}
  - {trigger: metric, name: count.second.finished, when: 600, action: {name: submit, label: last}}
`);

describeFlux('many jobs', () => {
  test(
    `${JOBS} jobs have the counts that Flux reports`,
    () =>
      withInstance(
        async (instance) => {
          const { finished, counts, summary } = await run(instance, chain);
          expect(finished).toMatchObject({ status: 0, stderr: '' });
          expect(summary).toMatchObject({ end: 'idle', decodeErrors: 0, firings: 203 });
          const expected = { first: 800, second: 600, each: 400, last: 200 };
          for (const [name, count] of Object.entries(expected)) {
            expect(counts[name], name).toEqual(allGood(count));
            expect(summary.groups[name]?.duration.count, name).toBe(count);
            expect(summary.groups[name]?.pending.count, name).toBe(count);
          }
          expect(await instance.tally('{name} {result}')).toEqual(
            Object.fromEntries(Object.entries(expected).map(([name, count]) => [`${name} COMPLETED`, count])),
          );
          expect(new Set(await instance.jobs('{id}')).size).toBe(JOBS);
        },
        { cores: 32 },
      ),
    180_000,
  );
});

describeFlux('a busy event loop', () => {
  test('does not delay jobs that rules submit', () =>
    withInstance(
      async (instance) => {
        const hops = 30;
        // The function keeps JavaScript busy for 200 ms at a time, again and again.
        const file = ensembleFile(`
jobs:
  - {name: hop, command: hop, attributes: ${mock(0.01)}}
rules:
  - {trigger: start, action: {name: submit, label: hop}}
  - {trigger: job-finish, name: hop, action: {name: submit, label: hop, repetitions: ${hops}}}
  - {trigger: job-submit, name: hop, action: {name: custom, label: busy, repetitions: ${hops}}}
custom: |
  function busy() {
    const end = performance.now() + 200;
    while (performance.now() < end);
  }
`);
        const { finished, counts } = await run(instance, file);
        expect(finished.status).toBe(0);
        expect(counts.hop).toEqual(allGood(hops + 1));
        // From the end of each job to the submission of the next.
        const times = (await instance.jobs('{t_submit} {t_cleanup}'))
          .map((line) => line.split(' ').map(Number))
          .sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
        const waits = times
          .slice(1)
          .map(([submitted = 0], i) => submitted - (times[i]?.[1] ?? 0))
          .sort((a, b) => a - b);
        expect(waits).toHaveLength(hops);
        expect(waits[Math.floor(hops / 2)]).toBeLessThan(0.03);
        expect(waits.at(-1)).toBeLessThan(0.15);
      },
      { cores: 4 },
    ));
});
