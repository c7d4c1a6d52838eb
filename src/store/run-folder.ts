/**
 * The folder of one run:
 *
 *     run.json        what run it is, and how it ended
 *     ensemble.yaml   the configuration as it was; ensemble.1.yaml is that before the first change
 *     lock.N          which process drives it (lock.ts)
 *     log/            the run log
 *     audit.jsonl     actions and refusals of its HTTP API
 *     socket          a link to its private socket (run-socket.ts)
 *     out/            outputs of jobs that name no file of their own (model/kept-files.ts)
 *     removed         ids of jobs whose outputs were removed, because those of the run exceeded a limit
 */

import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { EnsembleError } from '../errors.js';
import { DURABILITIES } from '../model/durability.js';
import { DEFAULT_LOG_LIMIT, DEFAULT_OUTPUT_LIMIT } from '../model/kept-files.js';
import { makeFolders } from '../text/folders.js';
import { localMinute } from '../text/local-time.js';
import { sizeOf } from './folder-size.js';
import { lockState, type RunLock, takeLock } from './lock.js';
import { makeRunsFolder } from './state-folder.js';
import { replaceFile } from './write-file.js';

const FORMAT = 1;
/** Files that the end of a run looks at for its size. */
const MAX_SIZED_FILES = 20_000;

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
  /** Exit status of the command; null before the end, and for a run in another program. */
  exit: z.number().nullable(),
  /** Bytes that the files of the run took at its end, from not more than 20,000 files; null where this is unknown. */
  bytes: z.number().nullable().default(null),
  /** Options of the run, for a process that resumes it; missing where an earlier version began the run. */
  options: z
    .object({
      /** Null for the default. */
      slots: z.int().nullable(),
      grace: z.number().nullable(),
      watch: z.boolean(),
      validateAll: z.boolean(),
      durability: z.enum(DURABILITIES),
      /** Bytes that kept outputs may take. */
      outputLimit: z.number().default(DEFAULT_OUTPUT_LIMIT),
      /** Bytes that the log may take. */
      logLimit: z.number().default(DEFAULT_LOG_LIMIT),
      /** Seconds between two looks at the queue of Slurm; null for the default. */
      slurmInterval: z.number().nullable().default(null),
      /** Sub-instances of Flux; null for those of the file. */
      instances: z.int().nullable().default(null),
    })
    .default({
      slots: null,
      grace: null,
      watch: false,
      validateAll: false,
      durability: 'process',
      outputLimit: DEFAULT_OUTPUT_LIMIT,
      logLimit: DEFAULT_LOG_LIMIT,
      slurmInterval: null,
      instances: null,
    }),
  /** How often a process went on with the run, and when the last one began, in seconds since the epoch. */
  resumed: z.int().nonnegative().default(0),
  resumedAt: z.number().nullable().default(null),
});

export type RunManifest = Readonly<z.infer<typeof manifestSchema>>;

/** How a run ended, for its manifest. */
export type RunConclusion = Pick<RunManifest, 'state' | 'counts'>;

/** The log of a run, in its folder. */
export const logFolder = (folder: string) => join(folder, 'log');
/** The outputs of jobs that name no file of their own, in a run's folder. */
export const outputFolder = (folder: string) => join(folder, 'out');
const removedFile = (folder: string) => join(folder, 'removed');
export const configurationFile = (folder: string) => join(folder, 'ensemble.yaml');
/** The text of a run's configuration; null where it can't be read. */
export function readConfiguration(folder: string): string | null {
  try {
    return readFileSync(configurationFile(folder), 'utf8');
  } catch {
    return null;
  }
}
const earlierFile = (folder: string, number: number) => join(folder, `ensemble.${number}.yaml`);
/** The configuration with which the run began. */
export function firstConfigurationFile(folder: string): string {
  const first = earlierFile(folder, 1);
  return existsSync(first) ? first : configurationFile(folder);
}
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

/** Notes that the outputs of jobs were removed. Throws the system's errors. */
export function noteRemoved(folder: string, ids: readonly bigint[]): void {
  appendFileSync(removedFile(folder), ids.map((id) => `${id}\n`).join(''), { mode: 0o600 });
}

/** Whether the outputs of a job were removed. */
export function wasRemoved(folder: string, id: bigint): boolean {
  try {
    return readFileSync(removedFile(folder), 'latin1').split('\n').includes(String(id));
  } catch {
    return false;
  }
}

/**
 * Creates a folder for a new run, with its configuration, and returns its path. Throws EnsembleError `ERR_FILE` or
 * `ERR_INSECURE`.
 */
export function createRunFolder(state: string, configuration: string): string {
  const runs = makeRunsFolder(state);
  for (;;) {
    const path = join(runs, newId());
    try {
      mkdirSync(path, { mode: 0o700 });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'EEXIST') continue;
      throw unwritable(path, cause);
    }
    try {
      writeFileSync(configurationFile(path), configuration, { mode: 0o600 });
      return path;
    } catch (cause) {
      rmSync(path, { recursive: true, force: true });
      throw unwritable(path, cause);
    }
  }
}

