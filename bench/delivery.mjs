// Delivery of raw events to JavaScript as columns in batches: to a consumer that sums one column, and to one that
// stopped.

import { Engine } from '../dist/engine/engine.js';
import { eventsPerJob, feed, recordingOf } from './journals.mjs';
import { compare, show } from './measure.mjs';
import { makePlan, silent } from './plan.mjs';

const jobs = 100_000;
const groups = 10;
const metric = { statistic: 'mean', variable: 'duration', threshold: 1e9 };
const capacity = 65_536;

async function summing(bytes) {
  const engine = new Engine(makePlan(groups, 10, metric), silent);
  let events = 0;
  let sum = 0;
  const consuming = (async () => {
    for await (const { timestamps } of engine.events({ capacity, overflow: 'hold' })) {
      for (let i = 0; i < timestamps.length; i++) sum += timestamps[i];
      events += timestamps.length;
    }
  })();
  await feed(engine, bytes);
  engine.endEvents();
  await consuming;
  engine.close();
  if (events !== jobs * eventsPerJob || !(sum > 0)) throw new Error('events were lost');
}

async function alone(bytes) {
  const engine = new Engine(makePlan(groups, 10, metric), silent);
  await feed(engine, bytes);
  engine.close();
}

/** Takes one batch and then stops. */
async function stopped(bytes) {
  const engine = new Engine(makePlan(groups, 10, metric), silent);
  const events = engine.events({ capacity });
  const first = events.next();
  await feed(engine, bytes);
  await first;
  const { status } = await engine.metrics();
  if (status.events !== jobs * eventsPerJob) throw new Error('the engine waited');
  engine.close();
}

export async function run() {
  const bytes = recordingOf({ jobs, groups });
  const times = await compare({
    summing: () => summing(bytes),
    alone: () => alone(bytes),
    stopped: () => stopped(bytes),
  });
  const rate = (name) => `${show((jobs * eventsPerJob) / times[name].median / 1e6)} M events/s`;
  const row = (name, what) => ({
    name: what,
    value: rate(name),
    baseline: `without a consumer ${rate('alone')}`,
    ratio: times.alone.median / times[name].median,
  });
  return [
    row('summing', 'every event to a consumer that sums a column'),
    row(
      'stopped',
      `its consumer has stopped reading (${capacity.toLocaleString('en')} events wait, the others are counted)`,
    ),
  ];
}
