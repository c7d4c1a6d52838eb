/** Runs whose process has ended go on, on the command line. */

import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { widthOf } from '../../src/text/width.js';
import {
  type CliOptions,
  cli,
  eventually,
  type Finished,
  jsonLines,
  newFolder,
  type Running,
  start,
} from '../support/cli.js';
import { PLUGIN } from '../support/job-files.js';
import { jsonOf, startService } from '../support/service.js';
import { onTerminal } from './pty.js';

interface Listed {
  readonly id: string;
  readonly path: string;
  readonly state: string;
  readonly resumable: boolean;
  readonly ensemble: string;
}

/** A folder for a study and its runs. */
function place() {
  const folder = newFolder();
  const state = join(folder, 'state');
  const file = join(folder, 'study.yaml');
  const options: CliOptions = { cwd: folder, env: { XDG_STATE_HOME: state } };
  const command = (...args: string[]) => cli(args, options);
  const begun = (...args: string[]): Running => start(args, options);
  return {
    folder,
    file,
    command,
    begun,
    write: (text: string) => writeFileSync(file, text),
    change: (found: string, by: string) => {
      const text = readFileSync(file, 'utf8');
      expect(text).toContain(found);
      writeFileSync(file, text.replace(found, by));
    },
    /** Lets jobs end that wait for it. */
    go: () => writeFileSync(join(folder, 'go'), ''),
    /** The lines that jobs have written. */
    ran: () => {
      const path = join(folder, 'ran');
      return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n').sort() : [];
    },
    runs: async () => jsonOf<Listed>(await command('runs', '--json')),
    options,
  };
}

type Place = ReturnType<typeof place>;

/** Two jobs end at once; two wait until there is a file `go`. */
const STUDY = `jobs:
  - name: quick
    command: sh -c 'echo quick >> ran'
    count: 2
  - name: slow
    command: sh -c 'echo begun >> begun; until test -e go; do sleep 0.05; done; echo slow >> ran'
    count: 2
rules:
  - {trigger: start, action: {name: submit, label: quick}}
  - {trigger: start, action: {name: submit, label: slow}}
`;

const waitForJobs = (at: Place, slow = 2) =>
  eventually(
    () =>
      at.ran().length >= 2 &&
      existsSync(join(at.folder, 'begun')) &&
      readFileSync(join(at.folder, 'begun'), 'utf8').split('\n').length > slow,
    'the jobs run',
    60,
  );

/** Kills a process of a run as `kill -9` does, when its quick jobs have ended and its slow ones run. */
async function kill(at: Place, running: Running, slow = 2): Promise<void> {
  await waitForJobs(at, slow);
  // Its quick jobs are in the log.
  await eventually(
    async () => {
      const { stdout } = await at.command('jobs', '--result', 'completed', '--csv', '--columns', 'group');
      return stdout.split('\n').length >= 4;
    },
    'the quick jobs have ended',
    60,
  );
  running.process.kill('SIGKILL');
  await running.finished;
  rmSync(join(at.folder, 'begun'));
}

/** A run whose process was killed. */
async function killed(text = STUDY, ...args: string[]): Promise<Place & Pick<Listed, 'id' | 'path'>> {
  const at = place();
  at.write(text);
  await kill(at, at.begun('run', 'study.yaml', '--slots', '4', ...args));
  const [run] = await at.runs();
  expect(run).toMatchObject({ state: 'lost', resumable: true });
  return { ...at, id: run?.id ?? '', path: run?.path ?? '' };
}

const counts = (finished: Finished, group: string) => jsonLines(finished).summary.groups[group]?.count;