/** Adds the exit status of its command to the manifest of a run that has ended. Throws EnsembleError. */
export function recordExit(path: string, exit: number): void {
  const manifest = { ...readManifest(path), exit };
  try {
    writeManifest(path, manifest);
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

function writeManifest(path: string, manifest: RunManifest): void {
  replaceFile(manifestFile(path), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** A folder of a run that this process drives. */
export class RunFolder {
  readonly path: string;
  readonly #lock: RunLock;
  #manifest: RunManifest | null = null;

  private constructor(path: string, lock: RunLock) {
    this.path = path;
    this.#lock = lock;
  }

  /** Number of the processes that drove the run, this one included. */
  get epoch(): number {
    return this.#lock.epoch;
  }

  /** Why the lock of another process was taken over; null where none held it. */
  get takenOver(): string | null {
    return this.#lock.takenOver;
  }

  /**
   * Makes a folder that of a new run, and takes its lock. Creates a missing one. `configuration` is the text of the
   * ensemble, null where it is unknown or in the folder already. Throws EnsembleError: `ERR_RUN` for the folder of
   * another run, `ERR_FILE` when it can't be written.
   */
  static open(folder: string, configuration: string | null): RunFolder {
    const path = resolve(folder);
    try {
      makeFolders(outputFolder(path));
      if (lockState(path).state !== 'free' || existsSync(manifestFile(path))) {
        throw new EnsembleError('ERR_RUN', `${path} is the folder of another run; choose a new folder`);
      }
      const lock = takeLock(path);
      if (configuration !== null) writeFileSync(configurationFile(path), configuration, { mode: 0o600 });
      return new RunFolder(path, lock);
    } catch (cause) {
      if (cause instanceof EnsembleError) throw cause;
      throw unwritable(path, cause);
    }
  }

  /**
   * Takes the lock of a run that has not ended by itself, to go on with it. Throws EnsembleError: `ERR_RUN` for a run
   * that has ended, that another process drives, or whose manifest is damaged; `ERR_FILE`.
   */
  static reopen(folder: string): RunFolder {
    const path = resolve(folder);
    refuseEnded(readManifest(path));
    let lock: RunLock;
    try {
      lock = takeLock(path);
    } catch (cause) {
      if (cause instanceof EnsembleError) throw cause;
      throw unwritable(path, cause);
    }
    const reopened = new RunFolder(path, lock);
    try {
      // Another process may have ended the run meanwhile.
      refuseEnded(readManifest(path));
      return reopened;
    } catch (error) {
      reopened.release();
      throw error;
    }
  }

  /** Writes the manifest of a run that begins. Throws EnsembleError `ERR_FILE`. */
  begin(
    run: Pick<RunManifest, 'name' | 'file' | 'ensemble' | 'member' | 'uri' | 'rules' | 'options'>,
    started = Date.now() / 1000,
  ): void {
    this.#write({
      format: FORMAT,
      id: basename(this.path),
      ...run,
      folder: process.cwd(),
      host: hostname(),
      pid: process.pid,
      started,
      ended: null,
      state: 'running',
      counts: null,
      exit: null,
      bytes: null,
      resumed: 0,
      resumedAt: null,
    });
  }

  /** Writes the manifest of a run that goes on in this process. Throws EnsembleError `ERR_FILE`. */
  resume({ uri, options }: Pick<RunManifest, 'uri' | 'options'>, now = Date.now() / 1000): void {
    this.#write({
      ...readManifest(this.path),
      uri,
      options,
      host: hostname(),
      pid: process.pid,
      ended: null,
      state: 'running',
      counts: null,
      exit: null,
      bytes: null,
      resumed: this.#lock.epoch - 1,
      resumedAt: now,
    });
  }

  /**
   * Replaces the configuration. The one before stays as `ensemble.1.yaml`, `ensemble.2.yaml`, ... Throws EnsembleError
   * `ERR_FILE`.
   */
  replaceConfiguration(text: string): void {
    const current = configurationFile(this.path);
    try {
      for (let number = 1; !linked(current, earlierFile(this.path, number)); number++);
      replaceFile(current, text);
    } catch (cause) {
      throw unwritable(this.path, cause);
    }
  }

  /** Writes how the run ended, and gives the lock back. Throws EnsembleError `ERR_FILE`. */
  finish(conclusion: RunConclusion, ended = Date.now() / 1000): void {
    const { bytes } = sizeOf(this.path, MAX_SIZED_FILES);
    if (this.#manifest !== null) this.#write({ ...this.#manifest, ...conclusion, ended, bytes });
    this.release();
  }

  /** Gives the lock back. Idempotent. Throws EnsembleError `ERR_FILE`; the lock then ends with this process. */
  release(): void {
    try {
      this.#lock.release();
    } catch (cause) {
      throw unwritable(this.path, cause);
    }
  }

  #write(manifest: RunManifest): void {
    this.#manifest = manifest;
    try {
      writeManifest(this.path, manifest);
    } catch (cause) {
      throw unwritable(this.path, cause);
    }
  }
}

/** States of runs that a process can resume. */
const RESUMABLE: readonly RunManifest['state'][] = ['running', 'interrupted', 'failed'];

/** Throws EnsembleError `ERR_RUN` for a run that has ended by itself. */
export function refuseEnded({ id, state, ended }: RunManifest): void {
  if (RESUMABLE.includes(state)) return;
  const when = ended === null ? '' : ` on ${localMinute(ended)}`;
  const message = `run ${id} can't be resumed: it has ended (${state})${when}; \`ensemble run FILE\` begins a new run`;
  throw new EnsembleError('ERR_RUN', message);
}

/** Gives a file a second name; false where that exists. */
function linked(path: string, other: string): boolean {
  try {
    linkSync(path, other);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
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
