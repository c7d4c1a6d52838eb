/** `ensemble synth`, `ensemble replay` and `ensemble run --record`, as a user has them. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { constants, createGzip, gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { openRecording } from '../../src/recording/reader.js';
import { cli, ensembleFile, eventually, jsonLines, main, newFolder, root, start } from '../support/cli.js';

const hello = join(root, 'test/fixtures/journals/a_hello.ndjson');
const mock = join(root, 'test/fixtures/journals/d_mock2000.ndjson');
const helloConfig = join(root, 'examples/hello-world.yaml');
const good = { status: 0, signal: null, stderr: '' };

function file(name: string, content: string | Uint8Array): string {
  const path = join(newFolder(), name);
  writeFileSync(path, content);
  return path;
}

const replay = async (...args: readonly string[]) => {
  const finished = await cli(['replay', '--json', ...args]);
  return { ...finished, ...jsonLines(finished) };
};

/** Returns the output of `synth` with these options. */
async function synth(...args: readonly string[]): Promise<string> {
  const path = join(newFolder(), 'synth.ndjson');
  expect(await cli(['synth', '--output', path, ...args])).toMatchObject(good);
  return path;
}

describe.concurrent('replay', () => {
  test('every group of a recording is tracked', async () => {
    const { status, summary } = await replay(mock);
    expect(status).toBe(0);
    expect(Object.keys(summary.groups).sort()).toEqual(['alpha', 'beta', 'delta', 'gamma']);
    expect(summary).toMatchObject({ end: 'replayed', events: 22_000, decodeErrors: 0 });
    expect(summary.groups.delta?.count).toMatchObject({ submitted: 500, failed: 500, success: 0 });
  });

  test("the rules' actions are listed and not performed", async () => {
    const { lines, summary } = await replay(hello, helloConfig);
    expect(lines.map(({ type, name, action }) => [type, name ?? action])).toEqual([
      ['firing', 'start'],
      ['action', 'submit'],
      ['firing', 'count.sleep.success'],
      ['action', 'submit'],
      ['summary', undefined],
    ]);
    // At the first event, and at the third success.
    expect(lines[0]?.timestamp).toBe(1795333883.5188053);
    expect(lines[2]?.timestamp).toBe(1795333884.7165198);
    expect(lines[3]).toMatchObject({ performed: false, text: expect.stringContaining('(count:5)') });
    expect(summary).toMatchObject({ firings: 2, end: 'replayed' });
  });

  test('the text output describes the actions', async () => {
    const { stdout, ...rest } = await cli(['replay', hello, helloConfig]);
    expect(rest).toEqual(good);
    expect(stdout).toContain(
      ' => trigger count.sleep.success at 2026-11-22T07:51:24.716Z\n   would submit echo',
    );
    expect(stdout).toMatch(
      /replayed, 2026-11-22T07:51:23\.518Z to 2026-11-22T07:51:24\.737Z: 110 events, 2 firings/,
    );
  });

  test('the output is the same each time, at any speed, compressed or not, from a file or a pipe', async () => {
    const config = ensembleFile(`
logging: {heartbeat: 0.1}
jobs:
  - {name: sleep, command: sleep 1, count: 5}
  - {name: echo, command: echo hello, count: 5}
rules:
  - {trigger: heartbeat, action: {name: submit, label: echo, repetitions: 100, backoff: 1}}
  - {trigger: metric, name: mean.sleep-pending, action: {name: submit, label: echo, repetitions: 100}}
  - {trigger: job-start, action: {name: cancel, label: sleep, repetitions: 100}}
`);
    const once = await replay(hello, config);
    // 12 tenths of a second, every other one, and as many changes of the mean as jobs.
    expect(once.lines.filter(({ trigger }) => trigger === 'heartbeat')).toHaveLength(6);
    const others = await Promise.all([
      replay(hello, config),
      replay('--speed', '7', hello, config),
      replay(file('hello.ndjson.gz', gzipSync(readFileSync(hello))), config),
      cli(['replay', '--json', '-', config], { input: readFileSync(hello, 'utf8') }),
    ]);
    for (const { status, stdout } of others) expect([status, stdout]).toEqual([0, once.stdout]);
  });

  test('heartbeats fire at their time by the records, even after long gaps', async () => {
    const event = (time: number, name: string, more = '') =>
      `{"id":1,"events":[{"timestamp":${time},"name":"${name}"}]${more}}\n`;
    const jobspec = ',"jobspec":{"attributes":{"user":{"group":"a"}}}';
    const recording = file(
      'gap.ndjson',
      event(1795333880.5, 'submit', jobspec) + event(1795333883, 'start') + event(1.7e12, 'clean'),
    );
    const config = ensembleFile(`
logging: {heartbeat: 1}
jobs: [{name: a, command: 'true'}]
rules: [{trigger: heartbeat, action: {name: cancel, label: a, repetitions: 1000000}}]
`);
    const { lines, summary } = await replay(recording, config);
    const times = lines.filter(({ type }) => type === 'firing').map(({ timestamp }) => timestamp);
    // Two heartbeats before the start, and only the last ones of the following centuries.
    expect(times.slice(0, 3)).toEqual([1795333881.5, 1795333882.5, expect.any(Number)]);
    expect(times.at(-1)).toBeCloseTo(1.7e12, -1);
    expect(summary.firings).toBe(2 + 100_000);
  });

  test('the statistics and firings are those of the run', async () => {
    const recording = join(newFolder(), 'run.ndjson.gz');
    const run = jsonLines(await cli(['run', '--json', '--record', recording, helloConfig]));
    const again = await replay(recording, helloConfig);
    expect(again.summary.groups).toEqual(run.summary.groups);
    expect(again.summary.events).toBe(run.summary.events);
    const firings = (lines: readonly Record<string, unknown>[]) =>
      lines.filter(({ type, trigger }) => type === 'firing' && trigger !== 'start');
    expect(firings(again.lines)).toEqual(firings(run.lines));
  });

  test('the replay continues after a rule that ends the run, and reports the rule', async () => {
    const config = ensembleFile(`
jobs: [{name: sleep, command: sleep 1}]
rules: [{trigger: job-start, name: sleep, action: {name: terminate}}]
`);
    const { status, lines, summary } = await replay(hello, config);
    expect(status).toBe(0);
    expect(summary).toMatchObject({ end: 'terminated', firings: 1, events: 110 });
    expect(lines[1]).toMatchObject({ action: 'terminate', performed: false });
  });
});