describe.concurrent('ensemble resume', () => {
  test('goes on with the latest run of the folder that was lost', async () => {
    const at = await killed();
    const listed = await at.command('runs');
    expect(listed.stdout).toContain(`can be resumed with \`ensemble resume ID\`: ${at.id}`);
    const why = await at.command('why', 'start');
    expect(why.stderr).toContain("2 rules have the name 'start'");
    const last = (await at.command('why', '1')).stdout.trimEnd().split('\n').at(-1);
    expect(last).toBe(`run ${at.id} has lost its process; to go on with it: ensemble resume ${at.id}`);
    const mark = join(at.path, 'log', 'ended');
    writeFileSync(mark, '');
    expect((await at.command('runs')).stdout).toContain(`ID\`: ${at.id} --incomplete-log\n`);
    expect((await at.command('why', '1')).stdout).toContain(`ensemble resume ${at.id} --incomplete-log\n`);
    rmSync(mark);
    at.go();
    const { stdout, stderr, status } = await at.command('resume');
    expect(stderr).toBe('');
    const lines = stdout.split('\n');
    expect(lines[0]).toMatch(
      new RegExp(
        `^ => resuming study \\(${at.id}\\), begun [-\\d]+ [\\d:]+; process \\d+ on host \\S+ has died$`,
      ),
    );
    expect(lines.slice(1, 3)).toEqual([
      '   4 jobs known',
      '   2 jobs were lost with the process and are submitted again',
    ]);
    expect(lines[3]).toMatch(/^ => again job ƒ/);
    expect(stdout).toMatch(/^quick +2 +2 +2 +0/m);
    expect(stdout).toMatch(/^slow +2 +2 +2 +0/m);
    expect(stdout).not.toContain('trigger start');
    expect(status).toBe(0);
    expect(at.ran()).toEqual(['quick', 'quick', 'slow', 'slow']);
    expect(await at.runs()).toMatchObject([{ id: at.id, state: 'done', resumable: false }]);
    const again = await at.command('resume', at.id);
    expect(again.status).toBe(2);
    expect(again.stderr).toMatch(
      new RegExp(
        `^ensemble: error: run ${at.id} can't be resumed: it has ended \\(done\\) on [-\\d]+ [\\d:]+; ` +
          '`ensemble run FILE` begins a new run \\[ERR_RUN\\]\n$',
      ),
    );
  });

  test('lets lost jobs fail with --lost fail, and has the exit status of failed jobs', async () => {
    const at = await killed();
    const finished = await at.command('resume', '--lost', 'fail', '--json', '--results', 'all.csv');
    const { lines, summary } = jsonLines(finished);
    expect(lines[0]).toMatchObject({
      type: 'resumed',
      id: at.id,
      name: 'study',
      epoch: 2,
      jobs: 4,
      lost: 2,
      lostJobs: 'fail',
      damage: null,
    });
    expect(summary.groups.slow).toMatchObject({
      count: { submitted: 2, failed: 2 },
      exceptions: { lost: 2 },
    });
    expect(finished.status).toBe(1);
    const results = readFileSync(join(at.folder, 'all.csv'), 'utf8').trimEnd().split('\n');
    expect(results).toHaveLength(5);
    expect((await at.command('resume', '--lost', 'fail', '--allow-failures')).status).toBe(2);
  });

  test('works from another folder, with options that begin there', async () => {
    const at = await killed();
    at.go();
    const other = newFolder();
    const elsewhere = { ...at.options, cwd: other };
    const none = await cli(['resume'], elsewhere);
    expect(none.status).toBe(2);
    expect(none.stderr).toContain(`no run was started in ${other}`);
    const args = ['resume', at.id, '--record', 'journal.ndjson', '--results', 'all.jsonl'];
    const { status, stderr } = await cli(args, elsewhere);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(readdirSync(other).sort()).toEqual(['all.jsonl', 'journal.ndjson']);
    expect(at.ran()).toEqual(['quick', 'quick', 'slow', 'slow']);
  });

  test('refuses a run that another process drives', async () => {
    const at = place();
    at.write(STUDY);
    const running = at.begun('run', 'study.yaml', '--slots', '4');
    await waitForJobs(at);
    const { status, stderr } = await at.command('resume');
    expect(stderr).toMatch(
      new RegExp(
        `^ensemble: error: process ${running.process.pid} on host \\S+ has driven this run since [-\\d]+ [\\d:]+ \\[ERR_RUN\\]\n$`,
      ),
    );
    expect(status).toBe(2);
    at.go();
    expect((await running.finished).status).toBe(0);
  });

  test('goes on with a run that was interrupted, again and again', async () => {
    const at = place();
    at.write(STUDY);
    let running = at.begun('run', 'study.yaml', '--slots', '4');
    let printed = '';
    for (const next of [
      ['resume', '--lost', 'fail'],
      ['resume', '--json'],
    ]) {
      await waitForJobs(at);
      running.process.kill('SIGTERM');
      const { status, stdout } = await running.finished;
      expect(status).toBe(130);
      const [run] = await at.runs();
      expect(run).toMatchObject({ state: 'interrupted', resumable: true });
      expect(stdout.trimEnd().split('\n').at(-1)).toBe(`to go on with it: ensemble resume ${run?.id}`);
      rmSync(join(at.folder, 'begun'));
      printed = stdout;
      running = at.begun(...next);
    }
    expect(printed).toContain(
      '   --lost fail does not apply: the run canceled these jobs itself when it was interrupted\n',
    );
    await waitForJobs(at);
    at.go();
    const finished = await running.finished;
    expect(finished.status).toBe(0);
    expect(jsonLines(finished).lines[0]).toMatchObject({
      type: 'resumed',
      epoch: 3,
      interrupted: true,
    });
    expect(counts(finished, 'slow')).toMatchObject({ submitted: 2, success: 2, canceled: 0 });
    expect(at.ran()).toEqual(['quick', 'quick', 'slow', 'slow']);
  });

  test('registers with a service as the same run', async () => {
    const service = await startService();
    const at = place();
    at.write(STUDY);
    const options: CliOptions = { ...at.options, env: { ...at.options.env, ...service.env } };
    const first = start(['run', 'study.yaml', '--slots', '4', '--service'], options);
    const registered = async () =>
      (await service.client.list()).map(({ run, status }) => [run?.id, run?.started, status]);
    await eventually(async () => (await registered()).length === 1, 'the run registers', 60);
    await kill(at, first);
    const [[id] = []] = await registered();
    const second = start(['resume', '--service'], options);
    await eventually(
      async () => (await service.client.list())[0]?.run?.pid === second.process.pid,
      'the run registers again',
      60,
    );
    const again = await registered();
    expect(again).toEqual([[id, expect.any(Number), 'RUNNING']]);
    const [{ path } = { path: '' }] = await at.runs();
    expect(again[0]?.[1]).toBe(JSON.parse(readFileSync(join(path, 'run.json'), 'utf8')).started);
    at.go();
    expect((await second.finished).status).toBe(0);
    await eventually(async () => (await registered())[0]?.[2] === 'ENDED', 'the run has ended', 60);
    expect((await service.client.get('study')).counts).toMatchObject({ submitted: 4, success: 4 });
    await service.stop();
  });

  test('says how much of the log is damaged', async () => {
    const at = await killed();
    const [{ path } = { path: '' }] = await at.runs();
    const [segment = ''] = readdirSync(join(path, 'log')).sort();
    const bytes = readFileSync(join(path, 'log', segment));
    // Damage in the last frame would count as a torn tail.
    const place = bytes.length >> 1;
    bytes.writeUInt8(bytes.readUInt8(place) ^ 1, place);
    writeFileSync(join(path, 'log', segment), bytes);
    at.go();
    const [jobs = ''] = (await at.command('jobs')).stderr.split('\n');
    expect(jobs).toMatch(
      new RegExp(`^ensemble: warning: the log of run ${at.id} is damaged \\(.* lost bytes`),
    );
    const { stderr, stdout } = await at.command('resume');
    expect(stdout).toContain(`resuming study (${at.id})`);
    expect(stderr.split('\n')[0]).toBe(jobs);
  });

  test('fits into 80 columns', async () => {
    const at = await killed();
    at.go();
    const output = await onTerminal(['resume', at.id], { env: at.options.env ?? {}, columns: 80 });
    const [before = ''] = stripVTControlCharacters(output).split(' => again');
    expect(before).toContain('   4 jobs known');
    for (const line of before.split(/[\r\n]+/)) expect(widthOf(line)).toBeLessThanOrEqual(80);
  });
});

