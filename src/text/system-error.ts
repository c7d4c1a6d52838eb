/** What the system refused, in a line that says what to do. */

import { readFileSync } from 'node:fs';

interface SystemError extends Error {
  readonly code: string;
  readonly syscall?: string;
}

/** Open files that loading the modules of any command takes, and some. */
const ENOUGH_FILES = 256;

/** Read at the beginning: when no file can be opened any more, it is too late. */
const mostOpenFiles = readLimit();

/** How many files this process may have open; infinity where that is not known. */
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

/** What was short, and what to do about it, for an error or one that caused it; null for any other. */
export function remedyFor(error: unknown): string | null {
  for (let cause = error; isSystemError(cause); cause = cause.cause) {
    const remedy = remedies[cause.code];
    if (remedy !== undefined) return remedy();
  }
  return null;
}

/** What kept a module from being loaded, in one line; null when its own code did. */
export function whyNotLoaded(error: unknown): string | null {
  // Node takes a file that it can't open for one that is not there.
  if (isSystemError(error) && error.code === 'ERR_MODULE_NOT_FOUND' && mostOpenFiles < ENOUGH_FILES) {
    return `${tooFewFiles()} [EMFILE]`;
  }
  return oneLine(error);
}

/** An error of the system in one line; null for an error of another kind, a fault of this program among them. */
export function oneLine(error: unknown): string | null {
  if (!isSystemError(error)) return null;
  if (error.syscall === 'uv_cwd') {
    return `the working directory is gone, or can't be reached: change to another one (${error.code})`;
  }
  const remedy = remedyFor(error);
  if (remedy !== null) return `${remedy} [${error.code}]`;
  return error.syscall === undefined ? null : `${error.message} [${error.code}]`;
}
