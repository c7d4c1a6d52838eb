import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.js';
import { ConfigError, EnsembleError } from '../../../src/errors.js';
import { HELLO } from '../../support/config.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ensemble-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('loadConfig', () => {
  test('reads a file and returns its path', async () => {
    const path = file('hello.yaml', `\uFEFF${HELLO}`);
    const { config } = await loadConfig(path);
    expect(config.file).toBe(path);
    expect(config.groups.has('sleep')).toBe(true);
  });

  test('names the file in its errors', async () => {
    const path = file('wrong.yaml', HELLO.replace('count: 5', 'count: x'));
    await expect(loadConfig(path)).rejects.toBeInstanceOf(ConfigError);
    await expect(loadConfig(path)).rejects.toMatchObject({ diagnostics: [{ file: path, line: 6 }] });
  });

  test.each([
    ['is not there', () => join(folder, 'none.yaml'), /ENOENT/],
    ['is a directory', () => folder, /directory/],
    ['is not UTF-8', () => file('latin1.yaml', Uint8Array.of(0x61, 0x3a, 0x20, 0xe4)), /UTF-8/],
    ['is too large', () => large(), /exceeds 16 MiB/],
  ])('refuses a file that %s', async (_, make, message) => {
    const error: unknown = await loadConfig(make()).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(EnsembleError);
    expect(error).toMatchObject({ code: 'ERR_FILE', message: expect.stringMatching(message) });
  });
});

function large(): string {
  const path = file('large.yaml', '');
  // A sparse file: it has the size, but uses no space.
  truncateSync(path, 16 * 2 ** 20 + 1);
  return path;
}
