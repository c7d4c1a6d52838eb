/**
 * The folder of one run:
 *
 *     run.json        what run it is, and how it ended
 *     ensemble.yaml   the configuration as it was
 *     lock.N          which process drives it (lock.ts)
 *     log/            the run log
 *     out/            outputs of jobs that name no file of their own (model/kept-files.ts)
 */

import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { EnsembleError } from '../errors.js';
import { type RunLock, takeLock } from './lock.js';
import { makeRunsFolder } from './state-folder.js';
import { replaceFile } from './write-file.js';

const FORMAT = 1;

const manifestSchema = z.object({
  format: z.literal(FORMAT),
  id: z.string(),
  name: z.string(),
  /** The file of the ensemble, absolute. */
  file: z.string(),
  /** The working directory. */
  folder: z.string(),
  /** `attributes.user.ensemble` of its jobs. */
  ensemble: z.string(),
  host: z.string(),
  pid: z.int(),
  member: z.string(),
  /** The Flux instance; null for other members, and for the default instance of the system. */
  uri: z.string().nullable(),
  /** Titles of the rules of the file, by index. */
  rules: z.array(z.string()),
  /** Seconds since the epoch; `ended` is null while the run goes on, and for a run whose process died. */
  started: z.number(),
  ended: z.number().nullable(),
  state: z.enum(['running', 'done', 'terminated', 'interrupted', 'stopped', 'failed']),
  /** The jobs that were submitted, and those that failed in the end; null before the end. */
  counts: z.object({ jobs: z.number(), failed: z.number() }).nullable(),
  /** Exit status of the command; null before the end. */
  exit: z.number().nullable(),
});

export type RunManifest = Readonly<z.infer<typeof manifestSchema>>;

/** How a run ended, for its manifest. */
export type RunConclusion = Pick<RunManifest, 'state' | 'counts' | 'exit'>;

/** The log of a run, in its folder. */
export const logFolder = (folder: string) => join(folder, 'log');
/** The outputs of jobs that name no file of their own, in a run's folder. */
export const outputFolder = (folder: string) => join(folder, 'out');
export const configurationFile = (folder: string) => join(folder, 'ensemble.yaml');
const manifestFile = (folder: string) => join(folder, 'run.json');

/** Letters and digits that are not mistaken for each other. */
const ALPHABET = '23456789abcdefghjkmnpqrstuvwxyz';
const ID_LENGTH = 6;

function newId(): string {
  // 248 is the largest multiple of the alphabet's 31 characters in a byte.
  const digits = [...randomBytes(64)].filter((byte) => byte < 248).slice(0, ID_LENGTH);
  return digits.map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
}

/**
 * Returns the manifest of a run. Throws EnsembleError: `ERR_FILE` for a missing or unreadable one, `ERR_RUN` for one
 * that is damaged or was written by a newer version.
 */
export function readManifest(folder: string): RunManifest {
  const path = manifestFile(folder);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new EnsembleError('ERR_FILE', `can't read ${path}: ${(cause as Error).message}`, { cause });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new EnsembleError('ERR_RUN', `${path} is damaged: ${(cause as Error).message}`, { cause });
  }
  const parsed = manifestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const format = (value as { format?: unknown } | null)?.format;
  const [issue] = parsed.error.issues;
  const reason =
    typeof format === 'number' && format > FORMAT
      ? `has format ${format}, which a newer version of flux-ensemble reads`
      : `is damaged: ${issue?.path.join('.')}: ${issue?.message}`;
  throw new EnsembleError('ERR_RUN', `${path} ${reason}`);
}

/** A folder of a run that this process drives. */
export class RunFolder {
  readonly id: string;
  readonly path: string;
  readonly #lock: RunLock;
  #manifest: RunManifest | null = null;

  private constructor(id: string, path: string, lock: RunLock) {
    this.id = id;
    this.path = path;
    this.#lock = lock;
  }

  /**
   * Creates the folder of a new run, with its configuration and its lock. Throws EnsembleError `ERR_FILE` or
   * `ERR_INSECURE`.
   */
  static create(state: string, configuration: string): RunFolder {
    const runs = makeRunsFolder(state);
    for (;;) {
      const id = newId();
      const path = join(runs, id);
      try {
        mkdirSync(path, { mode: 0o700 });
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === 'EEXIST') continue;
        throw unwritable(path, cause);
      }
      try {
        writeFileSync(configurationFile(path), configuration, { mode: 0o600 });
        mkdirSync(outputFolder(path), { mode: 0o700 });
        return new RunFolder(id, path, takeLock(path));
      } catch (cause) {
        rmSync(path, { recursive: true, force: true });
        throw unwritable(path, cause);
      }
    }
  }

  /** Writes the manifest of a run that begins. Throws EnsembleError `ERR_FILE`. */
  begin(
    run: Pick<RunManifest, 'name' | 'file' | 'ensemble' | 'member' | 'uri' | 'rules'>,
    started = Date.now() / 1000,
  ): void {
    this.#write({
      format: FORMAT,
      id: this.id,
      ...run,
      folder: process.cwd(),
      host: hostname(),
      pid: process.pid,
      started,
      ended: null,
      state: 'running',
      counts: null,
      exit: null,
    });
  }

  /** Writes how the run ended, and gives the lock back. Throws EnsembleError `ERR_FILE`. */
  finish(conclusion: RunConclusion, ended = Date.now() / 1000): void {
    if (this.#manifest !== null) this.#write({ ...this.#manifest, ...conclusion, ended });
    try {
      this.#lock.release();
    } catch (cause) {
      throw unwritable(this.path, cause);
    }
  }

  /** Removes the folder of a run that could not begin. */
  discard(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  #write(manifest: RunManifest): void {
    this.#manifest = manifest;
    try {
      replaceFile(manifestFile(this.path), `${JSON.stringify(manifest, null, 2)}\n`);
    } catch (cause) {
      throw unwritable(this.path, cause);
    }
  }
}

function unwritable(path: string, cause: unknown): EnsembleError {
  return new EnsembleError(
    'ERR_FILE',
    `the folder of the run ${path} can't be written: ${(cause as Error).message}`,
    {
      cause,
    },
  );
}
