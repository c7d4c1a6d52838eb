/**
 * Values that local jobs tell. Each such job has a file, to which it appends lines. One watch on their folder reports the files
 * that changed, so jobs that tell nothing cost nothing. Every line becomes a memo event of the job.
 */

import {
  closeSync,
  constants,
  type FSWatcher,
  fstatSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  unlink,
  watch,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { MemberError } from '../../errors.js';
import { formatJobId } from '../../model/job-id.js';
import { MAX_TELL, readTellLine } from '../../model/tells.js';
import { formatBytes } from '../../text/bytes.js';
import { makeFolders } from '../../text/folders.js';
import type { LocalJob } from './job.js';
import type { JournalRecords } from './records.js';

/** Milliseconds in which changes are gathered before files are read. */
const GATHER = 20;
/** Bytes that are read of a file at once. */
const PIECE = 64 * 1024;
/** Bytes that are read of a file when its job ends; a rest is reported and not read. */
const LAST = 16 * PIECE;

interface Following {
  readonly job: LocalJob;
  readonly path: string;
  /** Bytes that were read. */
  position: number;
  /** A character may lie in two pieces. */
  decoder: StringDecoder;
  /** A line whose end has not been read. */
  rest: string;
}

export class JobTells {
  readonly #records: JournalRecords;
  readonly #place: string | null;
  readonly #problem: (error: MemberError) => void;
  readonly #buffer = Buffer.alloc(PIECE);
  /** By the name of the file. */
  readonly #following = new Map<string, Following>();
  readonly #changed = new Set<string>();
  #folder: string | null = null;
  #watcher: FSWatcher | null = null;
  #timer: NodeJS.Timeout | null = null;
  readonly #reported = new Set<string>();

  /** `place` is the folder for the files, in that of the run; null for a new one. `problem` is called once when values can't be received, and once when a job told too much to be read at its end. */
  constructor(records: JournalRecords, place: string | null, problem: (error: MemberError) => void) {
    this.#place = place;
    this.#records = records;
    this.#problem = problem;
  }

  /** Makes the file of a job that may tell values. */
  prepare(job: LocalJob): void {
    if (!job.batch.template.tells) return;
    try {
      const path = join(this.#open(), job.idText);
      writeFileSync(path, '', { mode: 0o600 });
      this.#following.set(job.idText, {
        ...{ job, path, position: 0, rest: '' },
        decoder: new StringDecoder('utf8'),
      });
      job.tell = path;
    } catch (cause) {
      this.#cannot(cause);
    }
  }

  /** Reads the last lines of a job that has ended, and removes its file. */
  ended(job: LocalJob): void {
    const following = this.#following.get(job.idText);
    if (following === undefined) return;
    this.#following.delete(job.idText);
    let left = LAST / PIECE;
    while (left > 0 && this.#read(following)) left--;
    if (left === 0) {
      this.#report(
        'too much',
        `job ${formatJobId(job.id)} told more values at its end than are read; those after ${formatBytes(following.position)} are ignored`,
      );
    } else {
      const last = following.rest + following.decoder.end();
      if (last.trim() !== '') this.#records.told(job, readTellLine(last));
    }
    unlink(following.path, () => {});
  }

  /** Removes the folder. */
  close(): void {
    this.#watcher?.close();
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#folder !== null) rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = null;
  }

  #open(): string {
    if (this.#folder !== null) return this.#folder;
    const folder = this.#place ?? mkdtempSync(join(tmpdir(), 'flux-ensemble-tell-'));
    if (this.#place !== null) {
      // A process of the run that was killed may have left files.
      rmSync(folder, { recursive: true, force: true });
      makeFolders(folder);
    }
    this.#folder = folder;
    this.#watcher = watch(folder, { persistent: false }, (_, name) => this.#change(name));
    this.#watcher.on('error', (cause) => this.#cannot(cause));
    return folder;
  }

  /** A file has changed; null where the system does not say which. */
  #change(name: string | null): void {
    if (name === null) for (const each of this.#following.keys()) this.#changed.add(each);
    else if (this.#following.has(name)) this.#changed.add(name);
    if (this.#changed.size > 0) this.#timer ??= setTimeout(() => this.#readChanged(), GATHER);
  }

  #readChanged(): void {
    this.#timer = null;
    const changed = [...this.#changed];
    this.#changed.clear();
    for (const name of changed) {
      const following = this.#following.get(name);
      // More than a piece is left to the next time, so that one job can't hold up the others.
      if (following !== undefined && this.#read(following)) this.#change(name);
    }
  }

  /** Reads a piece of a file. Returns whether more may follow. */
  #read(following: Following): boolean {
    try {
      // A job may have put a pipe or a link in place of its file.
      const file = openSync(following.path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      try {
        // A job that replaces the content begins again.
        if (fstatSync(file).size < following.position) this.#beginAgain(following);
        const bytes = readSync(file, this.#buffer, 0, PIECE, following.position);
        following.position += bytes;
        this.#take(following, following.decoder.write(this.#buffer.subarray(0, bytes)));
        return bytes === PIECE;
      } finally {
        closeSync(file);
      }
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') this.#cannot(cause);
      return false;
    }
  }

  #beginAgain(following: Following): void {
    following.position = 0;
    following.rest = '';
    following.decoder = new StringDecoder('utf8');
  }

  #take(following: Following, text: string): void {
    const lines = (following.rest + text).split('\n');
    following.rest = lines.pop() ?? '';
    // The rest of a line that is too long is skipped with it.
    if (following.rest.length > MAX_TELL) following.rest = following.rest.slice(0, MAX_TELL + 1);
    for (const line of lines) if (line.trim() !== '') this.#records.told(following.job, readTellLine(line));
  }

  #cannot(cause: unknown): void {
    this.#report('unreadable', `values that jobs tell can't be received: ${(cause as Error).message}`, cause);
  }

  #report(kind: string, message: string, cause?: unknown): void {
    if (this.#reported.has(kind)) return;
    this.#reported.add(kind);
    this.#problem(new MemberError(message, { cause }));
  }
}
