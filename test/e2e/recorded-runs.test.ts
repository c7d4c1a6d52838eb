/** The file of a run's recording: which files it may replace, and errors of writing. */

import { execFile, execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { cli, ensembleFile, eventually, jsonLines, main, newFolder, root, start } from '../support/cli.js';

const hello = readFileSync(join(root, 'test/fixtures/journals/a_hello.ndjson'));

/** `count` jobs of one command, one after the other with `--slots 1`. */
const jobs = (command: string, count = 1, folder = newFolder()) =>
  ensembleFile(
    `jobs: [{name: a, command: ${JSON.stringify(command)}, count: ${count}, workdir: ${folder}}]
rules: [{trigger: start, action: {name: submit, label: a}}]
`,
    folder,
  );

/** A file of this content in a new folder. */
function file(name: string, content: string | Uint8Array): string {
  const path = join(newFolder(), name);
  writeFileSync(path, content);
  return path;
}

/** Returns the result of `replay` for a recording. */
async function replayed(path: string) {
  const finished = await cli(['replay', '--json', path]);
  return { ...finished, ...jsonLines(finished) };
}

describe.concurrent('the file of a recording', () => {
  test.each(['itself', 'a symbolic link', 'a hard link', 'another spelling'])(
    'does not replace other files: %s',
    async (kind) => {
      const study = jobs('true');
      const text = readFileSync(study, 'utf8');
      const link = join(newFolder(), 'r.ndjson');
      if (kind === 'a symbolic link') symlinkSync(study, link);
      if (kind === 'a hard link') linkSync(study, link);
      const path =
        { itself: study, 'another spelling': study.replace('/tmp/', '/tmp/./../tmp/') }[kind] ?? link;
      for (const force of [[], ['--force']]) {
        const { status, stderr } = await cli(['run', study, '--record', path, ...force]);
        expect([status, stderr]).toEqual([
          2,
          expect.stringContaining(`${path} can't be written: it exists and is not a recording`),
        ]);
      }
      expect(readFileSync(study, 'utf8')).toBe(text);
    },
  );

  test.each([
    ['plain', 'r.ndjson', hello],
    ['compressed', 'r.ndjson.gz', gzipSync(hello)],
    ['of a killed run', 'r.ndjson', hello.subarray(0, 50)],
    ['compressed, of a killed run', 'r.ndjson.gz', gzipSync(hello).subarray(0, 300)],
  ])('replaces a recording only with --force: %s', async (_kind, name, content) => {
    const path = file(name, content);
    const refused = await cli(['run', jobs('true'), '--record', path]);
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining('--force')]);
    expect(readFileSync(path)).toEqual(Buffer.from(content));
    expect(await cli(['run', jobs('true'), '--record', path, '--force'])).toMatchObject({
      status: 0,
      stderr: '',
    });
    expect((await replayed(path)).summary.groups.a?.count.success).toBe(1);
  });

  test('may be empty, and contains nothing of an earlier recording', async () => {
    const path = file('r.ndjson', '');
    expect((await cli(['run', jobs('true'), '--record', path])).status).toBe(0);
    const once = statSync(path).size;
    const large = file('r.ndjson', Buffer.concat([hello, hello]));
    expect((await cli(['run', jobs('true'), '--record', large, '--force'])).status).toBe(0);
    expect(Math.abs(statSync(large).size - once)).toBeLessThan(200);
  });

  test.each([
    ['a function that can not be loaded', [], "custom: './missing.mjs'\n"],
    ['a service that does not answer', ['--service', 'unix:/nowhere/socket'], ''],
    ['no Flux', ['--executor', 'flux'], ''],
  ])("is unchanged when the run can't begin: %s", async (_what, args, more) => {
    const study = jobs('true');
    writeFileSync(study, readFileSync(study, 'utf8') + more);
    const old = file('r.ndjson', hello);
    const none = join(newFolder(), 'r.ndjson.gz');
    const env = { FLUX_URI: 'local:///nowhere' };
    for (const path of [old, none]) {
      const { status } = await cli(['run', study, '--record', path, '--force', ...args], { env });
      expect(status).toBeGreaterThan(1);
    }
    expect(readFileSync(old)).toEqual(hello);
    expect(existsSync(none)).toBe(false);
  });

  test('is refused when it is a folder, a socket, or in a missing folder', async () => {
    const folder = newFolder();
    const server = createServer().listen(join(folder, 'socket'));
    try {
      for (const path of [folder, join(folder, 'socket'), join(folder, 'not/there')]) {
        const { status, stderr } = await cli(['run', jobs('true'), '--record', path]);
        expect([status, stderr]).toEqual([2, expect.stringContaining(`${path} can't be written`)]);
      }
    } finally {
      server.close();
    }
  });

  test('is protected in the same way by synth', async () => {
    const text = file('notes.txt', 'notes\n');
    expect((await cli(['synth', '--output', text, '--force'])).status).toBe(2);
    expect(readFileSync(text, 'utf8')).toBe('notes\n');
    const recording = file('r.ndjson', hello);
    expect((await cli(['synth', '--output', recording])).stderr).toContain('--force');
    expect(readFileSync(recording)).toEqual(hello);
    expect((await cli(['synth', '--output', recording, '--force'])).status).toBe(0);
    expect(readFileSync(recording)).not.toEqual(hello);
  });

  test('is protected in the same way by record, even without Flux', async () => {
    const env = { FLUX_URI: 'local:///nowhere' };
    const text = file('notes.txt', 'notes\n');
    expect((await cli(['record', text, '--force'], { env })).status).toBe(2);
    const recording = file('r.ndjson', hello);
    expect((await cli(['record', recording], { env })).stderr).toContain('--force');
    expect((await cli(['record', recording, '--force'], { env })).status).toBe(3);
    expect([readFileSync(text, 'utf8'), readFileSync(recording)]).toEqual(['notes\n', hello]);
  });

  test('the output of graph replaces only graphs', async () => {
    const study = jobs('true');
    const text = readFileSync(study, 'utf8');
    const { status, stderr } = await cli(['graph', study, '--output', study]);
    expect([status, stderr]).toEqual([2, expect.stringContaining('is not a graph')]);
    expect(readFileSync(study, 'utf8')).toBe(text);
    const path = join(newFolder(), 'g.svg');
    for (const format of ['svg', 'mermaid', 'svg', 'svg']) {
      expect((await cli(['graph', study, '--format', format, '--output', path])).status).toBe(0);
    }
    expect(readFileSync(path, 'utf8')).toContain('<svg');
  });
});

