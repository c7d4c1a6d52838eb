// The cost of an event must not depend on how many rules there are, only on those that it touches.

import { Engine } from '../dist/engine/engine.js';
import { compare, show } from './measure.mjs';
import { makePlan, silent } from './plan.mjs';
import { eventsPerJob, makeRecording } from './recording.mjs';

const jobs = 50_000;
/** Never true of any job here, and touched by no event: no job fails. */
const untouched = { count: 'failed' };
/** Never true, but judged at every finished job, because the count does change. */
const judged = { count: 'finished', threshold: 1e9 };

export async function run() {
  const few = makeRecording(jobs, 10);
  const many = makeRecording(jobs, 10_000);
  // Made outside the measurement: a plan is compiled once, events come all the time.
  const engines = (...plan) => Array.from({ length: 6 }, () => new Engine(makePlan(...plan), silent));
  const pools = {
    '10 rules, 10 groups': [engines(10, 10, judged), few],
    '10 rules, 10,000 groups': [engines(10_000, 10, judged), many],
    '10,000 rules, 10,000 groups': [engines(10_000, 10_000, judged), many],
    '10,000 rules, 10 groups, touched by no event': [engines(10, 10_000, untouched), few],
  };
  const times = await compare(
    Object.fromEntries(
      Object.entries(pools).map(([name, [pool, bytes]]) => [name, () => pool.pop().ingest(bytes)]),
    ),
    5,
  );
  const nanoseconds = (name) => (times[name].median / (jobs * eventsPerJob)) * 1e9;
  const row = (name, baseline) => ({
    name: `cost of an event with ${name}`,
    value: `${show(nanoseconds(name))} ns`,
    baseline: `${baseline} ${show(nanoseconds(baseline))} ns`,
    ratio: times[name].median / times[baseline].median,
  });
  return [
    row('10,000 rules, 10,000 groups', '10 rules, 10,000 groups'),
    row('10,000 rules, 10,000 groups', '10 rules, 10 groups'),
    row('10,000 rules, 10 groups, touched by no event', '10 rules, 10 groups'),
  ];
}
