/** The command on a real Slurm cluster. All tests of this file share it, and run at once, because they wait for it. */

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensembleFile, newFolder, type Running, root, start } from '../support/cli.js';
import { allGood, type Report, reportOf } from '../support/flux-instance.js';
import { Cluster, missing } from '../support/slurm-cluster.js';

const name = 'under Slurm';
const describeSlurm = describe.skipIf(missing !== null);

let cluster: Cluster;
beforeAll(async () => {
  if (missing === null) cluster = await Cluster.start({ nodes: 6, cpus: 16 });
});
afterAll(() => cluster?.stop());

interface Summary {
  readonly failures: Readonly<
    Record<
      string,
      { readonly reasons: readonly { readonly reason: string; readonly jobs: readonly Failed[] }[] }
    >
  >;
  readonly requests: Readonly<Record<string, number>>;
}
interface Failed {
  readonly line: string | null;
}

interface Place {
  readonly folder: string;
  readonly state: string;
}

function newPlace(): Place {
  const folder = newFolder();
  return { folder, state: join(folder, 'state') };
}

/** Starts a run in a place of its own. */
function begin(
  file: string,
  { folder, state }: Place = newPlace(),
  more: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Running {
  const args = [
    'run',
    file,
    '--executor',
    'slurm',
    '--slurm-interval',
    '1s',
    '--json',
    '--state',
    state,
    ...more,
  ];
  return start(args, { cwd: folder, env: { ...cluster.env, ...env } });
}

async function run(...args: Parameters<typeof begin>): Promise<Report> {
  return reportOf(await begin(...args).finished);
}

/** Runs an ensemble whose file is given as text, in which FOLDER is its folder. */
function runText(text: string, more: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Report> {
  const place = newPlace();
  return run(ensembleFile(text.replaceAll('FOLDER', place.folder), place.folder), place, more, env);
}

const example = (file: string) => `${root}/examples/${file}.yaml`;

describeSlurm.concurrent(missing === null ? name : `${name} (skipped: ${missing})`, () => {
  test('hello-world runs as described', async () => {
    const { finished, summary, counts, firings } = await run(example('hello-world'));
    expect(finished).toMatchObject({ status: 0, stderr: '' });
    expect(counts).toEqual({ sleep: allGood(5), echo: allGood(5) });
    expect(firings.map(({ label }) => label)).toEqual(['sleep', 'echo']);
    expect(summary.groups.sleep?.duration.min).toBeGreaterThanOrEqual(1);
    expect(summary.groups.sleep?.duration.max).toBeLessThan(10);
  });

  test('jobs fail for the reasons that they have', async () => {
    const report = await runText(`
jobs:
  - {name: exits, command: "sh -c 'echo I give up >&2; exit 3'"}
  - {name: missing, command: no-such-program}
  - {name: nowhere, command: 'true', workdir: /nowhere}
  - {name: killed, command: "sh -c 'kill -KILL $$'"}
  - {name: late, command: sleep 100, duration: 1s}
  - {name: invalid, command: 'true', queue: no-such-partition}
  - {name: many, command: "sh -c 'echo $SLURM_PROCID'", tasks: 2, nodes: 2, output: many.txt}
  - {name: tagged, command: "echo {{id}} $HOME", output: "tagged-{{id}}.txt"}
rules:
  - {trigger: start, action: {name: submit, label: exits}}
  - {trigger: start, action: {name: submit, label: missing}}
  - {trigger: start, action: {name: submit, label: nowhere}}
  - {trigger: start, action: {name: submit, label: killed}}
  - {trigger: start, action: {name: submit, label: late}}
  - {trigger: start, action: {name: submit, label: invalid}}
  - {trigger: start, action: {name: submit, label: many}}
  - {trigger: start, action: {name: submit, label: tagged}}
`);
    const { failures } = report.summary as unknown as Summary;
    const reasons = Object.entries(failures).map(
      ([
        group,
        {
          reasons: [first],
        },
      ]) => [group, first?.reason],
    );
    expect(Object.fromEntries(reasons)).toEqual({
      exits: 'exit status 3',
      missing: 'start failed: no-such-program: No such file or directory',
      nowhere: "start failed: working directory /nowhere can't be entered",
      killed: 'exit status 137 (SIGKILL, perhaps for want of memory)',
      late: 'timeout: resource allocation expired',
      invalid: 'alloc: sbatch: Invalid partition name specified',
    });
    expect(failures.exits?.reasons[0]?.jobs[0]?.line).toBe('I give up');
    expect(report.counts).toMatchObject({
      many: allGood(1),
      tagged: allGood(1),
      late: { timeout: 1, finished: 1 },
    });
    expect(report.counts.invalid).toMatchObject({ failed: 1, finished: 0, pending: 0 });
  });
});
