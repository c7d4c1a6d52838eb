import { expect, test } from 'vitest';
import { ensembleFile, eventually, main } from '../support/cli.js';
import { allGood, describeFlux, mock, reportOf, run, withInstance } from '../support/flux-instance.js';

describeFlux('failing jobs under Flux', () => {
  test('are counted by exit code, signal, missing command and time limit', () =>
    withInstance(async (instance) => {
      const file = ensembleFile(`
jobs:
  - {name: exits, command: sh -c "exit 3", count: 2}
  - {name: killed, command: sh -c "kill -9 $$"}
  - {name: missing, command: /nowhere/to-be-found}
  - {name: slow, command: sleep 60, duration: 0.5}
  - {name: good, command: "true"}
rules:
${['exits', 'killed', 'missing', 'slow', 'good'].map(submitAtStart).join('\n')}
`);
      const { finished, counts, summary } = await run(instance, file);
      expect(finished).toMatchObject({ status: 1, stderr: '' });
      expect(summary.end).toBe('idle');
      expect(counts.exits).toMatchObject({ submitted: 2, finished: 2, failed: 2, success: 0, exception: 0 });
      expect(counts.killed).toMatchObject({ finished: 1, failed: 1, exception: 0 });
      expect(counts.missing).toMatchObject({ submitted: 1, failed: 1, success: 0, exception: 1, pending: 0 });
      expect(counts.slow).toMatchObject({ submitted: 1, failed: 1, timeout: 1, exception: 1, running: 0 });
      expect(counts.good).toEqual(allGood(1));
      expect(summary.groups).toMatchObject({
        missing: { exceptions: { exec: 1 } },
        slow: { exceptions: { timeout: 1 } },
        good: { exceptions: {} },
      });
      expect(await instance.tally('{result}')).toEqual({ COMPLETED: 1, FAILED: 4, TIMEOUT: 1 });
      expect((await run(instance, file, ['--allow-failures'])).finished.status).toBe(0);
    }));

  test('tell values by memos, by which rules stop bad ones', () =>
    withInstance(async (instance) => {
      const file = ensembleFile(`
jobs:
  - name: melt
    command: sh -c 'flux job memo $FLUX_JOB_ID energy={{e}}; ${process.execPath} ${main} tell phase=warm; test {{e}} -lt 0 || sleep 60'
    parameters: {e: [-2, 7]}
    tell: {energy: number, phase: text}
rules:
  - {trigger: start, action: {name: submit, label: melt}}
  - {trigger: job-tell, name: melt, when: event.tell.energy > 0, action: {name: cancel}}
`);
      const { counts, summary } = await run(instance, file, ['--allow-failures']);
      expect(counts.melt).toMatchObject({ submitted: 2, success: 1, canceled: 1 });
      expect(Object(summary.groups.melt).probes.energy).toMatchObject({ count: 2, min: -2, max: 7 });
      expect(summary.ignoredTells).toBe(0);
    }));

  test('are canceled by rules, pending and running', () =>
    withInstance(async (instance) => {
      const file = ensembleFile(`
jobs:
  - {name: held, command: "true", urgency: 0, count: 3}
  - {name: long, command: sleep 600}
  - {name: after, command: "true"}
rules:
  - {trigger: start, action: {name: submit, label: held}}
  - {trigger: start, action: {name: submit, label: long}}
  - {trigger: job-start, name: long, action: {name: cancel, label: long}}
  - {trigger: job-start, name: long, action: {name: cancel, label: held}}
  - {trigger: metric, name: count.held.canceled, when: 3, action: {name: submit, label: after}}
`);
      const { finished, counts, problems } = await run(instance, file);
      expect(finished).toMatchObject({ status: 0, stderr: '' });
      expect(problems).toEqual([]);
      expect(counts.held).toMatchObject({ submitted: 3, canceled: 3, finished: 0, failed: 0, exception: 3 });
      expect(counts.long).toMatchObject({ submitted: 1, canceled: 1, success: 0, failed: 0, running: 0 });
      expect(counts.after).toEqual(allGood(1));
      expect(await instance.tally('{result}')).toEqual({ CANCELED: 4, COMPLETED: 1 });
    }));

  test('a held job waits until a user releases it', () =>
    withInstance(async (instance) => {
      const file = ensembleFile(`
jobs:
  - {name: held, command: "true", urgency: 0}
rules:
  - {trigger: start, action: {name: submit, label: held}}
`);
      const running = instance.start(['run', '--json', file]);
      await eventually(async () => (await instance.jobs('{status}'))[0] === 'SCHED', 'the job is there');
      const [id] = await instance.jobs('{id}');
      await instance.flux('job', 'urgency', String(id), '16');
      const { counts, summary } = reportOf(await running.finished);
      expect(summary.end).toBe('idle');
      expect(counts.held).toEqual(allGood(1));
    }));

  test('a rule holds jobs and releases others', () =>
    withInstance(async (instance) => {
      const file = ensembleFile(`
jobs:
  - {name: held, command: "true", urgency: 0, count: 3}
  - {name: long, command: sleep 1}
rules:
  - {trigger: start, action: {name: submit, label: held}}
  - {trigger: start, action: {name: submit, label: long}}
  - {trigger: job-finish, name: long, action: {name: urgency, label: held, value: 31}}
`);
      const { finished, counts, problems } = await run(instance, file);
      expect(finished).toMatchObject({ status: 0, stderr: '' });
      expect(problems).toEqual([]);
      expect(counts).toEqual({ held: allGood(3), long: allGood(1) });
      expect((await instance.jobs('{name} {urgency}')).filter((line) => line === 'true 31')).toHaveLength(3);
    }));

  test('satisfied and failed dependencies are counted', () =>
    withInstance(async (instance) => {
      const [good, bad] = [
        (await instance.flux('submit', '--urgency=0', 'true')).trim(),
        (await instance.flux('submit', '--urgency=0', 'false')).trim(),
      ];
      const depends = (id: string) =>
        `attributes: {system: {dependencies: [{scheme: afterok, value: ${JSON.stringify(id)}}]}}`;
      const file = ensembleFile(`
jobs:
  - {name: first, command: "true", ${depends(good)}}
  - {name: second, command: "true", ${depends(bad)}}
rules:
  - {trigger: start, action: {name: submit, label: first}}
  - {trigger: start, action: {name: submit, label: second}}
`);
      const running = instance.start(['run', '--json', file]);
      await eventually(
        async () => (await instance.tally('{status}')).DEPEND === 2,
        'both wait for what they depend on',
      );
      await instance.flux('job', 'urgency', good, '16');
      await instance.flux('job', 'urgency', bad, '16');
      const { counts } = reportOf(await running.finished);
      expect(counts.first).toEqual(allGood(1));
      expect(counts.second).toMatchObject({
        submitted: 1,
        finished: 0,
        success: 0,
        exception: 1,
        pending: 0,
      });
    }));
});

