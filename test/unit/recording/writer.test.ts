/** A recorder while its disk, here the reader of a pipe, is slow. */

import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { EnsembleError } from '../../../src/errors.js';
import { openRecorder } from '../../../src/recording/writer.js';
import { eventually, newFolder } from '../../support/cli.js';

const LINES = Buffer.from(`${JSON.stringify({ id: 1, events: [], more: 'x'.repeat(973) })}\n`.repeat(50));

/** A pipe whose reader copies it to a file after `go()` is called. */
function slowPipe(name: string) {
  const folder = newFolder();
  const path = join(folder, name);
  execFileSync('mkfifo', [path]);
  const script = `{ until [ -e go ]; do sleep 0.05; done; cat; } < '${name}' > read; touch done`;
  const reader = spawn('sh', ['-c', script], { cwd: folder, stdio: 'ignore' });
  return {
    path,
    kill: () => reader.kill('SIGKILL'),
    go: () => execFileSync('touch', [join(folder, 'go')]),
    read: async () => {
      await eventually(() => existsSync(join(folder, 'done')), 'all is read');
      return readFileSync(join(folder, 'read'));
    },
  };
}

describe('a recorder', () => {
  test.each(['pipe', 'pipe.gz'])(
    'drops and counts records beyond its limit, and reports them: %s',
    async (name) => {
      const pipe = slowPipe(name);
      const problems: EnsembleError[] = [];
      const recorder = await openRecorder(pipe.path, {
        mostWaiting: 3e6,
        problem: (error) => problems.push(error),
      });
      let promised: Promise<void> | undefined;
      for (let i = 0; i < 100; i++) {
        promised = recorder.write(LINES);
        expect(recorder.waiting).toBeLessThanOrEqual(3e6);
      }
      expect(promised).toBeInstanceOf(Promise);
      expect(problems.map(({ message }) => message)).toEqual([
        expect.stringMatching(/is losing records: \d+ bytes wait for its disk or reader/),
      ]);
      expect(recorder.broken).toBe(false);
      pipe.go();
      await promised;
      const late = Buffer.from('{"id":2,"events":[]}\n');
      recorder.write(late);
      await expect(recorder.close()).rejects.toMatchObject({ code: 'ERR_FILE' });
      const read = await pipe.read();
      const text = (name === 'pipe' ? read : gunzipSync(read)).toString();
      const lines = text.split('\n').length - 1;
      expect(text.endsWith('}\n{"id":2,"events":[]}\n')).toBe(true);
      expect(lines).toBeLessThan(100 * 50);
      const missing = 100 * 50 + 1 - lines;
      expect(problems.at(-1)?.message).toContain(
        `is missing ${missing} records (${(missing * LINES.length) / 50} bytes)`,
      );
      expect(problems).toHaveLength(2);
    },
  );

  test('gives up waiting records on request, and reports their size', async () => {
    const pipe = slowPipe('pipe');
    const recorder = await openRecorder(pipe.path);
    for (let i = 0; i < 40; i++) recorder.write(LINES);
    await expect(recorder.close(AbortSignal.abort())).rejects.toThrow(
      /pipe can't be written: \d+ bytes at its end could not be written: its disk or reader is stuck/,
    );
    expect(recorder.broken).toBe(true);
    expect(recorder.write(LINES)).toBeUndefined();
    pipe.kill();
  });

  test('needs no more listeners the longer its disk is slow', async () => {
    const warnings: Error[] = [];
    const listen = (warning: Error) => warnings.push(warning);
    process.on('warning', listen);
    const pipe = slowPipe('pipe.gz');
    const recorder = await openRecorder(pipe.path);
    for (let i = 0; i < 200; i++) {
      recorder.write(LINES);
      await new Promise((resolve) => setImmediate(resolve));
    }
    pipe.go();
    await recorder.close();
    expect(gunzipSync(await pipe.read())).toHaveLength(200 * LINES.length);
    process.off('warning', listen);
    expect(warnings).toEqual([]);
  });
});