describe.concurrent('the recording of a killed run', () => {
  const zstd = Number(process.versions.node.split('.')[0]) >= 23 ? ['r.ndjson.zst'] : [];

  test.each(['r.ndjson', 'r.ndjson.gz', ...zstd])(
    'contains all records up to one second before: %s',
    async (name) => {
      const path = join(newFolder(), name);
      const running = start([
        'run',
        '--debug',
        '--json',
        '--slots',
        '2',
        '--record',
        path,
        jobs('sleep 0.1', 500),
      ]);
      const ended = (text: string) => text.split('"name":"finish"').length - 1;
      let before = 0;
      running.process.stdout?.on('data', () => {});
      await running.printed('"name":"finish"');
      await new Promise((resolve) => setTimeout(resolve, 2000));
      before = ended(await running.printed('{'));
      // Only records of the last second may be missing.
      await new Promise((resolve) => setTimeout(resolve, 1500));
      running.process.kill('SIGKILL');
      await running.finished;
      expect(before).toBeGreaterThan(5);
      const { summary, status } = await replayed(path);
      expect(summary.groups.a?.count.finished).toBeGreaterThanOrEqual(before);
      if (name === 'r.ndjson.gz') expect([status, summary.error?.code]).toEqual([2, 'ERR_FILE']);
    },
  );

  test('is compressed well', async () => {
    const folder = newFolder();
    const [plain, gzip] = [join(folder, 'r.ndjson'), join(folder, 'r.ndjson.gz')];
    for (const path of [plain, gzip])
      await cli(['run', '--slots', '1', '--record', path, jobs('sleep 0.1', 30)]);
    expect(gunzipSync(readFileSync(gzip)).toString().split('\n').length).toBe(
      readFileSync(plain, 'utf8').split('\n').length,
    );
    expect(statSync(gzip).size).toBeLessThan(statSync(plain).size / 4);
  });
});

/** Starts a run of jobs that say `started` and then wait for `go`. Resolves when the first has started. */
async function startWaiting(record: string, folder = newFolder(), json: readonly string[] = []) {
  const command = 'sh -c "touch started; until [ -e go ]; do sleep 0.1; done; touch alive"';
  const running = start(['run', ...json, '--record', record, jobs(command, 1, folder)]);
  let stderr = '';
  running.process.stderr?.on('data', (text: string) => {
    stderr += text;
  });
  await eventually(() => existsSync(join(folder, 'started')), 'the job starts');
  return {
    running,
    told: (text: string) => eventually(() => stderr.includes(text), `${text} in ${stderr}`),
    go: async () => {
      writeFileSync(join(folder, 'go'), '');
      const finished = await running.finished;
      expect(existsSync(join(folder, 'alive'))).toBe(true);
      return finished;
    },
  };
}

