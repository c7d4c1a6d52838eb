// The cost of an event must not depend on how many rules there are, only on those that it touches.

import { Engine } from '../dist/engine/engine.js';
import { compare, show } from './measure.mjs';
import { eventsPerJob, groupName, makeRecording } from './recording.mjs';

const jobs = 50_000;
const silent = { firing() {}, decodeError() {} };

/** `rules` metric rules that never hold, over `groups` groups. */
function plan(groups, rules) {
  return {
    groups: Array.from({ length: groups }, (_, i) => groupName(i)),
    trackAll: false,
    ensemble: '',
    heartbeat: 0,
    rules: Array.from({ length: rules }, (_, i) => ({
      trigger: 'metric',
      group: i % groups,
      event: null,
      count: 'failed',
      statistic: null,
      variable: null,
      comparison: '>',
      threshold: 0,
      repetitions: 1,
      backoff: -1,
      terminal: false,
      wantsEvent: false,
      submit: null,
    })),
  };
}

/** Judged at every finished job: the count does change. */
const judged = (groups, rules) => {
  const base = plan(groups, rules);
  return { ...base, rules: base.rules.map((rule) => ({ ...rule, count: 'finished', threshold: 1e9 })) };
};

export async function run() {
  const few = makeRecording(jobs, 10);
  const many = makeRecording(jobs, 10_000);
  // Made outside the measurement: a plan is compiled once, events come all the time.
  const engines = (make) => Array.from({ length: 6 }, () => new Engine(make(), silent));
  const pools = {
    '10 rules, 10 groups': [engines(() => judged(10, 10)), few],
    '10 rules, 10,000 groups': [engines(() => judged(10_000, 10)), many],
    '10,000 rules, 10,000 groups': [engines(() => judged(10_000, 10_000)), many],
    '10,000 rules, 10 groups, touched by no event': [engines(() => ({ ...plan(10, 10_000) })), few],
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
