/** Measures jobs that have ended: many at once, in few processes. Waits for files that appear late. */

import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Finding, Findings, MeasureEntry, Measurement } from '../model/measure.js';
import { formatDuration } from '../text/duration.js';
import { PythonFunctions } from '../usercode/python/python-functions.js';
import type { UserCodeListener } from '../usercode/user-process.js';
import { FileReader } from './file-reader.js';
import type { MeasuredJob } from './messages.js';
import { Pool } from './pool.js';
import { readerJob, readNumbers } from './python-reader.js';
import { Aborted, withTimeout } from './timeout.js';

/** Processes of one kind at most. */
const MAX_PROCESSES = Math.min(4, Math.ceil(availableParallelism() / 2));
/** Jobs that wait for each process before another one is started. One reads hundreds of small files in a second. */
const FILES_PATIENCE = 64;
const PYTHON_PATIENCE = 4;
/** Milliseconds between the first two looks at a missing file. Later pauses are twice the one before, up to the longest. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5000;

/** The function of a Python file that is called for each job. */
export const READER = 'read';

export interface MeasureOptions {
  /** Seconds for which a missing file or value is waited for. */
  readonly wait: number;
  /** Aborted when the job need not be measured any more. */
  readonly signal: AbortSignal;
}

/** A job to measure. */
interface Task extends MeasureOptions {
  readonly measurement: Measurement;
  /** Called when a process is free, because it may load the output of the job. */
  readonly jobOf: () => Promise<MeasuredJob>;
  /** The findings so far, by name. */
  readonly found: Map<string, Finding>;
}

export class Measurer {
  readonly #listener: UserCodeListener;
  readonly #files: Pool<FileReader>;
  /** By the Python file. */
  readonly #python = new Map<string, Pool<PythonFunctions>>();

  constructor(listener: UserCodeListener) {
    this.#listener = listener;
    const sizes = { most: MAX_PROCESSES, patience: FILES_PATIENCE };
    this.#files = new Pool(() => new FileReader(listener), sizes);
  }

  /**
   * Starts the process of a Python file, which stays for the jobs. Resolves with the reason why its function can't be called, or
   * null. Throws PythonMissing, or Error with Python's traceback.
   */
  async load(file: string, signal?: AbortSignal): Promise<string | null> {
    const functions = await this.#readers(file).use((reader) => reader.load(signal));
    return READER in functions ? (functions[READER] ?? null) : `${file} has no function '${READER}'`;
  }

  /** Returns the values of a job. `jobOf` is called when a process is free. Throws Aborted. */
  async measure(
    measurement: Measurement,
    jobOf: () => Promise<MeasuredJob>,
    options: MeasureOptions,
  ): Promise<Findings> {
    const task: Task = { ...options, measurement, jobOf, found: new Map() };
    const tail = await this.#readFiles(task);
    for (const [file, names] of readersOf(measurement.entries)) await this.#callReader(file, names, task);
    const values = measurement.values.flatMap((name) => task.found.get(name) ?? []);
    return { values, tail };
  }

  /** Ends all processes. Resolves when they have ended. Idempotent. */
  async close(): Promise<void> {
    await Promise.all([this.#files, ...this.#python.values()].map((pool) => pool.close()));
  }

  /** Reads files until every value is found, or the time for that is over. Resolves with the last lines of the output. */
  async #readFiles(task: Task): Promise<readonly string[]> {
    let entries = task.measurement.entries.filter(({ source }) => source.kind !== 'python');
    let tail: readonly string[] = [];
    let stamps: Readonly<Record<string, string>> = {};
    let end: number | null = null;
    for (let pause = FIRST_PAUSE; entries.length > 0; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      const answer = await this.#readOnce(task, entries, stamps);
      if (answer === null) break;
      if (answer.findings.length > 0) ({ tail } = answer);
      ({ stamps } = answer);
      entries = entries.filter(({ values }) => values.some((name) => task.found.get(name)?.value === null));
      const now = performance.now();
      end ??= now + task.wait * 1000;
      if (entries.length === 0 || now >= end) break;
      await sleep(Math.min(pause, end - now), undefined, { signal: task.signal }).catch(() => {
        throw new Aborted();
      });
    }
    return tail;
  }

  /** Null where the values were given up. */
  async #readOnce(
    { measurement, jobOf, signal, found }: Task,
    entries: readonly MeasureEntry[],
    stamps: Readonly<Record<string, string>>,
  ) {
    const give = (reason: string) => {
      for (const name of entries.flatMap(({ values }) => values))
        found.set(name, { name, value: null, reason });
      return null;
    };
    try {
      const answer = await this.#files.use((reader) =>
        withTimeout(measurement.timeout, signal, async (stop) =>
          reader.read({ job: await jobOf(), entries, stamps }, stop),
        ),
      );
      if (answer === null)
        return give(`reading took longer than ${formatDuration(measurement.timeout)} (its timeout)`);
      for (const finding of answer.findings) found.set(finding.name, finding);
      return answer;
    } catch (error) {
      if (error instanceof Aborted) throw error;
      return give(`reading failed: ${(error as Error).message}`);
    }
  }

  async #callReader(
    file: string,
    names: readonly string[],
    { measurement, jobOf, signal, found }: Task,
  ): Promise<void> {
    const give = (reason: string) => {
      for (const name of names) found.set(name, { name, value: null, reason });
    };
    try {
      const answer = await this.#readers(file).use((reader) =>
        withTimeout(measurement.timeout, signal, async (stop) => ({
          numbers: await reader.read(READER, readerJob(await jobOf()), stop),
        })),
      );
      if (answer === null)
        give(`${file} took longer than ${formatDuration(measurement.timeout)} (its timeout)`);
      else for (const finding of readNumbers(answer.numbers, file, names)) found.set(finding.name, finding);
    } catch (error) {
      if (error instanceof Aborted) throw error;
      give(`${file} failed: ${(error as Error).message}`);
    }
  }

  #readers(file: string): Pool<PythonFunctions> {
    const known = this.#python.get(file);
    if (known !== undefined) return known;
    const source = { text: null, file, line: 1 };
    const sizes = { most: MAX_PROCESSES, patience: PYTHON_PATIENCE };
    const pool = new Pool(() => new PythonFunctions(source, [READER], this.#listener, 'reader'), sizes);
    this.#python.set(file, pool);
    return pool;
  }
}

/** The Python files of a measurement, each with the names of its values. */
export function readersOf(entries: readonly MeasureEntry[]): Map<string, string[]> {
  const readers = new Map<string, string[]>();
  for (const { source, values } of entries) {
    if (source.kind !== 'python') continue;
    readers.set(source.file, [...(readers.get(source.file) ?? []), ...values]);
  }
  return readers;
}
