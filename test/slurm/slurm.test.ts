/** The command on a real Slurm cluster. All tests of this file share it, and run at once, because they wait for it. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, eventually, newFolder, root } from '../support/cli.js';
import { allGood, reportOf } from '../support/flux-instance.js';
import { describeSlurm, newPlace, type SlurmSummary } from '../support/slurm-runs.js';

const example = (file: string) => `${root}/examples/${file}.yaml`;

describeSlurm('under Slurm', { nodes: 6, cpus: 16, fragile: 2, concurrent: true }, (runs) => {
  test('hello-world runs as described', async () => {
    const { finished, summary, counts, firings } = await runs.run(example('hello-world'));
    expect(finished).toMatchObject({ status: 0, stderr: '' });
    expect(counts).toEqual({ sleep: allGood(5), echo: allGood(5) });
    expect(firings.map(({ label }) => label)).toEqual(['sleep', 'echo']);
    expect(summary.groups.sleep?.duration.min).toBeGreaterThanOrEqual(1);
    expect(summary.groups.sleep?.duration.max).toBeLessThan(10);
  });

  test('the first file for Slurm runs there', async () => {
    const cwd = newFolder();
    const made = await cli(['init', '--for', 'slurm'], { cwd, env: runs.cluster.env });
    expect(made).toMatchObject({ status: 0, stderr: '' });
    const { finished, counts } = await runs.run(join(cwd, 'ensemble.yaml'));
    expect(finished).toMatchObject({ status: 0, stderr: '' });
    expect(counts).toEqual({ simulate: allGood(4), summarize: allGood(1) });
  });

  test('the doctor finds the controller', async () => {
    const { stdout } = await cli(['doctor', '--json', '--wait', '1m'], { env: runs.cluster.env });
    expect(stdout).toMatch(/"check":"slurm","state":"ok"/);
    expect(stdout).toMatch(
      /"check":"slurm controller","state":"ok","text":"the controller of \S+ answers \(Slurm \d+\.\S+, without accounting\)"/,
    );
  });

  test('jobs fail for the reasons that they have', async () => {
    const report = await runs.runText(`
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
    const { failures } = report.summary as unknown as SlurmSummary;
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

  test('jobs are held, released and canceled by rules', async () => {
    const { summary, counts, problems } = await runs.runText(`
jobs:
  - {name: held, command: 'true', count: 2, urgency: 0}
  - {name: long, command: sleep 100, count: 3}
rules:
  - {trigger: start, action: {name: submit, label: held}}
  - {trigger: start, action: {name: submit, label: long}}
  - {trigger: job-start, name: long, action: {name: cancel, label: long}}
  - {trigger: job-cancel, name: long, action: {name: urgency, label: held, value: 5}}
`);
    expect(problems).toEqual([]);
    expect(counts).toMatchObject({ held: allGood(2), long: { submitted: 3, canceled: 3, failed: 0 } });
    expect(summary.end).toBe('idle');
  });

  test('jobs that are canceled, requeued or lost in Slurm itself', async () => {
    const place = newPlace();
    const file = runs.file(
      `
jobs:
  - {name: victim, command: sleep 100, count: 2}
  - {name: waits, command: sleep 100, slurm: {options: [--begin=now+1hour]}}
  - {name: again, command: "sh -c 'echo x >> ran; [ $(wc -l < ran) -eq 2 ] || sleep 100'"}
  - {name: down, command: sleep 100, slurm: {options: [--nodelist=n1, --no-requeue], partition: fragile}, retry: {times: 1, on: {exception: node-failure}}}
  - {name: crashed, command: sleep 100, slurm: {options: [--nodelist=n2, --no-requeue], partition: fragile}}
rules:
  - {trigger: start, action: {name: submit, label: victim}}
  - {trigger: start, action: {name: submit, label: waits}}
  - {trigger: start, action: {name: submit, label: again}}
  - {trigger: start, action: {name: submit, label: down}}
  - {trigger: start, action: {name: submit, label: crashed}}
`,
      place,
    );
    const running = runs.begin(file, place);
    const all = async (states: string, ...groups: string[]) =>
      (await Promise.all(groups.map((group) => runs.tasks(group, states)))).flat();
    await eventually(
      async () => (await all('R', 'victim', 'again', 'down', 'crashed')).length === 5,
      'all run',
      30,
    );
    await runs.cluster.run('scancel', '--name=victim');
    await runs.cluster.run('scancel', '--name=waits');
    await runs.cluster.run('scontrol', 'update', 'NodeName=n1', 'State=down', 'Reason=test');
    // It comes back by itself, as soon as its job has ended (ReturnToService).
    await runs.cluster.run('scontrol', 'update', 'NodeName=n1', 'State=resume').catch(() => {});
    runs.cluster.killNode('n2');
    await runs.cluster.run('scontrol', 'update', 'NodeName=n2', 'State=down', 'Reason=test');
    const [again = ''] = await runs.tasks('again', 'R');
    await runs.cluster.run('scontrol', 'requeue', again);
    // Slurm itself would wait for two minutes.
    await eventually(async () => (await runs.tasks('again', 'PD')).length === 1, 'it is requeued', 30);
    await runs.cluster.run('scontrol', 'update', `JobId=${again}`, 'StartTime=now');
    await eventually(async () => (await runs.tasks('down', 'R')).length === 1, 'it is submitted again', 30);
    await runs.cluster.run('scancel', '--name=down');
    const { counts, summary } = reportOf(await running.finished);
    expect(counts).toMatchObject({
      victim: { submitted: 2, canceled: 2, finished: 2 },
      waits: { submitted: 1, canceled: 1, finished: 0 },
      again: { submitted: 1, success: 1, finished: 1 },
      down: { submitted: 2, retried: 1, failed: 1, canceled: 1 },
      crashed: { submitted: 1, failed: 1, finished: 1 },
    });
    expect(summary.groups.crashed?.exceptions).toEqual({ 'node-failure': 1 });
    runs.cluster.startNode('n2');
  });

  test('a submission without an answer is found, or made again', async () => {
    const folder = newFolder();
    const sbatch = (await runs.cluster.run('sh', '-c', 'command -v sbatch')).trim();
    // The first one is taken, the second one is not. Both have no answer.
    const script = `#!/bin/sh
echo x >> ${folder}/calls
n=$(wc -l < ${folder}/calls)
[ $n = 2 ] || ${sbatch} "$@" > ${folder}/id.$n || exit
[ $n -gt 2 ] || { echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2; exit 1; }
cat ${folder}/id.$n
`;
    writeFileSync(join(folder, 'sbatch'), script, { mode: 0o755 });
    const { counts, problems, summary } = await runs.runText(
      `
jobs:
  - {name: a, command: "sh -c 'echo a{{id}} >> FOLDER/ran'", count: 20}
  - {name: b, command: "sh -c 'echo b{{id}} >> FOLDER/ran'", count: 20}
rules:
  - {trigger: start, action: {name: submit, label: a}}
  - {trigger: metric, when: count.a.success == 20, action: {name: submit, label: b}}
`.replaceAll('FOLDER', folder),
      { PATH: `${folder}:${process.env.PATH}` },
    );
    expect(counts).toMatchObject({ a: allGood(20), b: allGood(20) });
    const ran = readFileSync(join(folder, 'ran'), 'utf8').trimEnd().split('\n');
    expect([ran.length, new Set(ran).size]).toEqual([40, 40]);
    expect(problems.filter((text) => text.includes('does not answer'))).toHaveLength(2);
    expect((summary as unknown as SlurmSummary).requests.sbatch).toBe(3);
  });

  test('an interrupt cancels all jobs', async () => {
    const place = newPlace();
    const text = `
jobs: [{name: ends, command: sleep 100, count: 5}, {name: held, command: 'true', urgency: 0}]
rules: [{trigger: start, action: {name: submit, label: ends}}, {trigger: start, action: {name: submit, label: held}}]
`;
    const running = runs.begin(runs.file(text, place), place);
    await eventually(async () => (await runs.tasks('ends', 'R')).length === 5, 'five run', 30);
    running.process.kill('SIGINT');
    const { finished, counts } = reportOf(await running.finished);
    expect(finished.status).toBe(130);
    expect(counts).toMatchObject({ ends: { canceled: 5, running: 0 }, held: { canceled: 1, pending: 0 } });
  });

  test('the number of requests does not depend on the number of jobs', async () => {
    const { summary, counts } = await runs.runText(`
jobs:
  - {name: many, command: 'true', count: 40}
  - {name: swept, command: "sh -c 'exit {{code}}'", parameters: {code: [0, 1], row: {from: 1, to: 20, step: 1}}, retry: {times: 1}}
rules:
  - {trigger: start, action: {name: submit, label: many}}
  - {trigger: start, action: {name: submit, label: swept}}
`);
    expect(counts).toMatchObject({
      many: allGood(40),
      swept: { submitted: 60, success: 20, retried: 20 },
    });
    const { requests, seconds } = summary as unknown as SlurmSummary;
    expect(Object.keys(requests).sort()).toEqual(['sbatch', 'scontrol', 'squeue']);
    expect(requests.sbatch).toBeLessThan(15);
    // An urgent look may come every fifth of the interval.
    expect(requests.squeue).toBeLessThan(5 * seconds + 5);
  });

  test('other examples run as described', async () => {
    const names = ['backoff', 'heartbeat', 'terminate', 'custom-python', 'replace-failures'] as const;
    const reports = await Promise.all(names.map((each) => runs.run(example(`${each}-example`))));
    const [backoff, heartbeat, terminate, python, replaced] = reports.map(({ counts }) => counts);
    expect(backoff).toEqual({ sleep: allGood(5), 'echo-repetition': allGood(6), 'echo-backoff': allGood(2) });
    expect(heartbeat).toMatchObject({
      sleep: allGood(5),
      echo: allGood(10),
      held: { canceled: 1, pending: 0 },
    });
    expect(terminate).toMatchObject({ echo: { success: 5 }, sleep: { submitted: 5, canceled: 0 } });
    expect(reports[2]?.summary.end).toBe('terminated');
    expect(python).toEqual({ sleep: allGood(3), echo: allGood(2) });
    // Its jobs fail by their process ids, so the budget may be spent.
    expect(replaced?.simulate?.submitted).toBeGreaterThanOrEqual(10);
    expect(reports[4]?.summary.end).toBe('idle');
  });

  test('a file that asks for more nodes is refused at its start', async () => {
    const args = ['run', example('grow-shrink-example'), '--executor', 'slurm'];
    const { status, stdout, stderr } = await cli(args, { env: runs.cluster.env, cwd: newFolder() });
    expect([status, stdout]).toEqual([3, '']);
    expect(stderr).toMatch(/rules\[\d+\] .*the slurm member can't grow/);
  });
});
