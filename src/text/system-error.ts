/** Describes errors of the operating system in one line that says what to do. */

import { readFileSync } from 'node:fs';

interface SystemError extends Error {
  readonly code: string;
  readonly syscall?: string;
}

/** Open files that loading the modules of a command needs, with a margin. */
const ENOUGH_FILES = 256;

/** Read at startup, because it can't be read when no more files can be opened. */
const mostOpenFiles = readLimit();

/** Returns the limit of open files of this process; infinity where it is unknown. */
function readLimit(): number {
  try {
    const [, most] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return most === undefined ? Number.POSITIVE_INFINITY : Number(most);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

function tooFewFiles(): string {
  const here = Number.isFinite(mostOpenFiles) ? ` (at most ${mostOpenFiles} may be open here)` : '';
  return `too many open files${here}: allow more, for example with 'ulimit -n 1024'`;
}

const remedies: Readonly<Record<string, () => string>> = {
  EMFILE: tooFewFiles,
  ENFILE: () => 'the system has no more open files to give: end what holds them, or raise fs.file-max',
  EAGAIN: () => "no more processes or threads are allowed: end some, or raise the limit ('ulimit -u')",
  ENOMEM: () => 'the system has no memory left: end what holds it, or ask for a larger allocation',
  ERR_WORKER_INIT_FAILED: () =>
    "a thread can't be started: too few open files ('ulimit -n'), processes ('ulimit -u') or memory are left",
  ERR_WORKER_OUT_OF_MEMORY: () => 'a thread has run out of memory',
};

function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}

/**
 * Describes which resource ran out and what to do, for an error or one of its causes. Returns null for other
 * errors.
 */
export function remedyFor(error: unknown): string | null {
  for (let cause = error; isSystemError(cause); cause = cause.cause) {
    const remedy = remedies[cause.code];
    if (remedy !== undefined) return remedy();
  }
  return null;
}

/** Returns in one line why a module could not be loaded; null when its own code failed. */
export function whyNotLoaded(error: unknown): string | null {
  // Node reports a file that it can't open as missing.
  if (isSystemError(error) && error.code === 'ERR_MODULE_NOT_FOUND' && mostOpenFiles < ENOUGH_FILES) {
    return `${tooFewFiles()} [EMFILE]`;
  }
  return oneLine(error);
}

/** Returns an error of the system in one line; null for other errors, including bugs of this program. */
export function oneLine(error: unknown): string | null {
  if (!isSystemError(error)) return null;
  if (error.syscall === 'uv_cwd') {
    return `the working directory is gone, or can't be reached: change to another one (${error.code})`;
  }
  const remedy = remedyFor(error);
  if (remedy !== null) return `${remedy} [${error.code}]`;
  return error.syscall === undefined ? null : `${error.message} [${error.code}]`;
}
