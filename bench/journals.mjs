// Creates and reads the recordings of the benches.

import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { synthesize } from '../dist/recording/synth.js';

export { eventsPerJob, synthGroup } from '../dist/recording/synth.js';

/** Creates a folder for the duration of `use`. */
export async function withFolder(use) {
  const folder = mkdtempSync(join(tmpdir(), 'ensemble-bench-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Writes a synthetic recording to a file and returns its path. */
export function writeRecording(folder, options) {
  const path = join(folder, `${options.jobs}-jobs.ndjson`);
  const file = openSync(path, 'w');
  for (const piece of synthesize(options)) writeSync(file, piece);
  closeSync(file);
  return path;
}

/** Returns the bytes of a synthetic recording without failures, so that each job has `eventsPerJob` events. */
export const recordingOf = (options) => Buffer.concat([...synthesize({ failures: 0, ...options })]);

const PIECE = 1 << 20;

/** Feeds a whole recording to an engine piece by piece, as a reader of files does. */
export async function feed(engine, bytes) {
  const underWay = [];
  for (let at = 0; at < bytes.length; at += PIECE) {
    underWay.push(engine.ingest(bytes.subarray(at, at + PIECE)));
    if (underWay.length >= 4) await underWay.shift();
  }
  await Promise.all(underWay);
}

const root = fileURLToPath(new URL('..', import.meta.url));
const build = join(root, 'build-native/bench');
let built = null;

/** Builds the native bench. Returns the path of its program, or null without CMake. */
function nativeBench() {
  if (built !== null) return built;
  if (spawnSync('cmake', ['--version']).status !== 0) {
    console.log('(the native rows are skipped: cmake is not installed)');
    return null;
  }
  execFileSync('cmake', ['-S', root, '-B', build, '-DCMAKE_BUILD_TYPE=Release'], {
    stdio: 'pipe',
  });
  execFileSync('cmake', ['--build', build, '--target', 'journal_bench'], { stdio: 'pipe' });
  built = join(build, 'journal_bench');
  return built;
}

/** Returns events (or observations) a second by series for all rounds; null when it can't be built. */
export function measureNatively(recording, rounds) {
  const program = nativeBench();
  if (program === null) return null;
  const text = execFileSync(program, [recording, String(rounds)], { encoding: 'utf8' });
  const series = {};
  for (const line of text.trim().split('\n')) {
    const { series: name, value } = JSON.parse(line);
    series[name] ??= [];
    series[name].push(value);
  }
  return series;
}