describe.concurrent("a recording that can't be written any more", () => {
  test.each(['r.ndjson', 'r.ndjson.gz'])(
    'is reported once and at once, and the run continues: a full disk, %s',
    async (name) => {
      const path = join(newFolder(), name);
      symlinkSync('/dev/full', path);
      const { told, go } = await startWaiting(path);
      await told('ENOSPC');
      const { status, stderr } = await go();
      expect(stderr.trimEnd().split('\n')).toEqual([
        `ensemble: error: the recording ${path} can't be written: ENOSPC: no space left on device, write [ERR_FILE]`,
      ]);
      expect(status).toBe(2);
    },
  );

  test('is a problem in the output of --json', async () => {
    const path = join(newFolder(), 'r.ndjson');
    symlinkSync('/dev/full', path);
    const finished = await cli(['run', '--json', '--record', path, jobs('true')]);
    const { lines, summary } = jsonLines(finished);
    expect(lines.filter(({ type }) => type === 'problem')).toMatchObject([
      { code: 'ERR_FILE', message: expect.stringContaining('ENOSPC') },
    ]);
    expect(summary.groups.a?.count.success).toBe(1);
    expect([finished.status, finished.stderr]).toEqual([2, '']);
  });

  test.each(['the file', 'its folder'])('is detected when %s is removed', async (what) => {
    const folder = join(newFolder(), 'recordings');
    mkdirSync(folder);
    const path = join(folder, 'r.ndjson');
    const { told, go } = await startWaiting(path);
    rmSync(what === 'the file' ? path : folder, { recursive: true });
    const finished = go();
    await told('the file was removed');
    expect((await finished).status).toBe(2);
  });

  test('is detected when the reader of a pipe has closed it', async () => {
    const path = join(newFolder(), 'pipe');
    execFileSync('mkfifo', [path]);
    const reader = spawn('head', ['-c', '1', path], { stdio: 'ignore' });
    const { told, go } = await startWaiting(path);
    await eventually(() => reader.exitCode !== null, 'the reader has left');
    const finished = go();
    await told('EPIPE');
    expect((await finished).status).toBe(2);
  });

  test('ends synth', async () => {
    const path = join(newFolder(), 'full');
    symlinkSync('/dev/full', path);
    const { status, stderr } = await cli(['synth', '--jobs', '100000000', '--output', path]);
    expect([status, stderr]).toEqual([2, expect.stringContaining('ENOSPC')]);
  });
});

describe.concurrent('a recording without a regular file', () => {
  test('goes to standard output under any name', async () => {
    for (const name of ['-', '/dev/stdout', '/proc/self/fd/1']) {
      const { stdout, status } = await cli(['run', jobs('true'), '--record', name]);
      expect(status).toBe(0);
      expect(stdout).toContain('{"id":-1,"events":[]}\n');
      expect(stdout).toContain('"name":"finish"');
      expect(stdout).toContain('nothing left to do');
    }
    // Into one file with what the run prints: neither is written over the other.
    const path = join(newFolder(), 'out');
    execFileSync('sh', [
      '-c',
      `'${process.execPath}' '${main}' run '${jobs('true')}' --record /dev/stdout > '${path}'`,
    ]);
    const text = readFileSync(path, 'utf8');
    expect(text).toMatch(/^\{"id":-1,"events":\[\]\}\n/);
    expect(text).toContain('=> trigger start');
    expect(text).toMatch(/nothing left to do.*\n$/);
  });

  test('goes to a process substitution, and to /dev/null', async () => {
    const path = join(newFolder(), 'lines');
    const script = `'${process.execPath}' '${main}' run '${jobs('true', 5)}' --record >(cat > '${path}'); exit $?`;
    execFileSync('bash', ['-c', script]);
    await eventually(
      () => existsSync(path) && readFileSync(path, 'utf8').includes('"name":"clean"'),
      'it is written',
    );
    expect((await cli(['run', jobs('true'), '--record', '/dev/null'])).status).toBe(0);
  });

  test.each(['pipe', 'pipe.gz'])('waits for the reader of a %s without losing records', async (name) => {
    const path = join(newFolder(), name);
    execFileSync('mkfifo', [path]);
    // Much more than a pipe holds is recorded before the first byte is read.
    execFile('sh', ['-c', `{ sleep 4; cat; } < '${path}' > '${path}.read'`]);
    const running = start(['run', '--slots', '4', '--record', path, jobs('true', 300)]);
    expect(await running.finished).toMatchObject({ status: 0, stderr: '' });
    const whole = () => readFileSync(`${path}.read`);
    const read = () => (name === 'pipe' ? whole() : gunzipSync(whole())).toString();
    await eventually(() => whole().length > 1000, 'it is read');
    expect(read().split('"name":"finish"')).toHaveLength(301);
  });

  test('does not block an interrupted run', async () => {
    const path = join(newFolder(), 'pipe');
    execFileSync('mkfifo', [path]);
    const reader = spawn('sh', ['-c', `exec sleep 1000 < '${path}'`], { stdio: 'ignore' });
    const running = start(['run', '--slots', '4', '--record', path, jobs('true', 300)]);
    await running.printed('=> trigger start');
    await new Promise((resolve) => setTimeout(resolve, 3000));
    running.process.kill('SIGTERM');
    const { stderr, stdout } = await running.finished;
    reader.kill('SIGKILL');
    expect(stderr).toMatch(
      /the recording .*pipe can't be written: \d+ bytes at its end could not be written/,
    );
    expect(stdout).toContain('a ');
  });
});

test('a recording continues after another program has emptied its file', async () => {
  const folder = newFolder();
  const path = join(folder, 'r.ndjson');
  const { go } = await startWaiting(path, folder);
  await eventually(() => existsSync(path) && statSync(path).size > 0, 'it has begun');
  truncateSync(path);
  await go();
  expect(readFileSync(path).includes(0)).toBe(false);
  expect((await replayed(path)).summary.decodeErrors).toBe(0);
});
