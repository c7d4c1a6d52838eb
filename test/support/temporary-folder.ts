/** Vitest's global setup: all tests of a run share one temporary folder, which is removed after them. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let folder = '';

export function setup(): void {
  // A short name: paths of Unix sockets in it may have 107 bytes.
  folder = mkdtempSync(join(tmpdir(), 'fe-'));
  process.env.TMPDIR = folder;
  // Runs are not kept in the home of the developer.
  process.env.XDG_STATE_HOME = join(folder, 'state');
}

export function teardown(): void {
  rmSync(folder, { recursive: true, force: true });
}
