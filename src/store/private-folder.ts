/**
 * Folders that other users of the host must not be able to replace or to write to. Other folders are refused with a
 * remedy. The permissions of existing folders are never changed.
 */

import { lstatSync, mkdirSync, realpathSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { EnsembleError } from '../errors.js';

const ROOT = 0;
const FOR_OTHERS = 0o077;
const WRITABLE_FOR_OTHERS = 0o022;
const STICKY = 0o1000;

const me = () => process.getuid?.() ?? ROOT;
const octal = (mode: number) => (mode & 0o7777).toString(8).padStart(4, '0');

function insecure(message: string): EnsembleError {
  return new EnsembleError('ERR_INSECURE', message);
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

function ownFolderProblem(path: string, stats: Stats): string | null {
  if (!stats.isDirectory()) return `${path} is not a folder`;
  if (stats.uid !== me()) return `${path} belongs to uid ${stats.uid}, not to you (uid ${me()})`;
  return null;
}

/** Returns why a folder is not for this user alone; null for a private folder. */
export function privateFolderProblem(path: string, stats: Stats): string | null {
  const problem = ownFolderProblem(path, stats);
  if (problem !== null || (stats.mode & FOR_OTHERS) === 0) return problem;
  return `${path} is open to others (mode ${octal(stats.mode)}); chmod 700 it, or use another folder`;
}

/**
 * Throws EnsembleError `ERR_INSECURE` unless the folder belongs to this user alone, and other users can't replace it.
 * Throws the system's error for a missing folder.
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
      const message = `the folder ${path} can't be created: ${(cause as Error).message}`;
      throw new EnsembleError('ERR_FILE', message, { cause });
    }
  }
  checkPrivateFolder(path);
}

/**
 * Throws EnsembleError `ERR_INSECURE` unless the folder belongs to this user, and others can neither write to it nor
 * replace it. Others may read it. It may be a symbolic link.
 */
export function checkOwnFolder(path: string): void {
  const real = realpathSync(path);
  const stats = lstatSync(real);
  const problem = ownFolderProblem(real, stats);
  if (problem !== null) throw insecure(problem);
  if ((stats.mode & WRITABLE_FOR_OTHERS) !== 0) {
    const mode = octal(stats.mode);
    throw insecure(`others may write to ${real} (mode ${mode}); chmod go-w it, or use another folder`);
  }
  checkAncestors(dirname(path));
  checkAncestors(dirname(real));
}
