// Journal bytes -> statistics: our engine against what one would write in plain JavaScript.

import { Engine } from '../dist/engine/engine.js';
import { compare, show } from './measure.mjs';
import { makePlan, silent } from './plan.mjs';
import { eventsPerJob, makeRecording } from './recording.mjs';

const jobs = 50_000;
const groups = 10;
const metric = { statistic: 'mean', variable: 'duration', threshold: 1e9 };

async function native(bytes) {
  const engine = new Engine(makePlan(groups, 10, metric), silent);
  await engine.ingest(bytes);
  const { status } = await engine.metrics();
  engine.close();
  if (status.trackedEvents !== jobs * eventsPerJob) throw new Error('events were lost');
}

/** The least that answers the same question: JSON.parse, a Map of jobs, Welford for two streams. */
function plainJavaScript(bytes) {
  const active = new Map();
  const streams = new Map();
  const observe = (key, x) => {
    let s = streams.get(key);
    if (s === undefined) {
      s = { n: 0, mean: 0, squares: 0 };
      streams.set(key, s);
    }
    s.n++;
    const delta = x - s.mean;
    s.mean += delta / s.n;
    s.squares += delta * (x - s.mean);
  };
  let finished = 0;
  for (const line of bytes.toString('utf8').split('\n')) {
    if (line === '') continue;
    const record = JSON.parse(line);
    for (const { name, timestamp } of record.events) {
      if (name === 'submit') {
        active.set(record.id, { group: record.jobspec.attributes.user.group, submit: timestamp, start: 0 });
      } else if (name === 'start') {
        const job = active.get(record.id);
        job.start = timestamp;
        observe(`${job.group}-pending`, timestamp - job.submit);
      } else if (name === 'finish') {
        const job = active.get(record.id);
        observe(`${job.group}-duration`, timestamp - job.start);
        finished++;
      } else if (name === 'clean') {
        active.delete(record.id);
      }
    }
  }
  if (finished !== jobs) throw new Error('jobs were lost');
}

/** Rows of the result table. */
export async function run() {
  const bytes = makeRecording(jobs, groups);
  const events = jobs * eventsPerJob;
  const times = await compare({
    native: () => native(bytes),
    'plain JavaScript': async () => plainJavaScript(bytes),
  });
  const rate = (name) => events / times[name].median / 1e6;
  return [
    {
      name: `journal -> statistics, ${events / 1000} k events, 10 metric rules`,
      value: `${show(rate('native'))} M events/s`,
      baseline: `plain JavaScript ${show(rate('plain JavaScript'))} M events/s`,
      ratio: times['plain JavaScript'].median / times.native.median,
    },
  ];
}
