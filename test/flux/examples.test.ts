import { expect, test } from 'vitest';
import { cli, newFolder, root } from '../support/cli.js';
import {
  allGood,
  describeFlux,
  type Instance,
  run as runFile,
  withInstance,
} from '../support/flux-instance.js';

/** In a folder of its own, as some examples write files. */
const run = (instance: Instance, path: string, more?: readonly string[]) =>
  runFile(instance, path, more, { cwd: newFolder() });
const example = (name: string) => `${root}/examples/${name}.yaml`;

describeFlux('the command inside an instance', () => {
  test('uses Flux by default', () =>
    withInstance(async (instance) => {
      const { finished, summary } = await run(instance, example('hello-world'));
      expect(finished).toMatchObject({ status: 0, stderr: '' });
      expect(summary.groups.echo?.count).toEqual(allGood(5));
      expect(await instance.tally('{name} {result}')).toEqual({ 'sleep COMPLETED': 5, 'echo COMPLETED': 5 });
    }));

  test('uses the local member if requested', () =>
    withInstance(async (instance) => {
      const { summary } = await run(instance, example('hello-world'), ['--executor', 'local']);
      expect(summary.groups.echo?.count).toEqual(allGood(5));
      expect(await instance.jobs('{name}')).toEqual([]);
    }));

  test('reports a missing or invalid file before it connects', () =>
    withInstance(async (instance) => {
      expect((await cli(['run', '/nowhere.yaml'], { env: { FLUX_URI: instance.uri } })).status).toBe(2);
    }));
});

for (const size of [1, 4]) {
  describeFlux(`every example, under Flux with ${size} broker(s)`, () => {
    test('hello-world runs as described', () =>
      withInstance(
        async (instance) => {
          const { finished, summary, firings, counts } = await run(instance, example('hello-world'));
          expect(finished).toMatchObject({ status: 0, stderr: '' });
          expect(firings.map(({ label }) => label)).toEqual(['sleep', 'echo']);
          expect(counts).toEqual({ sleep: allGood(5), echo: allGood(5) });
          expect(summary.groups.sleep?.duration.min).toBeGreaterThanOrEqual(1);
          expect(summary).toMatchObject({ end: 'idle', error: null, decodeErrors: 0 });
        },
        { size },
      ));

    // One example shows that several brokers make no difference.
    if (size > 1) return;

    test('backoff runs as described', () =>
      withInstance(
        async (instance) => {
          const { finished, firings, counts } = await run(instance, example('backoff-example'));
          expect(finished).toMatchObject({ status: 0, stderr: '' });
          expect(counts).toEqual({
            sleep: allGood(5),
            'echo-repetition': allGood(6),
            'echo-backoff': allGood(2),
          });
          expect(firings).toHaveLength(6);
        },
        { size },
      ));

    test('heartbeat runs as described', () =>
      withInstance(
        async (instance) => {
          const { finished, firings, counts, summary } = await run(instance, example('heartbeat-example'));
          expect(finished).toMatchObject({ status: 0, stderr: '' });
          expect(counts.sleep).toEqual(allGood(5));
          expect(counts.echo).toEqual(allGood(10));
          expect(counts.held).toMatchObject({
            submitted: 1,
            canceled: 1,
            finished: 0,
            exception: 1,
            pending: 0,
          });
          expect(firings.at(-1)).toMatchObject({ action: 'cancel', label: 'held' });
          expect(summary.groups.held?.pending.count).toBe(0);
          expect(await instance.tally('{name} {result}')).toMatchObject({ 'echo CANCELED': 1 });
        },
        { size },
      ));

    test('terminate does not cancel the queue', () =>
      withInstance(
        async (instance) => {
          const { finished, firings, counts, summary } = await run(instance, example('terminate-example'));
          expect(finished).toMatchObject({ status: 0, stderr: '' });
          expect(summary.end).toBe('terminated');
          expect(firings.at(-1)).toMatchObject({ action: 'terminate' });
          expect(counts.echo).toMatchObject({ submitted: 5, success: 5 });
          expect(counts.sleep).toMatchObject({ submitted: 5, canceled: 0 });
        },
        { size },
      ));

    test('custom-action runs as described', () =>
      withInstance(
        async (instance) => {
          const { finished, firings, counts } = await run(instance, example('custom-action-example'));
          expect(finished.status).toBe(0);
          expect(counts).toEqual({ sleep: allGood(3), echo: allGood(4) });
          expect(firings.filter(({ action }) => action === 'custom')).toHaveLength(4);
          expect(finished.stdout).toContain('echoAgain: finish of a job in echo, 2 finished so far');
        },
        { size },
      ));

    test('custom-python runs as described', () =>
      withInstance(
        async (instance) => {
          const { finished, counts } = await run(instance, example('custom-python-example'));
          expect(finished.status).toBe(0);
          expect(counts).toEqual({ sleep: allGood(3), echo: allGood(2) });
          expect(finished.stdout).toMatch(/"output","line":"3 finished, 1\.\d s on average"/);
        },
        { size },
      ));

    test("grow-shrink is refused, because Flux can't be resized from within", () =>
      withInstance(
        async (instance) => {
          const finished = await instance.start(['run', example('grow-shrink-example')]).finished;
          expect(finished.status).toBe(3);
          expect(finished.stderr).toContain(
            "the flux member can't grow. Remove the rule, or use another member",
          );
          expect(await instance.jobs('{id}')).toEqual([]);
        },
        { size },
      ));
  });
}
