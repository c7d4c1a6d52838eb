/** A run ends when nothing is left to do, whatever its rules still remember of times. */

import { expect, test } from 'vitest';
import { cli, ensembleFile, jsonLines } from '../support/cli.js';

const jobs = 'jobs: [{name: a, command: sleep 0.2, count: 4}]';
const start = '{trigger: start, action: {name: submit, label: a}}';
const terminate = 'action: {name: terminate, repetitions: 100}';

/** Rules that do not keep the run open after the last job. */
const rules: Readonly<Record<string, string>> = {
  'a condition that turned false during its cooldown':
    '{trigger: metric, when: count.a.pending > 0, cooldown: 1h, action: {name: grow, repetitions: 100}}',
  'a condition that did not hold for long enough':
    '{trigger: metric, when: count.a.running > 0, for: 1h, action: {name: grow, repetitions: 100}}',
  'a cooldown of a rule with occasions to let pass, but no heartbeats':
    '{trigger: metric, when: count.a.success > 0, cooldown: 1h, action: {name: urgency, label: a, value: 20, repetitions: 9, backoff: 9}}',
  'a window that can only become what does not hold': `{trigger: metric, when: "max(a.duration, 1h) > 10m and count.a.failed > 0", ${terminate}}`,
  'a window of a heartbeat rule': `{trigger: heartbeat, when: "count(a.duration, 1h) > 4", ${terminate}}`,
  'an interval that has run out':
    '{trigger: interval, interval: 100ms, action: {name: grow, repetitions: 2}}',
  'an interval whose condition does not hold': `{trigger: interval, interval: 1h, when: count.a.failed > 0, ${terminate}}`,
};

for (const [what, rule] of Object.entries(rules)) {
  test.concurrent(what, async () => {
    const heartbeat = what.includes('no heartbeats') ? 0 : 0.5;
    const file = ensembleFile(
      `logging: {heartbeat: ${heartbeat}}\n${jobs}\nrules:\n  - ${start}\n  - ${rule}\n`,
    );
    const { summary } = jsonLines(await cli(['run', '--json', '--slots', '2', file]));
    expect(summary.end).toBe('idle');
    expect(summary.groups.a?.count).toMatchObject({ submitted: 4, success: 4, pending: 0, running: 0 });
  });
}

test('a heartbeat rule over a window ends the run when its window has moved on', async () => {
  const rule = `{trigger: heartbeat, when: "count(a.duration, 2s) > 0", action: {name: grow, repetitions: 1000}}`;
  const file = ensembleFile(`logging: {heartbeat: 0.2}\n${jobs}\nrules:\n  - ${start}\n  - ${rule}\n`);
  const { summary } = jsonLines(await cli(['run', '--json', file]));
  expect(summary.end).toBe('idle');
});
