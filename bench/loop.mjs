// The effect on the event loop of a process that embeds an engine with a million events a second.

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Engine } from '../dist/engine/engine.js';
import { eventsPerJob, recordingOf } from './journals.mjs';
import { median, show, spread } from './measure.mjs';
import { makePlan, silent } from './plan.mjs';

const jobs = 100_000;
const groups = 10;
const eventsPerSecond = 1e6;
const seconds = 3;
const rounds = 5;
/** Pieces a second, as from a file or a socket. */
const pieces = 200;
const metric = { statistic: 'mean', variable: 'duration', threshold: 1e9 };

/** Returns the p99 and maximum of the event loop's delay in ms during `work`. */
async function delayOf(work) {
  globalThis.gc?.();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await work();
  delay.disable();
  return { p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 };
}

async function busy(bytes) {
  const engine = new Engine(makePlan(groups, 10, metric), silent);
  const size = Math.ceil((bytes.length / (jobs * eventsPerJob)) * (eventsPerSecond / pieces));
  const begin = performance.now();
  let given = 0;
  for (let at = 0; performance.now() - begin < seconds * 1000; at = (at + size) % (bytes.length - size)) {
    void engine.ingest(bytes.subarray(at, at + size));
    given++;
    const early = (given / pieces) * 1000 - (performance.now() - begin);
    if (early > 0) await sleep(early);
  }
  const { events } = await engine.status();
  engine.close();
  if (events < eventsPerSecond * seconds * 0.9)
    throw new Error(`only ${events / seconds} events/s were processed`);
}

export async function run() {
  const bytes = recordingOf({ jobs, groups });
  const idle = [];
  const working = [];
  for (let round = 0; round < rounds; round++) {
    idle.push(await delayOf(() => sleep(seconds * 1000)));
    working.push(await delayOf(() => busy(bytes)));
  }
  const p99 = (all) => all.map((one) => one.p99);
  const most = (all) => show(Math.max(...all.map(({ max }) => max)));
  return [
    {
      name: "event-loop delay at a million events/s, p99 (the timer's 1 ms included)",
      value: `${spread(p99(working), 'ms')}, max ${most(working)}`,
      baseline: `the idle process ${spread(p99(idle), 'ms')}, max ${most(idle)}`,
      ratio: median(p99(idle)) / median(p99(working)),
    },
  ];
}