/** Lines as gzip that was flushed after them and then not ended. */
async function flushedGzip(lines: readonly string[]): Promise<{ text: string; data: Buffer }> {
  const text = `${lines.join('\n')}\n`;
  const gzip = createGzip();
  const pieces: Buffer[] = [];
  gzip.on('data', (piece: Buffer) => pieces.push(piece));
  gzip.write(text);
  await new Promise<void>((resolve) => gzip.flush(constants.Z_SYNC_FLUSH, resolve));
  gzip.destroy();
  return { text, data: Buffer.concat(pieces) };
}

describe.concurrent('a damaged recording', () => {
  const text = readFileSync(hello, 'utf8');

  test.each([
    ['a torn last line', text.slice(0, -40), 109, 1],
    ['a line in the middle', text.replace('"name":"validate"', '"name":validate'), 109, 1],
    ['no newline at the end', text.trimEnd(), 110, 0],
  ])('%s does not affect other records', async (_what, broken, events, errors) => {
    const { status, lines, summary } = await replay(file('broken.ndjson', broken));
    expect(status).toBe(0);
    expect(summary).toMatchObject({ events, decodeErrors: errors });
    expect(lines.filter(({ type }) => type === 'decode-error')).toHaveLength(errors);
  });

  test('an invalid record is reported with line and byte', async () => {
    const lines = text.split('\n');
    lines[6] = '{"id":1,"events":[';
    const { status, stderr } = await cli(['replay', file('broken.ndjson', lines.join('\n'))]);
    expect(status).toBe(0);
    const offset = lines.slice(0, 6).join('\n').length + 1;
    expect(stderr).toMatch(/the journal's line 7 \(byte \d+\) is not a record/);
    expect(Number(/byte (\d+)/.exec(stderr)?.[1])).toBeGreaterThanOrEqual(offset);
  });

  test.each([
    ['an empty file', '', 'it is empty'],
    ['only empty lines', '\n\n', 'all of its lines are blank'],
    ['a compressed file of nothing', gzipSync(''), 'all of its lines are blank'],
    [
      'other text',
      Buffer.alloc(100_000, 'noise\n'),
      '16667 invalid lines, the first is line 1 (byte 0): a journal record must be a JSON object',
    ],
    ['a torn first record', text.slice(30, 60), '1 invalid line, the first is line 1 (byte 0): '],
    ['gzip of something else', gzipSync('a\nb\n'), '2 invalid lines, the first is line 1 (byte 0): '],
  ])('%s contains no records, which is reported once as an error', async (_what, content, message) => {
    const path = file('none', content);
    const { status, stderr } = await cli(['replay', path]);
    expect(status).toBe(2);
    expect(stderr).toContain(`the recording ${path} contains no journal records: ${message}`);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    const { summary } = await replay(path);
    expect(summary).toMatchObject({ end: 'failed', error: { code: 'ERR_FILE' }, events: 0 });
  });

  test('a recording of an idle queue is valid', async () => {
    const { status, stdout, stderr } = await cli(['replay', file('idle', '{"id":-1,"events":[]}\n')]);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('replayed: 0 events, 0 firings');
  });

  test('damaged data and other formats are distinguished from an incomplete recording', async () => {
    const whole = gzipSync(readFileSync(mock));
    const damaged = Buffer.from(whole);
    damaged.fill(0xff, whole.length / 2, whole.length / 2 + 100);
    const path = file('damaged.gz', damaged);
    const { status, stderr, stdout } = await cli(['replay', path]);
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /damaged\.gz is damaged near byte \d+ of its gzip data \(.+\); the data before that were read/,
    );
    expect(Number(/(\d+) events/.exec(stdout)?.[1])).toBeGreaterThan(5000);
    const noise = await cli([
      'replay',
      file('noise.gz', Buffer.from([0x1f, 0x8b, ...Buffer.from('no gzip')])),
    ]);
    expect([noise.status, noise.stderr]).toEqual([2, expect.stringContaining('is damaged near byte 9')]);
  });

  test('an incomplete compressed file is read to its last byte, and reported', async () => {
    const whole = gzipSync(readFileSync(mock));
    const { status, summary } = await replay(file('torn.gz', whole.subarray(0, whole.length / 2)));
    expect(status).toBe(2);
    expect(summary.events).toBeGreaterThan(5000);
    expect(summary).toMatchObject({ end: 'failed', error: { code: 'ERR_FILE' } });
    const { stderr } = await cli(['replay', file('torn.gz', whole.subarray(0, 1000))]);
    expect(stderr).toMatch(
      /torn\.gz ends unexpectedly at byte 1000 of its gzip data; the data before that were read/,
    );
  });

  test('an incomplete compressed file yields all data up to the last flush, however slowly it is read', async () => {
    const lines = readFileSync(mock, 'utf8').split('\n').slice(0, 6000);
    const { text: flushed, data } = await flushedGzip(lines);
    const events = flushed.split('"timestamp"').length - 1;
    const path = file('flushed.gz', data);
    const fast = await replay(path);
    expect([fast.status, fast.summary.events, fast.summary.decodeErrors]).toEqual([2, events, 0]);
    const reader = await openRecording(path);
    let read = '';
    const reading = async () => {
      for await (const piece of reader.pieces()) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        read += Buffer.from(piece).toString();
      }
    };
    await expect(reading()).rejects.toMatchObject({ code: 'ERR_FILE' });
    expect(read).toBe(flushed);
  });

  test.each([
    ['a missing file', '/nowhere/recording', /recording \/nowhere\/recording can't be read: ENOENT/],
    ['a folder', '/tmp', /recording \/tmp can't be read: it is a folder/],
  ])('%s is reported', async (_what, path, message) => {
    const { status, stderr } = await cli(['replay', path]);
    expect([status, stderr]).toEqual([2, expect.stringMatching(message)]);
  });

  test('invalid speeds are refused', async () => {
    for (const speed of ['0', '-1', 'fast', '1e3']) {
      expect((await cli(['replay', '--speed', speed, hello])).status).toBe(2);
    }
  });
});

describe.concurrent('a long replay', () => {
  test('reports the statistics so far when it is interrupted', async () => {
    const running = start(['replay', '--json', '--speed', '1', mock, helloConfig]);
    await running.printed('"type":"action"');
    running.process.kill('SIGINT');
    const finished = await running.finished;
    expect(finished.status).toBe(130);
    expect(jsonLines(finished).summary).toMatchObject({ end: 'interrupted' });
    expect(jsonLines(finished).summary.events).toBeLessThan(22_000);
  });

  test('ends when its reader closes the stream', async () => {
    const config = ensembleFile(`
jobs: [{name: alpha, command: 'true'}]
rules: [{trigger: job-submit, action: {name: cancel, label: alpha, repetitions: 1000000}}]
`);
    const script = `'${process.execPath}' '${main}' replay '${mock}' '${config}' | head -n 1`;
    expect(execFileSync('sh', ['-c', script], { encoding: 'utf8' })).toContain('=> trigger');
  });

  test('takes no more memory than a short one', async () => {
    // Not resourceUsage().maxRSS, which begins with that of the process that started it.
    const tell = file(
      'peak.cjs',
      "process.on('exit', () => console.error(/VmHWM.*/.exec(require('fs').readFileSync('/proc/self/status'))[0]));",
    );
    const peakMiB = async (jobs: number) => {
      // As many active jobs at a time, however many there are in all.
      const path = await synth(
        '--jobs',
        String(jobs),
        '--slots',
        '64',
        '--mean-duration',
        '1',
        '--rate',
        '60',
      );
      const { status, stderr } = await cli(['replay', path], { env: { NODE_OPTIONS: `--require=${tell}` } });
      expect(status).toBe(0);
      expect(statSync(path).size).toBeGreaterThan(jobs * 1500);
      const peak = Number(/VmHWM:\s*(\d+) kB/.exec(stderr)?.[1]) / 1024;
      expect(peak).toBeGreaterThan(30);
      return peak;
    };
    const short = await peakMiB(15_000);
    const long = await peakMiB(150_000);
    // 240 MB of recording. Node 24 frees buffers later than Node 20.
    expect(long - short).toBeLessThan(80);
  });
});

describe.concurrent('synth', () => {
  test('the same options give the same bytes, and another seed gives others', async () => {
    const [a, b, c] = await Promise.all([synth('--seed', '7'), synth('--seed', '7'), synth('--seed', '8')]);
    const text = readFileSync(a as string);
    expect(readFileSync(b as string).equals(text)).toBe(true);
    expect(readFileSync(c as string).equals(text)).toBe(false);
  });

  test('the recording has the requested jobs, groups and failures', async () => {
    const { summary } = await replay(
      await synth('--jobs', '20000', '--groups', '7', '--failures', '0.2', '--slots', '4000'),
    );
    expect(Object.keys(summary.groups)).toHaveLength(7);
    const sum = (key: 'submitted' | 'success' | 'failed' | 'canceled' | 'timeout' | 'exception') =>
      Object.values(summary.groups).reduce((all, { count }) => all + count[key], 0);
    expect(sum('submitted')).toBe(20_000);
    expect(sum('success') + sum('failed') + sum('canceled')).toBe(20_000);
    expect(Math.abs(sum('success') / 20_000 - 0.8)).toBeLessThan(0.02);
    expect(Math.min(sum('failed'), sum('canceled'), sum('timeout'), sum('exception'))).toBeGreaterThan(300);
    expect(summary).toMatchObject({ decodeErrors: 0, negativeIntervals: 0 });
  });

  test('the suffix of the file selects the compression', async () => {
    const path = join(newFolder(), 's.ndjson.gz');
    expect(await cli(['synth', '--output', path])).toMatchObject(good);
    const { stdout } = await cli(['synth']);
    expect(gunzipSync(readFileSync(path)).toString()).toBe(stdout);
    expect(statSync(path).size).toBeLessThan(stdout.length / 5);
  });

  test('an invalid option or output is reported', async () => {
    for (const [option, value] of [
      ['--jobs', '-1'],
      ['--jobs', '1.5'],
      ['--groups', '0'],
      ['--failures', '2'],
      ['--rate', ''],
    ] as const) {
      const { status, stderr } = await cli(['synth', option, value]);
      expect([status, stderr]).toEqual([2, expect.stringContaining(option)]);
    }
    const folder = newFolder();
    mkdirSync(join(folder, 'there'));
    const { status, stderr } = await cli(['synth', '--output', join(folder, 'there')]);
    expect([status, stderr]).toEqual([2, expect.stringContaining("can't be written")]);
  });

  test('synth ends when its reader closes the stream', async () => {
    const running = start(['synth', '--jobs', '100000000']);
    await running.printed('group-');
    running.process.stdout?.destroy();
    await running.finished;
    await eventually(
      () => running.process.exitCode !== null || running.process.signalCode !== null,
      'it ends',
    );
  });
});
