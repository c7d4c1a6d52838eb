/** A folder for the files of a check's jobs. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs a check with a new folder, which is removed after it. */
export async function withFolder(check: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'member-check-'));
  try {
    await check(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
