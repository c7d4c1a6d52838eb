// Events of a recording a second, from bytes to statistics and 10 rules, against simdjson alone and against plain
// JavaScript. Recordings of several sizes give the points of the picture.

import { readFileSync } from 'node:fs';
import { openRecording } from '../dist/recording/reader.js';
import { Replay } from '../dist/recording/replay.js';
import { measureNatively, withFolder, writeRecording } from './journals.mjs';
import { median, show, spread } from './measure.mjs';
import { plainJavaScript } from './plain.mjs';

/** Jobs of a recording, and rounds: small recordings need more rounds. */
const sizes = [
  [1000, 40],
  [10_000, 20],
  [100_000, 7],
  [1_000_000, 5],
];
/** Larger recordings would give the same result and take minutes. */
const largestForPlain = 100_000;

/** Calls `run` `rounds` times after a warm-up. It returns the number of events. */
async function rates(run, rounds) {
  const values = [];
  for (let round = -1; round < rounds; round++) {
    const begin = performance.now();
    const events = await run();
    if (round >= 0) values.push((events / (performance.now() - begin)) * 1000);
  }
  return values;
}

async function replayed(path) {
  const { metrics, error } = await new Replay(await openRecording(path)).run();
  if (error !== null || metrics.status.decodeErrors > 0) throw error ?? new Error('records were lost');
  return metrics.status.events;
}

async function measureSize(folder, jobs, rounds) {
  const path = writeRecording(folder, { jobs, groups: 10 });
  const series = measureNatively(path, rounds) ?? {};
  series['replay of the file'] = await rates(() => replayed(path), Math.min(rounds, 5));
  if (jobs <= largestForPlain) {
    const events = await replayed(path);
    const bytes = readFileSync(path);
    series['plain JavaScript'] = await rates(async () => {
      plainJavaScript(bytes);
      return events;
    }, 3);
  }
  return { jobs, series };
}

const millions = (values) =>
  spread(
    values.map((value) => value / 1e6),
    'M events/s',
  );

function row(name, [, ours], [baseline, theirs]) {
  return {
    name,
    value: millions(ours),
    baseline: `${baseline} ${millions(theirs)}`,
    ratio: median(ours) / median(theirs),
  };
}

/** Returns rows of the result table, and the points of the picture. */
export async function run() {
  const points = await withFolder(async (folder) => {
    const all = [];
    for (const [jobs, rounds] of sizes) all.push(await measureSize(folder, jobs, rounds));
    return all;
  });
  const at = (jobs) => points.find((point) => point.jobs === jobs).series;
  const largest = at(sizes.at(-1)[0]);
  const plain = at(largestForPlain);
  const rows = [];
  const pair = (series, name) => [name, series[name]];
  if (largest['engine, 10 rules'] !== undefined) {
    const best = ['simdjson by line', 'simdjson stream'].sort(
      (a, b) => median(largest[b]) - median(largest[a]),
    )[0];
    const what = '1,000,000 jobs, one thread';
    rows.push(
      row(`${what}: all, 10 rules`, pair(largest, 'engine, 10 rules'), pair(largest, best)),
      row(`${what}: decoder alone`, pair(largest, 'decoder'), pair(largest, best)),
      row(`${what}: decoder without known shapes`, pair(largest, 'decoder, general'), pair(largest, best)),
      row(`${what}: scan for newlines`, pair(largest, 'newlines'), pair(largest, best)),
      row('100,000 jobs: all, 10 rules', pair(plain, 'engine, 10 rules'), pair(plain, 'plain JavaScript')),
    );
    rows.push(
      row(
        `${what}: all, 10 rules, with a log of ${median(largest['bytes of the log an event']).toFixed(1)} bytes an event`,
        pair(largest, 'engine, 10 rules, log'),
        ['without a log', largest['engine, 10 rules']],
      ),
      row(`${what}: restored from the log`, pair(largest, 'restored from the log'), [
        'from the journal',
        largest['engine, 10 rules'],
      ]),
      row(
        `${what}: restored from a checkpoint and the log after it`,
        pair(largest, 'restored from a checkpoint'),
        ['from the log', largest['restored from the log']],
      ),
      row(
        `${what}: rows of all jobs, ${median(largest['bytes of ended jobs, a job']).toFixed(1)} bytes for one that ended`,
        pair(largest, 'rows with a checkpoint'),
        ['from the log', largest['rows of the log']],
      ),
      row(`${what}: rows of all jobs from the log`, pair(largest, 'rows of the log'), [
        'from the journal',
        largest['engine, 10 rules'],
      ]),
    );
    const nanoseconds = (name) => largest[name].map((rate) => 1e9 / rate);
    rows.push({
      name: "one observation in all of a stream's statistics, natively",
      value: spread(nanoseconds('statistics'), 'ns'),
      baseline: `four estimators of the textbook ${spread(nanoseconds('statistics, textbook'), 'ns')}`,
      ratio: median(nanoseconds('statistics, textbook')) / median(nanoseconds('statistics')),
    });
  }
  rows.push(
    row(
      '100,000 jobs: `ensemble replay` of the file',
      pair(plain, 'replay of the file'),
      pair(plain, 'plain JavaScript'),
    ),
  );
  return Object.assign(rows, { points: points.map(({ jobs, series }) => pointOf(jobs, series)) });
}

function pointOf(jobs, series) {
  const medians = Object.entries(series).map(([name, values]) => [name, Number(show(median(values)))]);
  return { jobs, ...Object.fromEntries(medians) };
}
