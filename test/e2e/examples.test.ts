import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, jsonLines, newFolder, root } from '../support/cli.js';

const run = async (name: string, ...more: string[]) => {
  const cwd = newFolder();
  const finished = await cli(['run', '--json', '--slots', '2', ...more, join(root, 'examples', name)], {
    cwd,
  });
  const { lines, summary } = jsonLines(finished);
  const firings = lines.filter((line) => line.type === 'firing');
  const counts = Object.fromEntries(Object.entries(summary.groups).map(([name, { count }]) => [name, count]));
  const output = lines.filter(({ type }) => type === 'output').map(({ line }) => line);
  return { finished, summary, firings, counts, output };
};

const firing = (rule: number, trigger: string, action: string, label: string | null) =>
  expect.objectContaining({ type: 'firing', rule, trigger, action, label });

describe.concurrent('examples on the command line', () => {
  test('hello-world runs as described', async () => {
    const { finished, summary, firings, counts } = await run('hello-world.yaml');
    expect(finished).toMatchObject({ status: 0, stderr: '' });
    expect(firings).toEqual([firing(0, 'start', 'submit', 'sleep'), firing(1, 'metric', 'submit', 'echo')]);
    expect(counts.sleep).toMatchObject({ submitted: 5, finished: 5, success: 5, failed: 0, running: 0 });
    expect(counts.echo).toMatchObject({ submitted: 5, finished: 5, success: 5, failed: 0, pending: 0 });
    expect(summary.groups.sleep?.duration.min).toBeGreaterThanOrEqual(1);
    expect(summary.groups.sleep?.duration.count).toBe(5);
    expect(summary).toMatchObject({ end: 'idle', decodeErrors: 0, events: 110 });
  });

  test('hello-world prints the lines of ensemble-python as text', async () => {
    const cwd = newFolder();
    const path = join(root, 'examples/hello-world.yaml');
    const { stdout, stderr, status } = await cli(['run', '--slots', '5', path], { cwd });
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(stdout.split('\n').slice(0, 4)).toEqual([
      ' => trigger start',
      '   submit sleep (name:sleep),(command:sleep 1),(count:5),(nodes:1)',
      ' => trigger count.sleep.success',
      '   submit echo (name:echo),(command:echo hello world),(count:5),(nodes:1)',
    ]);
    expect(stdout).toMatch(/^sleep-duration +5 +1(\.\d+)? /m);
    // Its jobs are seen to say hello.
    const said = readdirSync(cwd).map((name) => [
      /^hello-[ƒf]\w+\.txt$/.test(name),
      readFileSync(join(cwd, name), 'utf8'),
    ]);
    expect(said).toEqual(Array(5).fill([true, 'hello world\n']));
  });

  test('rows: the chosen rows of a file are jobs', async () => {
    const cwd = newFolder();
    const { stdout, status } = await cli(['run', join(root, 'examples/rows-example.yaml')], { cwd });
    expect(status).toBe(0);
    expect(stdout).toMatch(/\(count:1\),\(nodes:1\),\(rows:samples.csv\)/);
    expect(stdout).toMatch(/^beam +8 +8 +8 /m);
    expect(Number(readFileSync(join(cwd, 'largest.txt'), 'utf8'))).toBeGreaterThan(0);
  });

  test('backoff runs as described', async () => {
    const { finished, firings, counts } = await run('backoff-example.yaml');
    expect(finished).toMatchObject({ status: 0, stderr: '' });
    expect(counts.sleep).toMatchObject({ submitted: 5, success: 5 });
    expect(counts['echo-repetition']).toMatchObject({ submitted: 6, success: 6 });
    expect(counts['echo-backoff']).toMatchObject({ submitted: 2, success: 2 });
    expect(firings.map(({ label }) => label)).toEqual([
      'sleep',
      'echo-repetition',
      'echo-backoff',
      'echo-repetition',
      'echo-repetition',
      'echo-backoff',
    ]);
  });

  test('heartbeat runs as described', async () => {
    const { finished, firings, counts, summary } = await run('heartbeat-example.yaml');
    expect(finished).toMatchObject({ status: 0, stderr: '' });
    expect(counts.sleep).toMatchObject({ submitted: 5, success: 5 });
    expect(counts.echo).toMatchObject({ submitted: 10, success: 10 });
    expect(counts.held).toMatchObject({ submitted: 1, canceled: 1, finished: 0, exception: 1 });
    expect(firings.at(-1)).toMatchObject({
      trigger: 'metric',
      name: 'max.held-pending',
      action: 'cancel',
      event: null,
    });
    expect(firings.at(-1)?.value).toBeGreaterThan(4);
    // Judged at heartbeats, but never recorded: the job did not start.
    expect(summary.groups.held?.pending.count).toBe(0);
  });

  test('grow-shrink runs as described', async () => {
    const { finished, firings, counts } = await run('grow-shrink-example.yaml');
    expect(finished).toMatchObject({ status: 0, stderr: '' });
    expect(counts.echo).toMatchObject({ submitted: 10, success: 10 });
    expect(counts.sleep).toMatchObject({ submitted: 3, success: 3 });
    const grown = firings.filter(({ action }) => action === 'grow').length;
    expect(grown).toBeGreaterThanOrEqual(2);
    expect(grown).toBeLessThanOrEqual(6);
    expect(firings.at(-1)).toMatchObject({ action: 'shrink' });
  });

  test('terminate runs as described', async () => {
    const { finished, firings, counts, summary } = await run('terminate-example.yaml');
    expect(finished).toMatchObject({ status: 0, stderr: '' });
    expect(summary.end).toBe('terminated');
    expect(firings.at(-1)).toMatchObject({ name: 'count.echo.success', action: 'terminate', value: 5 });
    expect(counts.echo).toMatchObject({ submitted: 5, success: 5 });
    expect(counts.sleep?.submitted).toBe(5);
    expect((counts.sleep?.success ?? 0) + (counts.sleep?.canceled ?? 0)).toBe(5);
  });

  test('terminate ends a run with --watch', async () => {
    const { finished, summary } = await run('terminate-example.yaml', '--watch');
    expect({ status: finished.status, end: summary.end }).toEqual({ status: 0, end: 'terminated' });
  });

  test('custom-action runs as described', async () => {
    const { finished, firings, counts, output } = await run('custom-action-example.yaml');
    expect(finished).toMatchObject({ status: 0, stderr: '' });
    expect(counts.echo).toMatchObject({ submitted: 4, success: 4 });
    expect(firings.filter(({ action }) => action === 'custom')).toHaveLength(4);
    expect(output).toContain('echoAgain: finish of a job in echo, 2 finished so far');
  });

  test('custom-python runs as described', async () => {
    const { finished, firings, counts } = await run('custom-python-example.yaml');
    expect(finished.status).toBe(0);
    expect(counts.echo).toMatchObject({ submitted: 2, success: 2 });
    expect(firings.filter(({ action }) => action === 'custom')).toHaveLength(3);
    // A busy machine may take longer for the jobs, of one second each.
    expect(finished.stdout).toMatch(/\{"type":"output","line":"3 finished, \d+\.\d s on average"\}/);
  });

  test('parameters runs as described', async () => {
    const { finished, firings, counts } = await run('parameters-example.yaml', '--slots', '16');
    expect(finished).toMatchObject({ status: 1, stderr: '' });
    expect(counts.melt).toMatchObject({ submitted: 6, success: 4, timeout: 2, failed: 2 });
    expect(firings.filter(({ rule }) => rule === 1).map(({ parameters }) => parameters)).toEqual(
      expect.arrayContaining([
        { temperature: 300, size: 12, nodes: 8 },
        { temperature: 350, size: 12, nodes: 8 },
      ]),
    );
  });

  test('uncertainty takes 64 points of one sequence', async () => {
    const csv = join(newFolder(), 'beam.csv');
    const { finished, counts } = await run('uncertainty-example.yaml', '--slots', '8', '--results', csv);
    expect(finished).toMatchObject({ status: 0, stderr: '' });
    expect(counts.beam).toMatchObject({ success: 64 });
    const [head = '', ...rows] = readFileSync(csv, 'utf8').trimEnd().split('\n');
    const column = head.split(',').indexOf('parameters.length');
    const parts = rows.map((row) => Math.floor((Number(row.split(',')[column]) - 1.9) * 5 * 64));
    expect(parts.sort((one, other) => one - other)).toEqual(Array.from({ length: 64 }, (_, i) => i));
  });

  test('every example file is valid', async () => {
    const names = readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.yaml'));
    expect(names.length).toBeGreaterThanOrEqual(6);
    for (const name of names) {
      const { stdout, status } = await cli(['validate', join('examples', name)]);
      expect(status, stdout).toBe(0);
      expect(stdout).toContain(`${name}: valid`);
      expect(stdout).not.toContain('warning');
    }
  });

  test('ams uses physics until the surrogate is good enough, then the surrogate', async () => {
    const folder = newFolder();
    const cwd = join(root, 'examples/ams');
    const finished = await cli(['run', '--json', 'ams.yaml'], {
      cwd,
      env: { AMS_DIR: folder },
    });
    const { lines, summary } = jsonLines(finished);
    expect(lines.filter(({ type }) => type === 'problem')).toEqual([]);
    expect(finished).toMatchObject({ status: 0, stderr: '' });
    const errors = lines
      .filter(({ type }) => type === 'output')
      .map(({ line }) => Number(/error ([\d.]+)/.exec(String(line))?.[1]));
    // It took more than one round, and only the last one was good enough.
    expect(errors.length).toBeGreaterThan(1);
    expect(errors.map((error) => error <= 0.1)).toEqual(errors.map((_, i) => i === errors.length - 1));
    const { physics, train, surrogate } = summary.groups;
    expect(train?.count.success).toBe(errors.length);
    const notSure = readFileSync(join(folder, 'not-sure.csv'), 'utf8').trim().split('\n').length;
    expect(surrogate?.count.success).toBe(12);
    expect(physics?.count.success).toBe(8 * errors.length + notSure);
    // Physics is expensive: no point is looked at twice.
    const samples = readFileSync(join(folder, 'samples.csv'), 'utf8').trim().split('\n');
    expect(new Set(samples.map((line) => Number.parseFloat(line))).size).toBe(physics?.count.submitted);
    const answers = readFileSync(join(folder, 'answers.csv'), 'utf8').trim().split('\n');
    expect(answers).toHaveLength(12 - notSure);
    expect(summary).toMatchObject({ end: 'idle', state: 'done' });
  });
});
