/** A run continues with correct intervals while the system's clock is set. */

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ensembleFile, eventually, jsonLines, newFolder, root, start } from '../support/cli.js';

let library = '';
beforeAll(() => {
  library = join(newFolder(), 'set-clock.so');
  const source = join(root, 'test/fixtures/clock/set-clock.c');
  execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, source]);
});

const again = 'repetitions: 100000';
const yaml = `
logging: {heartbeat: 0.5}
jobs:
  - {name: interval, command: sh -c "echo >> interval"}
  - {name: cron, command: sh -c "echo >> cron"}
  - {name: heartbeat, command: sh -c "echo >> heartbeat"}
  - {name: cooldown, command: sh -c "echo >> cooldown"}
  - {name: lasting, command: sh -c "echo >> lasting"}
  - {name: again, command: sh -c "echo >> again; exit 1", retry: {times: 1000, backoff: 500ms}}
  - {name: window, command: sh -c "echo >> window"}
  - {name: long, command: sh -c "while test ! -e stop; do sleep 0.1; done"}
rules:
  - {trigger: start, action: {name: submit, label: long}}
  - {trigger: start, action: {name: submit, label: again}}
  - {trigger: interval, interval: 500ms, action: {name: submit, label: interval, ${again}}}
  - {trigger: cron, cron: "* * * * * *", action: {name: submit, label: cron, ${again}}}
  - {trigger: heartbeat, action: {name: submit, label: heartbeat, ${again}}}
  - {trigger: metric, when: count.interval.success > 0, cooldown: 1s, action: {name: submit, label: cooldown, ${again}}}
  - {trigger: metric, when: count.interval.success > 3, for: 1s, cooldown: 1s, action: {name: submit, label: lasting, ${again}}}
  - {trigger: metric, when: "count(interval.duration, 30s) > 3", cooldown: 1s, action: {name: submit, label: window, ${again}}}
`;
const kinds = ['interval', 'cron', 'heartbeat', 'cooldown', 'lasting', 'again', 'window'];

describe.concurrent('a system clock that is set during a run', () => {
  for (const [how, seconds] of [
    ['back by an hour', -3600],
    ['back by a day', -86_400],
    ['forth by an hour', 3600],
  ] as const) {
    test(how, async () => {
      const cwd = newFolder();
      const clock = join(cwd, 'clock');
      writeFileSync(clock, '0');
      const running = start(['run', '--json', '--slots', '8', ensembleFile(yaml, cwd)], {
        cwd,
        env: { LD_PRELOAD: library, SET_CLOCK: clock },
      });
      const lines = (name: string) =>
        existsSync(join(cwd, name)) ? readFileSync(join(cwd, name), 'utf8').split('\n').length - 1 : 0;
      const more = async (then: readonly number[]) => {
        for (const [index, name] of kinds.entries()) {
          await eventually(async () => lines(name) >= (then[index] as number) + 2, `${name} goes on`, 40);
        }
      };
      await more(kinds.map(() => 0));
      writeFileSync(clock, String(seconds));
      await more(kinds.map(lines));
      writeFileSync(join(cwd, 'stop'), '');
      await eventually(async () => lines('interval') > 12, 'the long job has ended', 40);
      running.process.kill('SIGINT');
      const { summary } = jsonLines(await running.finished);
      // No time is longer than the test took, nor shorter than nothing.
      expect(summary.groups.long?.count.success).toBe(1);
      for (const [name, { duration, pending }] of Object.entries(summary.groups)) {
        expect(duration.max, name).toBeLessThan(600);
        expect(pending.max, name).toBeLessThan(600);
        expect(duration.min, name).toBeGreaterThanOrEqual(0);
      }
      expect(summary.groups.long?.duration.max).toBeGreaterThan(2);
    });
  }
});
