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
 * Returns the jobs of these groups in a recording. An engine writes them into a log in a temporary folder, of about a
 * tenth of the recording's size, and the log is read as that of a run. A recording that is damaged has the jobs before
 * the damage. Throws EnsembleError `ERR_FILE`.
 */
export async function recordedJobs(path: string, groups: readonly string[]): Promise<NativeJobColumns> {
  const folder = await mkdtemp(join(tmpdir(), 'flux-ensemble-'));
  try {
    const log = join(folder, 'log');
    await ingest(path, groups, log);
    const { jobs } = await loadAddon().readRunLog(log);
    return jobs;
  } finally {
    await rm(folder, { recursive: true, force: true });
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

async function ingest(path: string, groups: readonly string[], log: string): Promise<void> {
  let lost: string | null = null;
  const engine = new Engine(
    { ...EMPTY_PLAN, groups },
    {
      firing() {},
      decodeError() {},
      logFailed: (reason) => {
        lost = reason;
      },
    },
    { log },
  );
  try {
    await engine.start(1);
    const pending: Promise<void>[] = [];
    try {
      for await (const piece of (await openRecording(path)).pieces()) {
        pending.push(engine.ingest(piece));
        if (pending.length >= MAX_IN_FLIGHT) await pending.shift();
      }
    } catch (error) {
      // The pieces before the damage count. The caller has reported it.
      if (!(error instanceof EnsembleError)) throw error;
    }
    await Promise.all(pending);
    await engine.finishStream();
    // Resolves when all is in the log.
    await engine.note('{}');
  } finally {
    engine.close();
  }
  if (lost !== null)
    throw new EnsembleError('ERR_FILE', `the temporary log of ${path} can't be written: ${lost}`);
}
