// Our whole path as a separate process: receive, decode, statistics, ten rules. Reports its CPU time, including the
// JavaScript thread, as journal_futures.c does:
//
//   node journal.mjs backlog ROUNDS [all|allow]     from the request for a full backlog to the sentinel, per round
//   node journal.mjs live [all|allow]               from the line "ready" to the end of standard input

import { makeEngine, makeRule, openFlux, stop, tell } from './session.mjs';

const statistics = ['mean', 'variance', 'min', 'max', 'q50'];
const variables = ['duration', 'pending'];

const common = {
  name: '',
  group: 0,
  fact: null,
  bound: null,
  split: null,
  count: null,
  probe: null,
  quantile: 0,
  window: 0,
  fromZero: false,
};
const metrics = statistics.flatMap((statistic) =>
  variables.map((variable) => ({ ...common, statistic, variable })),
);
/** Rules that are evaluated for each job and never fire. */
const rules = metrics.map((_, metric) =>
  makeRule({
    trigger: 'metric',
    when: [
      { op: 'metric', value: metric },
      { op: 'number', value: 1e9 },
      { op: '>', value: null },
    ],
  }),
);

function microseconds(since) {
  const { user, system } = process.cpuUsage(since);
  return user + system;
}

async function untilSentinel(engine) {
  for (;;) {
    const status = await engine.status();
    if (status.backlogOver) return status;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function report(status, before, cpuUs) {
  const messages = status.records - before.records;
  tell({ messages, cpuUs });
}

const nothing = { records: 0 };

async function backlog(rounds, events) {
  // The first round includes one-time costs.
  for (let round = -1; round < rounds; round++) {
    const engine = makeEngine(rules, metrics);
    await engine.start(Date.now() / 1000);
    const begin = process.cpuUsage();
    await openFlux(engine, { full: true, allEvents: events === 'all' });
    const status = await untilSentinel(engine);
    if (round >= 0) report(status, nothing, microseconds(begin));
    await engine.source.close();
    engine.close();
  }
}

async function live(events) {
  const engine = makeEngine(rules, metrics);
  await engine.start(Date.now() / 1000);
  await openFlux(engine, { allEvents: events === 'all' });
  const before = await untilSentinel(engine);
  // The process has finished its start after this time.
  await new Promise((resolve) => setTimeout(resolve, 500));
  const begin = process.cpuUsage();
  process.stdout.write('ready\n');
  await new Promise((resolve) => process.stdin.on('end', resolve).resume());
  const cpuUs = microseconds(begin);
  report(await engine.status(), before, cpuUs);
  engine.close();
}

const [mode, ...rest] = process.argv.slice(2);
if (mode === 'backlog') await backlog(Number(rest[0]), rest[1] ?? 'all');
else await live(rest[0] ?? 'all');
stop();
