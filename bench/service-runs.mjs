// The runs of the service bench, in a separate process: a number of engines, each with a number of events a second,
// linked to a service as `ensemble run --service` does. Prints "ready", then "ingesting", and at the end its
// resource usage.

import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Engine } from '../dist/engine/engine.js';
import { parseAddress } from '../dist/service/address.js';
import { ServiceLink } from '../dist/service/run/link.js';
import { eventsPerJob, recordingOf } from './journals.mjs';
import { makePlan, silent } from './plan.mjs';

const [address, ensembles, eventsPerSecond, seconds, groups] = process.argv
  .slice(2)
  .map((text) => (/^\d+$/.test(text) ? Number(text) : text));
const metric = { statistic: 'mean', variable: 'duration', threshold: 1e9 };
/** Pieces a second for an engine, as from a broker. */
const pieces = 20;

const jobs = Math.ceil((eventsPerSecond * seconds) / eventsPerJob);
const bytes = recordingOf({ jobs, groups });
const runs = Array.from({ length: ensembles }, (_, index) => {
  const engine = new Engine({ ...makePlan(groups, 10, metric), sketches: true }, silent);
  const run = {
    id: `bench-${index}`,
    memberName: 'bench',
    paused: false,
    size: 1,
    state: null,
    metrics: () => engine.metrics(),
    async *firings() {},
    act: async () => ({ text: 'done', before: null, after: null }),
  };
  const link = new ServiceLink(run, {
    address: parseAddress(address),
    name: run.id,
    file: null,
    version: 'bench',
    log: (text) => console.error(text),
  });
  return { engine, link };
});
console.log('ready');
await once(process.stdin, 'data');
console.log('ingesting');

const cpu = process.cpuUsage();
const begin = performance.now();
const size = Math.floor(bytes.length / (seconds * pieces));
for (let piece = 0; piece < seconds * pieces; piece++) {
  const part = bytes.subarray(piece * size, (piece + 1) * size);
  for (const { engine } of runs) void engine.ingest(part);
  const early = ((piece + 1) / pieces) * 1000 - (performance.now() - begin);
  if (early > 0) await sleep(early);
}
const took = (performance.now() - begin) / 1000;
const { user, system } = process.cpuUsage(cpu);
let events = 0;
for (const { engine } of runs) events += (await engine.status()).events;
console.log(JSON.stringify({ events, seconds: took, cpu: (user + system) / 1e6 }));
await Promise.all(runs.map(({ link }) => link.close({ end: 'terminated', error: '' })));
for (const { engine } of runs) engine.close();
process.exit();
