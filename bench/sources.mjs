// Several recordings at once: into one ensemble, whose engine is one thread, and into an ensemble for each.

import { availableParallelism } from 'node:os';
import { Engine } from '../dist/engine/engine.js';
import { eventsPerJob, feed, recordingOf } from './journals.mjs';
import { compare, show } from './measure.mjs';
import { makePlan, silent } from './plan.mjs';

const jobs = 50_000;
const groups = 10;
const PIECE = 1 << 20;
const NEWLINE = 0x0a;
const metric = { statistic: 'mean', variable: 'duration', threshold: 1e9 };
const engine = () => new Engine(makePlan(groups, 10, metric), silent);

/** Returns pieces of whole lines, because records of several sources must not share a line. */
function piecesOf(bytes) {
  const pieces = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + PIECE >= bytes.length ? bytes.length : bytes.lastIndexOf(NEWLINE, at + PIECE) + 1;
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  return pieces;
}

async function intoOne(sources) {
  const one = engine();
  const all = sources.map(piecesOf);
  const underWay = [];
  for (let turn = 0; all.some((pieces) => turn < pieces.length); turn++) {
    for (const pieces of all) {
      if (turn < pieces.length) underWay.push(one.ingest(pieces[turn]));
      if (underWay.length >= 4) await underWay.shift();
    }
  }
  await Promise.all(underWay);
  const { trackedEvents } = await one.status();
  one.close();
  if (trackedEvents !== sources.length * jobs * eventsPerJob) throw new Error('events were lost');
}

async function intoEach(sources) {
  await Promise.all(
    sources.map(async (bytes) => {
      const one = engine();
      await feed(one, bytes);
      one.close();
    }),
  );
}

export async function run() {
  const counts = [1, 2, 4];
  // The instances are some days apart, so that no two jobs have the same id.
  const sources = Array.from({ length: Math.max(...counts) }, (_, i) =>
    recordingOf({ jobs, groups, seed: i, age: i * 300_000 }),
  );
  const candidates = {};
  for (const count of counts) {
    candidates[`one ${count}`] = () => intoOne(sources.slice(0, count));
    candidates[`each ${count}`] = () => intoEach(sources.slice(0, count));
  }
  const times = await compare(candidates);
  const rate = (name) => (Number(name.split(' ')[1]) * jobs * eventsPerJob) / times[name].median / 1e6;
  const rows = (kind, what) =>
    counts.slice(1).map((count) => ({
      name: `${count} recordings at once into ${what} (${availableParallelism()} cores)`,
      value: `${show(rate(`${kind} ${count}`))} M events/s`,
      baseline: `one recording ${show(rate(`${kind} 1`))} M events/s`,
      ratio: rate(`${kind} ${count}`) / rate(`${kind} 1`),
    }));
  return [...rows('one', 'one ensemble'), ...rows('each', 'an ensemble each')];
}
