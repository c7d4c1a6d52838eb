/** The modules that a command loads: most of the time of a short command is their loading. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, newFolder, root } from '../support/cli.js';

const folder = newFolder();
const example = join(root, 'examples/hello-world.yaml');

/** Runs a command. Returns the files that it loaded, without those of Node, and the bundle's files without bytecode. */
async function loadedBy(...args: string[]) {
  const file = join(folder, `${args[0]}.json`);
  const { status, stderr } = await cli(args, {
    program: join(root, 'test/support/loaded-scripts.mjs'),
    env: { LOADED: file, NODE_OPTIONS: '' },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const { loaded, compiled } = JSON.parse(readFileSync(file, 'utf8')) as {
    loaded: { url: string; length: number }[];
    compiled: string[];
  };
  const files = loaded.filter(({ url }) => url !== '' && !url.startsWith('node:'));
  return {
    files: files.length,
    kilobytes: files.reduce((sum, { length }) => sum + length, 0) / 1000,
    packages: files.filter(({ url }) => url.includes('node_modules')),
    compiled,
  };
}

test.each([
  [['--version'], 6, 20],
  [['validate', example], 8, 1100],
  [['run', '--dry-run', example], 9, 1650],
  // Each Tab in a shell may run it.
  [['completion', 'names', 'runs'], 12, 1700],
])('%j loads few files of the bundle, with bytecode, and no package', async (args, files, kilobytes) => {
  const found = await loadedBy(...args);
  expect(found).toMatchObject({ packages: [], compiled: [] });
  expect(found.files).toBeGreaterThan(2);
  expect(found.files).toBeLessThanOrEqual(files);
  expect(found.kilobytes).toBeLessThanOrEqual(kilobytes);
});
