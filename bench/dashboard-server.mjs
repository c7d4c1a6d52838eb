// The server of the dashboard bench, in a process of its own: a run of a million jobs and its dashboard. Standard input:
// `feed` begins the events of further jobs, `cpu` prints the seconds of CPU so far.

import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { HttpListener } from '../dist/api/listen.js';
import { LiveSource } from '../dist/api/sources/live.js';
import { synthesize } from '../dist/recording/synth.js';
import { Audit } from '../dist/service/audit.js';
import { logFolder, RunFolder } from '../dist/store/run-folder.js';
import { BenchEnsemble, studyText } from './bench-ensemble.mjs';

const [folder, jobs, groups, later, eventsPerSecond] = process.argv
  .slice(2)
  .map((each, i) => (i === 0 ? each : Number(each)));
const path = join(folder, `run-${jobs}`);
const files = RunFolder.open(path, studyText(groups));
const ensemble = new BenchEnsemble(groups, { runFolder: path, log: logFolder(path) });
const options = { slots: null, grace: null, watch: true, validateAll: false };
files.begin({
  ...{ name: 'bench', file: '', ensemble: 'bench', member: 'local', uri: null, rules: [] },
  options: { ...options, durability: 'process', outputLimit: 1e9, logLimit: 1e12 },
});

/** Gives each job two parameters. */
function* withParameters(pieces) {
  let index = 0;
  for (const piece of pieces) {
    const text = piece.toString('latin1').replaceAll('"user":{', () => {
      const parameters = `{"T":${300 + 10 * (index % 50)},"P":${1 + (Math.floor(index / 50) % 40)}}`;
      index++;
      return `"user":{"parameters":${parameters},`;
    });
    yield Buffer.from(text, 'latin1');
  }
}

const start = Date.now() / 1000 - jobs / 200;
for (const piece of withParameters(synthesize({ jobs, groups, failures: 0.02, start }))) {
  await ensemble.engine.ingest(piece);
}
const further =
  later === 0
    ? []
    : [...withParameters(synthesize({ jobs: later, groups, failures: 0.02, seed: 2, age: 1e6 }))];
const records = further.reduce((sum, piece) => sum + piece.length, 0) / 160;

const source = new LiveSource(ensemble, { version: 'bench' });
const listener = await HttpListener.open({
  ...{ address: { kind: 'tcp', host: '127.0.0.1', port: 0 }, insecure: true },
  ...{ source, version: 'bench', log: () => {}, audit: () => new Audit(join(path, 'audit'), console.error) },
  limits: { callsPerSecond: 1e9, callsAtOnce: 1e9 },
});
console.log(listener.address.port);

const pause = (1000 * (records / Math.max(1, further.length))) / eventsPerSecond;
async function feedSlowly() {
  for (const piece of further) {
    const begun = performance.now();
    await ensemble.engine.ingest(piece);
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, pause - (performance.now() - begun))));
  }
}
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'feed') void feedSlowly();
  const { user, system } = process.cpuUsage();
  if (line === 'cpu') console.log((user + system) / 1e6);
}
process.exit();