describeFlux('jobspecs under Flux', () => {
  test('may have any group name, and long commands', () =>
    withInstance(async (instance) => {
      const names = ['größe 界 🚀', 'a "quoted" \\ name', "it's\ttab", 'dots.and-dashes.v1'];
      const long = 'x'.repeat(10_000);
      const file = ensembleFile(`
jobs:
${names.map((name) => `  - {name: ${JSON.stringify(name)}, command: "true", count: 2}`).join('\n')}
  - {name: long, command: test ${long} = ${long}}
rules:
${[...names, 'long'].map((name) => submitAtStart(name)).join('\n')}
`);
      const { finished, counts } = await run(instance, file);
      expect(finished).toMatchObject({ status: 0, stderr: '' });
      for (const name of names) expect(counts[name], name).toEqual(allGood(2));
      expect(counts.long).toEqual(allGood(1));
    }));

  test('have the resources, folder, environment and output of the file', () =>
    withInstance(
      async (instance) => {
        const file = ensembleFile(`
jobs:
  - name: wide
    command: sh -c 'echo "$GREETING $FLUX_JOB_NNODES $FLUX_JOB_SIZE $(pwd)"'
    nodes: 2
    tasks: 4
    workdir: /usr
    environment: {GREETING: hi "there"}
    output: OUT/out.txt
    duration: 60
    attributes: {system: {job: {name: by-attribute}}}
  - name: uneven
    command: "true"
    nodes: 2
    tasks: 3
rules:
  - {trigger: start, action: {name: submit, label: wide}}
  - {trigger: start, action: {name: submit, label: uneven}}
`);
        const { readFileSync, writeFileSync } = await import('node:fs');
        const { dirname } = await import('node:path');
        writeFileSync(file, readFileSync(file, 'utf8').replace('OUT', dirname(file)));
        const { finished, counts } = await run(instance, file);
        expect(finished).toMatchObject({ status: 0, stderr: '' });
        expect(counts).toEqual({ wide: allGood(1), uneven: allGood(1) });
        const lines = readFileSync(`${dirname(file)}/out.txt`, 'utf8')
          .trimEnd()
          .split('\n');
        expect(lines).toEqual(Array.from({ length: 4 }, () => 'hi "there" 2 4 /usr'));
        expect((await instance.jobs('{name} {ntasks} {nnodes} {duration}')).sort()).toEqual([
          'by-attribute 4 2 60',
          'true 3 2 0',
        ]);
      },
      { size: 2 },
    ));

  test('that the validator refuses are reported with group, rule and reason, and not counted', () =>
    withInstance(async (instance) => {
      const file = ensembleFile(`
jobs:
  - {name: wrong, command: "true", count: 50, attributes: {system: {duration: x}}}
  - {name: right, command: "true", count: 3}
rules:
  - {trigger: start, action: {name: submit, label: wrong}}
  - {trigger: start, action: {name: submit, label: right}}
`);
      const { finished, counts, problems, summary } = await run(instance, file);
      expect(finished.status).toBe(0);
      expect(summary.end).toBe('idle');
      expect(problems).toHaveLength(1);
      expect(problems[0]).toContain("1 of 50 jobs of group 'wrong' were refused: ");
      expect(problems[0]).toContain('rules[0]');
      expect(problems[0]).toContain('duration');
      expect(problems[0]).toContain('49 more were not tried');
      expect(counts.wrong).toMatchObject({ submitted: 0, finished: 0, failed: 0, pending: 0 });
      expect(counts.right).toEqual(allGood(3));
      expect(await instance.jobs('{id}')).toHaveLength(3);
    }));

  test('that are refused end the run with onError: stop', () =>
    withInstance(async (instance) => {
      const file = ensembleFile(`
jobs:
  - {name: wrong, command: "true", attributes: {system: {duration: x}}}
rules:
  - {trigger: start, action: {name: submit, label: wrong, onError: stop}}
`);
      const { finished, summary } = await run(instance, file, ['--watch']);
      expect(finished.status).toBe(1);
      expect(summary.end).toBe('stopped');
    }));
});

