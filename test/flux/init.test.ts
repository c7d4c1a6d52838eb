/** The first file of `ensemble init`, in a Flux instance. */

import { expect, test } from 'vitest';
import { jsonLines, newFolder } from '../support/cli.js';
import { describeFlux, withInstance } from '../support/flux-instance.js';

describeFlux('ensemble init under Flux', () => {
  test('the file that is made inside an instance runs there', () =>
    withInstance(async (instance) => {
      const cwd = newFolder();
      const made = await instance.start(['init'], { cwd }).finished;
      expect(made.stdout).toMatch(/^wrote ensemble.yaml for flux, .*\nnext: ensemble run ensemble.yaml\n$/);
      const ran = await instance.start(['run', 'ensemble.yaml', '--json'], { cwd }).finished;
      expect(ran).toMatchObject({ status: 0, stderr: '' });
      expect(jsonLines(ran).summary).toMatchObject({ end: 'idle', firings: 2 });
      expect(await instance.tally('{name} {result}')).toMatchObject({
        'sh COMPLETED': 4,
        'echo COMPLETED': 1,
      });
    }));

  test('the doctor finds the instance', () =>
    withInstance(async (instance) => {
      const { status, stdout } = await instance.start(['doctor', '--json', '--wait', '1m']).finished;
      const found = new Map(
        stdout
          .trimEnd()
          .split('\n')
          .map((line) => {
            const { check, state, text } = JSON.parse(line) as Record<string, string>;
            return [check, `${state}: ${text}`];
          }),
      );
      expect(status).toBe(0);
      expect(found.get('flux')).toMatch(/^ok: Flux \d+\.\d+/);
      expect(found.get('flux instance')).toBe('ok: inside a Flux instance: an instance of size 1 answers');
      expect(found.get('flux member')).toMatch(/^ok: the Flux member can load \S*libflux-core\.so\.2$/);
    }));
});
