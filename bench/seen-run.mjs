// A run for the bench of its views, in a process of its own: it takes in 10,000 events a second, is served on its private
// socket, and shows its progress on the terminal. Writes its CPU seconds to a file.
//
//     node seen-run.mjs FOLDER RESULT live|none SECONDS

import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { LiveProgress } from '../dist/cli/live/live-progress.js';
import { RunServer } from '../dist/cli/serve-run.js';
import { Ensemble } from '../dist/run/ensemble.js';
import { eventsPerJob, recordingOf, synthGroup } from './journals.mjs';

const [runFolder, result, progress, seconds] = process.argv.slice(2);
const eventsPerSecond = 10_000;
const groups = 10;
/** Pieces a second, as from a broker. */
const pieces = 50;
const bytes = recordingOf({ jobs: Math.ceil((eventsPerSecond * Number(seconds)) / eventsPerJob), groups });

/** Delivers the recording at a steady rate, in whole lines. */
class Recorded {
  name = 'bench';
  expectsMore = true;
  size = 1024;
  #sink = null;

  async start(sink) {
    this.#sink = sink;
  }

  async deliver() {
    const count = Number(seconds) * pieces;
    const begin = performance.now();
    let from = 0;
    for (let piece = 1; piece <= count; piece++) {
      const to = bytes.indexOf(10, Math.floor((bytes.length * piece) / count) - 1) + 1;
      if (to > from) this.#sink.records(bytes.subarray(from, to));
      from = Math.max(from, to);
      const early = (piece / pieces) * 1000 - (performance.now() - begin);
      if (early > 0) await sleep(early);
    }
  }

  async submit() {
    return 0;
  }

  async cancel() {
    return 0;
  }

  async stop() {}
}

const names = Array.from({ length: groups }, (_, i) => synthGroup(i));
const member = new Recorded();
const ensemble = Ensemble.fromObject(
  {
    jobs: names.map((name) => ({ name, command: 'true' })),
    rules: names.map((name) => ({
      ...{ trigger: 'metric', name: `mean.${name}-duration`, when: '> 1000000000' },
      action: { name: 'terminate' },
    })),
  },
  { member, runFolder, name: 'bench' },
);
const server = await RunServer.open(ensemble, {}, undefined);
const shown = new LiveProgress(ensemble, progress, () => null);
const stop = new AbortController();
const run = ensemble.run({ signal: stop.signal });
// A view has time to connect.
await sleep(2000);
const before = process.cpuUsage();
await member.deliver();
const { user, system } = process.cpuUsage(before);
const { trackedEvents: events } = (await ensemble.metrics()).status;
shown.stop();
await server?.close();
writeFileSync(result, JSON.stringify({ cpu: (user + system) / 1e6, events, wasSeen: server?.used === true }));
stop.abort();
await run;
await ensemble.close();
