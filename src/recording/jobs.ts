/** The jobs of a recording as columns. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAddon, type NativeJobColumns } from '../engine/addon.js';
import { Engine } from '../engine/engine.js';
import { EMPTY_PLAN } from '../engine/plan/plan.js';
import { EnsembleError } from '../errors.js';
import { openRecording } from './reader.js';

/** Maximum pieces in flight to the engine. */
const MAX_IN_FLIGHT = 4;
/** Pieces, of about 1 MB, at the beginning of a recording. */
const FIRST_PIECES = 4;

/**
 * Takes in a recording for its jobs. An engine writes them into a log in a temporary folder, of about a tenth of the
 * recording's size, and the log is read as that of a run.
 */
export class RecordedJobs {
  readonly #folder: string;
  readonly #log: string;
  readonly #engine: Engine;
  readonly #pending: Promise<void>[] = [];
  /** Why the log can't be written. */
  #lost: string | null = null;

  private constructor(folder: string, groups: readonly string[]) {
    this.#folder = folder;
    this.#log = join(folder, 'log');
    this.#engine = new Engine(
      { ...EMPTY_PLAN, groups },
      {
        firing() {},
        decodeError() {},
        logFailed: (reason) => {
          this.#lost = reason;
        },
      },
      { log: this.#log },
    );
  }

  /** For the jobs of these groups. Must be closed. Throws EnsembleError. */
  static async open(groups: readonly string[]): Promise<RecordedJobs> {
    const folder = await mkdtemp(join(tmpdir(), 'flux-ensemble-'));
    try {
      const jobs = new RecordedJobs(folder, groups);
      await jobs.#engine.start(1);
      return jobs;
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Takes in the next piece of the recording. Resolves when it may take another one. */
  async take(piece: Uint8Array): Promise<void> {
    this.#pending.push(this.#engine.ingest(piece));
    if (this.#pending.length >= MAX_IN_FLIGHT) await this.#pending.shift();
  }

  /** Returns the jobs in all pieces. May be called once. Throws EnsembleError `ERR_FILE`. */
  async columns(): Promise<NativeJobColumns> {
    await Promise.all(this.#pending);
    await this.#engine.finishStream();
    // Resolves when all is in the log.
    await this.#engine.note('{}');
    this.#engine.close();
    if (this.#lost !== null)
      throw new EnsembleError('ERR_FILE', `the temporary log ${this.#log} can't be written: ${this.#lost}`);
    const { jobs } = await loadAddon().readRunLog(this.#log);
    return jobs;
  }

  /** Removes the temporary folder. */
  async close(): Promise<void> {
    this.#engine.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Returns the names of groups at the beginning of a recording: usually all of them. Throws EnsembleError `ERR_FILE`. */
export async function firstGroups(path: string): Promise<readonly string[]> {
  const engine = new Engine(
    { ...EMPTY_PLAN, trackAll: true, virtualTime: true },
    { firing() {}, decodeError() {} },
  );
  try {
    let count = 0;
    for await (const piece of (await openRecording(path)).pieces()) {
      await engine.ingest(piece);
      if (++count === FIRST_PIECES) break;
    }
    await engine.status();
  } catch (error) {
    // The end of the file is damaged. The caller reports it.
    if (!(error instanceof EnsembleError)) throw error;
  } finally {
    engine.close();
  }
  return [...engine.groups];
}
