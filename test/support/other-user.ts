/** Another user of this host, and files that this user must not read. */

import { execFile } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

export const NOBODY = 65_534;
/** Only root can act as another user. */
export const isRoot = process.getuid?.() === 0;

/** Connects to a socket as another user, which requires root, and returns the result. */
export async function asNobody(path: string): Promise<string> {
  const script = `
    process.setgid(${NOBODY}); process.setuid(${NOBODY});
    require('node:net').connect(process.argv[1])
      .on('connect', () => { console.log('connected'); process.exit(); })
      .on('error', (error) => console.log(error.code));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script, path]);
  return stdout.trim();
}

/** Writes a file with a token. */
export function tokenFile(folder: string, name: string, text: string, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode });
  chmodSync(path, mode);
  return path;
}