describe.concurrent('ensemble run', () => {
  test('mentions a run of the same file that can be resumed, once', async () => {
    const at = await killed();
    at.go();
    const hint = new RegExp(
      `^ensemble: run ${at.id} of this file, begun [-\\d]+ [\\d:]+, has lost its process\n` +
        `  to go on with it: ensemble resume ${at.id}; without this hint: run --fresh\n$`,
    );
    const fresh = await at.command('run', 'study.yaml', '--fresh', '--no-log');
    expect(fresh).toMatchObject({ status: 0, stderr: '' });
    const dry = await at.command('run', 'study.yaml', '--dry-run');
    expect(dry).toMatchObject({ status: 0, stderr: '' });
    const mentioned = await at.command('run', 'study.yaml');
    expect(mentioned.stderr).toMatch(hint);
    expect(mentioned.status).toBe(0);
    // The new run has ended.
    expect((await at.command('run', 'study.yaml')).stderr).toBe('');
    // The old one can still be resumed.
    expect((await at.command('resume')).stdout).toContain(`resuming study (${at.id})`);
  });
});

describe.concurrent('a file that has changed', () => {
  const RULE =
    '  - {trigger: job-success, name: slow, action: {name: submit, label: extra, repetitions: 5}}\n';
  const GROUP = "  - {name: extra, command: sh -c 'echo extra >> ran'}\n";
  const TEST = 'tests:\n  - {name: it ends, expect: {end: idle}}\n';

  test('is shown, and accepted with --changed where it only adds', async () => {
    const at = await killed();
    at.change('rules:\n', `${GROUP}rules:\n`);
    at.write(`# a comment\n${readFileSync(at.file, 'utf8')}${RULE}${TEST}`);
    const shown = await at.command('resume');
    expect(shown.stderr).toBe(
      `${at.file} has changed since the run began:\n` +
        '  + group extra\n' +
        '  + rules[2] (slow)\n' +
        '  + test it ends\n' +
        `ensemble: error: \`ensemble resume ${at.id} --changed\` goes on with them; ` +
        `\`ensemble resume ${at.id} --as-it-was\` goes on with the file as it was [ERR_RUN]\n`,
    );
    expect(shown.status).toBe(2);
    const changed = at.begun('resume', '--changed');
    await kill(at, changed);
    const [{ path } = { path: '' }] = await at.runs();
    expect(readFileSync(join(path, 'ensemble.1.yaml'), 'utf8')).toBe(STUDY);
    expect(readFileSync(join(path, 'ensemble.yaml'), 'utf8')).toBe(readFileSync(at.file, 'utf8'));
    at.go();
    // The changed file is that of the run now.
    const finished = await at.command('resume', '--json');
    expect(finished.stderr).toBe('');
    expect(finished.status).toBe(0);
    expect(counts(finished, 'slow')).toMatchObject({ success: 2 });
    expect(counts(finished, 'extra')).toMatchObject({ submitted: 2, success: 2 });
    expect(at.ran()).toEqual(['extra', 'extra', 'quick', 'quick', 'slow', 'slow']);
    // The log is taken in with the rules of the beginning, and those that were added since.
    const why = await at.command('why', '2');
    expect(why.stderr).toBe('');
    expect(why.stdout).toContain('fired         twice; 3 repetitions left');
    const { stdout } = await at.command('jobs', '--csv', '--columns', 'rule,rule.name', '--group', 'extra');
    expect(stdout.trimEnd().split('\n')).toEqual(['rule,rule.name', '2,slow', '2,slow']);
  });

  test('may change twice', async () => {
    const at = await killed();
    at.change('rules:\n', `${GROUP}rules:\n`);
    at.write(`${readFileSync(at.file, 'utf8')}${RULE}`);
    await kill(at, at.begun('resume', '--changed'));
    at.change('jobs:\n', `jobs:\n${GROUP.replaceAll('extra', 'other')}`);
    at.write(`${readFileSync(at.file, 'utf8')}${RULE.replaceAll('extra', 'other')}`);
    await kill(at, at.begun('resume', '--changed'));
    const [{ path } = { path: '' }] = await at.runs();
    expect(
      readdirSync(path)
        .filter((name) => name.endsWith('.yaml'))
        .sort(),
    ).toEqual(['ensemble.1.yaml', 'ensemble.2.yaml', 'ensemble.yaml']);
    at.go();
    const finished = await at.command('resume', '--json');
    expect(finished.stderr).toBe('');
    expect(counts(finished, 'extra')).toMatchObject({ success: 2 });
    expect(counts(finished, 'other')).toMatchObject({ success: 2 });
    expect(at.ran()).toEqual(['extra', 'extra', 'other', 'other', 'quick', 'quick', 'slow', 'slow']);
  });

  test('may have new groups with probes', async () => {
    const probed = (name: string, number: number) => `  - name: ${name}
    command: sh -c 'echo ${number}; echo ${name} >> ran'
    count: 2
    output: ${name}-{{id}}.txt
    probes: [{probe: files.number}]
`;
    const at = place();
    writeFileSync(join(at.folder, 'files.mjs'), PLUGIN);
    at.write(
      `plugins: [./files.mjs]\n${STUDY.replace(/ {2}- name: quick.*?count: 2\n/s, probed('quick', 3))}`,
    );
    await kill(at, at.begun('run', 'study.yaml', '--slots', '4'));
    // The places of groups in the file do not matter.
    at.change('jobs:\n', `jobs:\n${probed('extra', 5)}`);
    at.write(`${readFileSync(at.file, 'utf8')}${RULE}`);
    await kill(at, at.begun('resume', '--changed'));
    at.go();
    const finished = await at.command('resume', '--json');
    expect(finished.stderr).toBe('');
    const { groups } = jsonLines(finished).summary;
    expect(groups).toMatchObject({
      quick: { probes: { number: { count: 2, mean: 3 } } },
      extra: { count: { success: 4 }, probes: { number: { count: 4, mean: 5 } } },
    });
    const { stdout } = await at.command('jobs', '--by', 'rule.name', '--csv');
    // Two for each slow job.
    expect(stdout.split('\n').map((line) => line.split(',').slice(0, 2).join(' '))).toEqual(
      expect.arrayContaining(['slow 4']),
    );
  });

  test('is refused with other changes, which --as-it-was ignores', async () => {
    const at = await killed();
    at.change('count: 2', 'count: 3');
    at.change('label: quick', 'label: slow');
    for (const options of [[], ['--changed']]) {
      const { stderr, status } = await at.command('resume', ...options);
      expect(stderr).toBe(
        `${at.file} has changed since the run began:\n` +
          '  ~ group quick\n' +
          '      count: 2 -> 3\n' +
          '  ~ rules[0] (start)\n' +
          '      action.label: quick -> slow\n' +
          `ensemble: error: run ${at.id} can't go on with these changes: ` +
          'a run goes on with new groups, new rules after the existing ones, and other tests only; ' +
          `\`ensemble resume ${at.id} --as-it-was\` goes on with the file as it was [ERR_RUN]\n`,
      );
      expect(status).toBe(2);
    }
    at.go();
    const finished = await at.command('resume', '--as-it-was', '--json');
    expect(finished.status).toBe(0);
    expect(counts(finished, 'quick')).toMatchObject({ submitted: 2 });
  });

  test('may be invalid or missing', async () => {
    const at = await killed();
    at.change('rules:', 'rulez:');
    const { stderr, status } = await at.command('resume');
    expect(stderr).toMatch(/study\.yaml:8:1: error: rulez: unknown key 'rulez'/);
    expect(stderr).toContain(
      `${at.file} has changed and is invalid; \`ensemble resume ${at.id} --as-it-was\` goes on with the file as it was`,
    );
    expect(status).toBe(2);
    rmSync(at.file);
    expect((await at.command('resume', '--changed')).stderr).toContain(`can't read ${at.file}`);
    at.go();
    expect((await at.command('resume')).status).toBe(0);
  });

  test('keeps the numbers of rules that were added at run time', async () => {
    const custom = `custom: |
  export function more() {
    return {trigger: 'job-success', name: 'slow', action: {name: 'submit', label: 'quick', repetitions: 9}};
  }
`;
    const call = '  - {trigger: job-success, name: quick, action: {name: custom, label: more}}\n';
    const at = await killed(`${STUDY}${call}${custom}`);
    at.change('rules:\n', `${GROUP}rules:\n`);
    at.change('custom:', `${RULE}custom:`);
    await kill(at, at.begun('resume', '--changed'));
    at.go();
    const finished = await at.command('resume', '--json');
    expect(finished.stderr).toBe('');
    expect(finished.status).toBe(0);
    expect(counts(finished, 'extra')).toMatchObject({ success: 2 });
    // Two at the start, and two for each slow job.
    expect(counts(finished, 'quick')).toMatchObject({ success: 6 });
    const { stdout } = await at.command('jobs', '--by', 'rule.name', '--csv');
    expect(stdout.split('\n').map((line) => line.split(',').slice(0, 2).join(' '))).toEqual(
      expect.arrayContaining(['slow 6']),
    );
  });
});
