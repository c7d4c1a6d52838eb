/** Folders: that of runs, that of sockets, and that for temporary files. */

import { constants } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { defaultAddress } from '../../service/address.js';
import { runtimeFolder } from '../../service/private-files.js';
import { checkOwnFolder, checkPrivateFolder } from '../../store/private-folder.js';
import { runsFolder } from '../../store/state-folder.js';
import { formatBytes } from '../../text/bytes.js';
import { broken, type Check, type Finding, ok } from './finding.js';

/** Free bytes below which a folder counts as full: logs of runs and their checkpoints need more soon. */
const LEAST_FREE = 100e6;

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

/** The folder, or the nearest folder above it that exists. */
async function nearest(path: string): Promise<string> {
  for (let folder = path; ; folder = dirname(folder)) {
    if (folder === dirname(folder) || (await exists(folder))) return folder;
  }
}

/** Checks that files can be made in a folder, or in a folder that would be made. `what` begins the message. */
async function writable(path: string, what: string, remedy: string): Promise<Finding> {
  const folder = await nearest(path);
  try {
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    return broken(`${what} ${path} can't be written: ${(error as Error).message}`, remedy);
  }
  const { bavail, bsize, ffree, files } = await statfs(folder);
  const free = bavail * bsize;
  const text = `${what} ${path} ${folder === path ? 'can be written' : 'can be created'}, ${formatBytes(free)} free`;
  if (free < LEAST_FREE) return broken(text, `free some space, or ${remedy}`);
  // File systems without a fixed number of files report 0 of 0.
  if (files > 0 && ffree === 0)
    return broken(`${text}, but no more files can be made`, `remove files, or ${remedy}`);
  return ok(text);
}

export const stateFolder: Check = {
  name: 'state folder',
  run: async ({ state }) => {
    const runs = runsFolder(state);
    // Throws when other users could write to it.
    if (await exists(runs)) checkOwnFolder(runs);
    return writable(runs, 'the folder of runs', 'name another folder with --state or XDG_STATE_HOME');
  },
};

export const socketFolder: Check = {
  name: 'socket folder',
  run: async () => {
    const folder = runtimeFolder();
    const remedy = 'name a folder of yours in XDG_RUNTIME_DIR';
    // Throws when others could reach the sockets.
    if (await exists(folder)) checkPrivateFolder(folder);
    try {
      defaultAddress();
    } catch (error) {
      return broken((error as Error).message, 'name a folder with a shorter path in XDG_RUNTIME_DIR');
    }
    const { state, text } = await writable(folder, 'the folder of sockets', remedy);
    return state === 'ok' ? ok(`${text}, and it is private`) : broken(text, remedy);
  },
};

export const temporaryFolder: Check = {
  name: 'temporary folder',
  run: () => writable(tmpdir(), 'the folder for temporary files', 'name another folder in TMPDIR'),
};
