/**
 * Files and folders that other users of the host must not be able to read, replace or intercept. Other files are
 * refused with a remedy. The permissions of existing files are never changed.
 */

import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  type Stats,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ServiceError } from '../errors.js';

const ROOT = 0;
const FOR_OTHERS = 0o077;
const WRITABLE_FOR_OTHERS = 0o022;
const STICKY = 0o1000;
const FOLDER_NAME = 'flux-ensemble';

const me = () => process.getuid?.() ?? ROOT;
const octal = (mode: number) => (mode & 0o7777).toString(8).padStart(4, '0');

function insecure(message: string): ServiceError {
  return new ServiceError(message, { code: 'ERR_INSECURE' });
}

/** Throws when another user could replace a folder below `folder`. */
function checkAncestors(folder: string): void {
  for (let path = realpathSync(folder); ; path = dirname(path)) {
    const { uid, mode } = lstatSync(path);
    if (uid !== ROOT && uid !== me()) {
      throw insecure(`${path} belongs to uid ${uid}, who could replace its content; use another folder`);
    }
    if ((mode & WRITABLE_FOR_OTHERS) !== 0 && (mode & STICKY) === 0) {
      throw insecure(`others may write to ${path} (mode ${octal(mode)}); use another folder`);
    }
    if (path === dirname(path)) return;
  }
}

function privateFolderProblem(path: string, stats: Stats): string | null {
  if (!stats.isDirectory()) return `${path} is not a folder`;
  if (stats.uid !== me()) return `${path} belongs to uid ${stats.uid}, not to you (uid ${me()})`;
  if ((stats.mode & FOR_OTHERS) !== 0) {
    return `${path} is open to others (mode ${octal(stats.mode)}); chmod 700 it, or use another folder`;
  }
  return null;
}

/**
 * Throws ServiceError `ERR_INSECURE` unless the folder exists, belongs to this user alone, and other users can't
 * replace it.
 */
export function checkPrivateFolder(path: string): void {
  // lstat, because a symbolic link of another user may lead anywhere.
  const problem = privateFolderProblem(path, lstatSync(path));
  if (problem !== null) throw insecure(problem);
  checkAncestors(dirname(path));
}

/** Creates a missing folder for its owner alone, and checks it. Its parent must exist. */
export function makePrivateFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw new ServiceError(`the folder ${path} can't be created: ${(cause as Error).message}`, { cause });
    }
  }
  checkPrivateFolder(path);
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
