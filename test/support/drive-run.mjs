/**
 * Runs an ensemble with the library, in a process that a test may kill. The argument is JSON: `folder` of the run, `file`
 * of a new one, `options`, actions to request (`acts`), and whether it is interrupted at once (`aborted`). Each event is printed as JSON, one object a line.
 */

import { setTimeout } from 'node:timers/promises';
import { Ensemble } from '../../dist/index.js';

const { folder, file = null, options = {}, acts = [], aborted = false } = JSON.parse(process.argv[2]);

const print = (what) =>
  process.stdout.write(
    `${JSON.stringify(what, (_key, value) => {
      if (value instanceof Map) return Object.fromEntries(value);
      return typeof value === 'bigint' ? String(value) : value;
    })}\n`,
  );

const observer = {
  resumed: (run) => print({ resumed: run }),
  firing: ({ number, rule, name }) => print({ firing: { number, rule, name } }),
  action: (report, { number, rule }) => print({ action: { ...report, number, rule } }),
  paused: (paused) => print({ paused }),
  retry: ({ group, firing, part, index, attempt }) => print({ retry: { group, firing, part, index, attempt } }),
  problem: ({ code, message }) => print({ problem: { code, message } }),
};

/** The first one is requested again until the run has begun. */
async function request(ensemble) {
  for (const [index, { wait = 0, ...action }] of acts.entries()) {
    await setTimeout(wait);
    for (;;) {
      try {
        print({ acted: (await ensemble.act(action, 'test')).text });
        break;
      } catch (error) {
        if (index > 0 || !error.message.includes('has not begun')) throw error;
        await setTimeout(10);
      }
    }
  }
}

try {
  const ensemble =
    file === null
      ? await Ensemble.resume(folder, { ...options, observer })
      : await Ensemble.fromFile(file, { slots: 2, ...options, runFolder: folder, observer });
  const interrupt = new AbortController();
  if (aborted) interrupt.abort();
  process.on('SIGINT', () => interrupt.abort());
  const [result] = await Promise.all([ensemble.run({ signal: interrupt.signal }), request(ensemble)]);
  const { end, error, by, rules, metrics, failedJobs, left } = result;
  const counts = Object.fromEntries([...metrics.groups].map(([name, { count }]) => [name, count]));
  print({ result: { end, error: error?.message ?? null, by, rules, counts, failedJobs, left, size: ensemble.size } });
  await ensemble.close();
} catch (error) {
  print({ refused: { code: error.code, message: error.message } });
}
