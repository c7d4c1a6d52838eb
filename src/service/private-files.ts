/**
 * Files that other users of the host must not be able to read, and the folder of sockets. Other files are refused with
 * a remedy. The permissions of existing files are never changed.
 */

import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EnsembleError, ServiceError } from '../errors.js';
import { privateFolderProblem } from '../store/private-folder.js';

const ROOT = 0;
const FOR_OTHERS = 0o077;
const FOLDER_NAME = 'flux-ensemble';

const me = () => process.getuid?.() ?? ROOT;
const octal = (mode: number) => (mode & 0o7777).toString(8).padStart(4, '0');

function insecure(message: string): ServiceError {
  return new ServiceError(message, { code: 'ERR_INSECURE' });
}

/** Checks or makes a folder by one of the functions of private-folder.ts. Throws their errors as ServiceError. */
export function withServiceErrors(check: () => void): void {
  try {
    check();
  } catch (cause) {
    if (!(cause instanceof EnsembleError)) throw cause;
    const code = cause.code === 'ERR_INSECURE' ? cause.code : 'ERR_SERVICE';
    throw new ServiceError(cause.message, { cause, code });
  }
}

/**
 * Returns the default folder of sockets: `flux-ensemble` in $XDG_RUNTIME_DIR, otherwise in an existing
 * /run/user/UID, otherwise `flux-ensemble-UID` in the folder for temporary files (/tmp).
 */
export function runtimeFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const named = environment.XDG_RUNTIME_DIR;
  if (named?.startsWith('/')) return join(named, FOLDER_NAME);
  const usual = `/run/user/${me()}`;
  const stats = lstatSync(usual, { throwIfNoEntry: false });
  if (stats !== undefined && privateFolderProblem(usual, stats) === null) return join(usual, FOLDER_NAME);
  return join(tmpdir(), `${FOLDER_NAME}-${me()}`);
}

/**
 * Returns the text of a file that only its owner can read. The owner must be this user or root. Throws
 * ServiceError: `ERR_INSECURE` when others can read it, otherwise `ERR_SERVICE`. `what` describes the file in
 * messages: `the token file`.
 */
export function readPrivateFile(path: string, what: string): { text: string; stats: Stats } {
  let file: number;
  try {
    // Opening a pipe must not block.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    throw new ServiceError(`${what} ${path} can't be read: ${(cause as Error).message}`, { cause });
  }
  try {
    // The opened file is checked, because the path may change at any time.
    const stats = fstatSync(file);
    if (!stats.isFile()) throw new ServiceError(`${what} ${path} is not a file`);
    if (stats.uid !== ROOT && stats.uid !== me()) {
      throw insecure(`${what} ${path} belongs to uid ${stats.uid}, not to you (uid ${me()})`);
    }
    if ((stats.mode & FOR_OTHERS) !== 0) {
      throw insecure(`${what} ${path} is open to others (mode ${octal(stats.mode)}); chmod 600 it`);
    }
    return { text: readFileSync(file, 'utf8'), stats };
  } finally {
    closeSync(file);
  }
}
