/** Outputs in the folder of a run have a limit. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, ensembleFile, eventually, newFolder, start } from '../support/cli.js';
import { jsonOf } from '../support/service.js';

interface Job {
  readonly id: string;
  readonly group: string;
  readonly output: string | null;
}

const submit = (label: string) => `  - {trigger: start, action: {name: submit, label: ${label}}}\n`;

/** Writes 98 kB. */
const WRITE = 'head -c 98304 /dev/zero';

describe.concurrent('outputs of jobs', () => {
  test('beyond the limit, those that ended first are removed, those of failed jobs last', async () => {
    const state = newFolder();
    const cwd = newFolder();
    const file = ensembleFile(
      `jobs:
  - {name: bad, command: sh -c '${WRITE}; exit 1', count: 2}
  - {name: good, command: sh -c '${WRITE}', count: 10}
  - {name: slow, command: sh -c '${WRITE}; until test -e go; do sleep 0.05; done'}
rules:
${submit('bad')}${submit('slow')}${submit('good')}  - trigger: metric
    when: count.slow.success == 1
    action: {name: submit, label: good}
`,
      cwd,
    );
    const ofState = ['--state', state];
    const jobs = async () => {
      const found = await cli(['jobs', '--json', '--sort', 'finish', ...ofState], { cwd });
      return found.status === 0 ? jsonOf<Job>(found) : [];
    };
    const running = start(['run', file, ...ofState, '--output-limit', '1MB', '--slots', '2'], { cwd });
    const kept = async (group: string) =>
      (await jobs()).filter((job) => job.group === group).map(({ output }) => output !== null);
    await eventually(async () => (await kept('good')).length === 10, 'jobs have ended', 60);
    await eventually(async () => (await kept('good')).filter(Boolean).length <= 7, 'outputs are removed', 60);
    running.process.kill('SIGKILL');
    await running.finished;
    const before = (await kept('good')).filter(Boolean).length;
    // At most 1 MB stays, and the outputs of the job that runs are among them.
    expect([6, 7]).toContain(before);
    expect([await kept('bad'), await kept('slow')]).toEqual([[true, true], [true]]);
    writeFileSync(join(cwd, 'go'), '');
    // A resumed run has the limit too, and counts the outputs of the earlier process.
    const { stderr } = await cli(['resume', ...ofState], { cwd });
    expect(stderr).toMatch(
      /outputs of jobs exceed 1 MB \(--output-limit\): those of \d+ jobs that ended first were removed/,
    );
    const good = await kept('good');
    expect(good).toHaveLength(20);
    expect(good).toEqual([...good].sort());
    expect([good.filter(Boolean).length <= 7, await kept('bad')]).toEqual([true, [true, true]]);
    const [first] = (await jobs()).filter(({ group }) => group === 'good');
    const { stderr: words } = await cli(['logs', first?.id ?? '', ...ofState], { cwd });
    expect(words).toBe(
      `ensemble: the output of job ${first?.id} was removed, because the outputs of the run exceeded 1 MB (--output-limit)\n`,
    );
  });

  test('the middle of an output that is too large is cut', async () => {
    const state = newFolder();
    const cwd = newFolder();
    const file = ensembleFile(
      `jobs:
  - {name: flood, command: sh -c 'echo first; timeout 1 yes; sleep 1.2; echo last'}
rules:
${submit('flood')}`,
      cwd,
    );
    const { stderr, status } = await cli(['run', file, '--state', state, '--output-limit', '10MB'], { cwd });
    expect(stderr).toMatch(/^ensemble: error: the output of job ƒ\S+ exceeds 1 MB: its middle is cut/);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(status).toBe(0);
    const [{ output } = { output: '' }] = jsonOf<Job>(
      await cli(['jobs', '--json', '--state', state], { cwd }),
    );
    const text = readFileSync(output ?? '', 'utf8');
    expect(text.length).toBeLessThan(1e6);
    expect(text.startsWith('first\ny\n')).toBe(true);
    expect(text).toMatch(/\n\[flux-ensemble: about [\d.]+ [MG]B of more than 1 MB were cut here\]\n/);
    expect(text).toMatch(/\ny\n?last\n$/);
  });
});