describeFlux('a queue of Flux', () => {
  test('refuses jobs when it is disabled, and delays them when it is stopped', () =>
    withInstance(
      async (instance) => {
        const file = ensembleFile(`
jobs:
  - {name: a, command: "true", count: 20, attributes: ${mock(0.01)}}
rules:
  - {trigger: start, action: {name: submit, label: a}}
`);
        await instance.flux('queue', 'disable', '-m', 'closed for repairs');
        const refused = await run(instance, file);
        expect(refused.finished.status).toBe(0);
        expect(refused.problems).toEqual([expect.stringContaining('closed for repairs')]);
        expect(refused.counts.a).toMatchObject({ submitted: 0, pending: 0 });

        await instance.flux('queue', 'enable');
        await instance.flux('queue', 'stop');
        const waiting = instance.start(['run', '--json', file]);
        await eventually(async () => (await instance.jobs('{id}')).length === 20, 'all are in the queue');
        expect((await instance.tally('{status}')).SCHED).toBe(20);
        await instance.flux('queue', 'start');
        expect(reportOf(await waiting.finished).counts.a).toEqual(allGood(20));
      },
      { cores: 8 },
    ));
});

function submitAtStart(name: string): string {
  return `  - {trigger: start, action: {name: submit, label: ${JSON.stringify(name)}}}`;
}
