/** Questions to a resumed ensemble before its log is taken in. */

import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { EnsembleInput } from '../../../src/config/schema/input.js';
import { Ensemble } from '../../../src/run/ensemble.js';
import { eventually, newFolder } from '../../support/cli.js';

const config: EnsembleInput = {
  jobs: [
    { name: 'a', command: 'true', count: 3 },
    { name: 'b', command: 'false' },
  ],
  rules: [
    { trigger: 'start', action: { name: 'submit', label: 'a' } },
    { trigger: 'start', action: { name: 'submit', label: 'b' } },
  ],
};

test('are answered with the state that the log has', async () => {
  const runFolder = join(newFolder(), 'run');
  const first = Ensemble.fromObject(config, { runFolder, watch: true });
  const interrupt = new AbortController();
  const running = first.run({ signal: interrupt.signal });
  const finished = async () =>
    [...(await first.metrics()).groups.values()].map(({ count }) => count.finished);
  await eventually(async () => String(await finished()) === '3,1', 'the jobs end');
  interrupt.abort();
  await running;
  await first.close();

  const again = await Ensemble.resume(runFolder, { watch: true });
  try {
    const early = Promise.all([again.metrics(), again.rules(), again.failures()]);
    void again.run();
    const [metrics, rules, failures] = await early;
    expect(metrics.groups.get('a')?.count.success).toBe(3);
    expect(rules.map(({ phase }) => phase)).toEqual(['exhausted', 'exhausted']);
    expect(failures.get('b')).toMatchObject({ failed: 1 });
  } finally {
    await again.close();
  }
});

test('fail for an ensemble that is closed without a run', async () => {
  const runFolder = join(newFolder(), 'run');
  const first = Ensemble.fromObject(config, { runFolder, watch: true });
  const running = first.run({ signal: AbortSignal.timeout(200) });
  await running;
  await first.close();
  const again = await Ensemble.resume(runFolder);
  const early = again.metrics();
  await again.close();
  await expect(early).rejects.toMatchObject({ code: 'ERR_CLOSED' });
});
