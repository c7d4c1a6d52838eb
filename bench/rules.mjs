// The cost of an event must not depend on the number of rules, but only on the rules that it affects.

import { Engine } from '../dist/engine/engine.js';
import { eventsPerJob, feed, recordingOf } from './journals.mjs';
import { compare, show } from './measure.mjs';
import { makePlan, silent } from './plan.mjs';

const jobs = 150_000;
/** Never true, and not affected by any event, because no job fails. */
const untouched = { count: 'failed' };
/** Never true, but evaluated at every finished job, because the count changes. */
const judged = { count: 'finished', threshold: 1e9 };
const few = 10;
const counts = [1000, 100_000];

const rounds = 5;

export async function run() {
  const recordings = new Map([few, ...counts].map((groups) => [groups, recordingOf({ jobs, groups })]));
  // Created outside the measurement, because a plan is compiled only once.
  const pool = (groups, rules, metric) => {
    const engines = Array.from(
      { length: rounds + 1 },
      () => new Engine(makePlan(groups, rules, metric), silent),
    );
    return () => feed(engines.pop(), recordings.get(groups));
  };
  const name = (rules, groups) =>
    `${rules.toLocaleString('en')} rules, ${groups.toLocaleString('en')} groups`;
  const most = counts.at(-1);
  const candidates = { [name(few, few)]: pool(few, few, judged) };
  for (const count of counts) {
    candidates[name(few, count)] = pool(count, few, judged);
    candidates[name(count, count)] = pool(count, count, judged);
  }
  const idle = `${name(most, few)}, touched by no event`;
  candidates[idle] = pool(few, most, untouched);
  const times = await compare(candidates, rounds);

  const nanoseconds = (candidate) => (times[candidate].median / (jobs * eventsPerJob)) * 1e9;
  const row = (candidate, baseline) => ({
    name: `cost of an event with ${candidate}`,
    value: `${show(nanoseconds(candidate))} ns`,
    baseline: `${baseline} ${show(nanoseconds(baseline))} ns`,
    ratio: times[baseline].median / times[candidate].median,
  });
  return [
    ...counts.flatMap((count) => [
      row(name(count, count), name(few, few)),
      row(name(count, count), name(few, count)),
    ]),
    row(idle, name(few, few)),
  ];
}
