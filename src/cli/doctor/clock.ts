/** The clock of this host, against the times of files: those of this package, and a new one in the state folder. */

import { open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { packageFile } from '../../text/package-file.js';
import { broken, type Check, ok } from './finding.js';

/** Seconds by which two clocks may differ. */
const TOLERANCE = 2;

/** Seconds by which the clock of the file system is ahead of ours; null where no file can be made there. */
async function aheadOf(folder: string): Promise<number | null> {
  const path = join(folder, `.clock-${process.pid}`);
  const before = Date.now();
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      const { mtimeMs } = await file.stat();
      const after = Date.now();
      if (mtimeMs < before) return (mtimeMs - before) / 1000;
      return Math.max(0, mtimeMs - after) / 1000;
    } finally {
      await file.close();
      await rm(path, { force: true });
    }
  } catch {
    return null;
  }
}

export const clock: Check = {
  name: 'clock',
  run: async ({ state }) => {
    const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
    const { mtimeMs } = await stat(packageFile('package.json'));
    const set = 'set the clock of this host, for example by NTP';
    if (mtimeMs > Date.now() + TOLERANCE * 1000) {
      return broken(`it is ${now} here, which is before this package was installed`, set);
    }
    const ahead = await aheadOf(state);
    if (ahead === null || Math.abs(ahead) <= TOLERANCE) return ok(`it is ${now}`);
    const seconds = Math.abs(ahead).toFixed(1);
    return broken(`the clocks of this host and of the file system of ${state} differ by ${seconds} s`, set);
  },
};
