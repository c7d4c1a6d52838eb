import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { root } from '../support/cli.js';
import { describeFlux, withInstance } from '../support/flux-instance.js';

/** Lets go of an engine that follows the journal, collects garbage for a while, and then runs a job. */
const program = `
import { execFileSync } from 'node:child_process';
import { Engine } from ${JSON.stringify(join(root, 'dist/engine/engine.js'))};
import { EMPTY_PLAN } from ${JSON.stringify(join(root, 'dist/engine/plan/plan.js'))};
import { fluxLibraries } from ${JSON.stringify(join(root, 'dist/members/flux/flux-library.js'))};

const rule = { trigger: 'job', group: 0, event: 'finish', when: null, timing: null, cron: null, states: null,
  repetitions: 1, backoff: -1, terminal: false, wantsEvent: false, probing: false, submit: null, split: null, resolve: null };
const plan = { ...EMPTY_PLAN, groups: ['a'], rules: [rule] };
const alive = setInterval(() => gc(), 10);
const fired = new Promise((resolve) => {
  const engine = new Engine(plan, { firing: resolve, decodeError() {} });
  const options = { libraries: fluxLibraries(), uri: null, allow: [], inactiveJobs: 0, begun: 0, instance: null, validateOnce: true, window: 64, tree: null, tap: false };
  const listener = { records() {}, quiet() {}, failed: ({ message }) => console.log(message) };
  void engine.source.openFlux(options, listener);
});
await new Promise((resolve) => setTimeout(resolve, 500));
execFileSync('flux', ['submit', '--setattr=user.group=a', 'true']);
await fired;
clearInterval(alive);
console.log('fired');
`;

describeFlux('the library', () => {
  test('an engine that follows a journal is not collected, even without references to it', () =>
    withInstance(async ({ uri }) => {
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--expose-gc', '--input-type=module', '--eval', program],
        { env: { ...process.env, FLUX_URI: uri }, timeout: 20_000 },
      );
      expect(stdout).toBe('fired\n');
    }));
});
