// One service over 100 ensembles with 10,000 events a second each, simulated in another process, and a watcher of
// all of them in this one.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAddress } from '../dist/service/address.js';
import { ServiceClient } from '../dist/service/ensembles/client.js';
import { withFolder } from './journals.mjs';
import { show } from './measure.mjs';
import { start } from './programs.mjs';

const ensembles = 100;
const eventsPerSecond = 10_000;
const seconds = 10;
const groups = 10;
const MB = 1e6;
/** Unit of times in /proc/PID/stat. */
const TICKS_PER_SECOND = 100;

/** Returns CPU seconds, current memory and peak memory of another process. */
function usage(pid) {
  const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13);
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const memory = (key) => Number(new RegExp(`${key}:\\s+(\\d+) kB`).exec(status)[1]) * 1024;
  return {
    cpu: (Number(user) + Number(system)) / TICKS_PER_SECOND,
    rss: memory('VmRSS'),
    peak: memory('VmHWM'),
  };
}

function percentile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
}

/**
 * Follows all ensembles. Collects for each update the age of the oldest event in it: one directly after the
 * previous update. This is the maximum latency from the engine to here.
 */
async function watch(client, ages, signal) {
  const taken = new Map();
  let messages = 0;
  for await (const { ensemble } of client.watch(null, { signal })) {
    const now = Date.now() / 1000;
    messages++;
    if (!ensemble?.updated) continue;
    const { id } = ensemble.run;
    const before = taken.get(id);
    if (before !== undefined && ensemble.updated > before) ages.push(now - before);
    taken.set(id, ensemble.updated);
  }
  return messages;
}

export async function run() {
  return withFolder(async (folder) => {
    const options = ['--socket', join(folder, 's.sock'), '--audit', join(folder, 'audit')];
    const server = start('../dist/cli/server.js', 'start', ...options);
    await server.line();
    const address = `unix:${join(folder, 's.sock')}`;
    const idle = usage(server.child.pid);
    const client = new ServiceClient({ address: parseAddress(address) });
    const runs = start('service-runs.mjs', address, ensembles, eventsPerSecond, seconds, groups);
    await runs.line();
    while ((await client.list()).length < ensembles) await new Promise((resolve) => setTimeout(resolve, 100));
    const stop = new AbortController();
    const ages = [];
    const watching = watch(client, ages, stop.signal);
    await runs.ask('go');
    ages.length = 0;
    const before = usage(server.child.pid);
    const { events, seconds: took, cpu } = JSON.parse(await runs.line());
    const after = usage(server.child.pid);
    const measured = [...ages];
    stop.abort();
    const messages = await watching;
    client.close();
    server.child.kill('SIGTERM');
    if (events < ensembles * eventsPerSecond * took * 0.9)
      throw new Error(`only ${events} events in ${took} s`);
    const share = (after.cpu - before.cpu) / took;
    const what = `${ensembles} ensembles with ${eventsPerSecond} events/s each, ${groups} groups`;
    const p99 = percentile(measured, 0.99);
    return [
      {
        name: `service over ${what}, watched: CPU`,
        value: `${show(share * 100)} % of a core (${show(messages / took)} messages/s to the watcher)`,
        baseline: `the runs themselves ${show((cpu / took) * 100)} %`,
        ratio: cpu / took / share,
      },
      {
        name: 'the same: memory',
        value: `${show(after.rss / MB)} MB (peak ${show(after.peak / MB)} MB)`,
        baseline: `idle ${show(idle.rss / MB)} MB`,
        ratio: idle.rss / after.rss,
      },
      {
        name: 'from an event to the watcher, the oldest of each update, p99',
        value: `${show(p99)} s (p50 ${show(percentile(measured, 0.5))} s, max ${show(Math.max(...measured))} s)`,
        baseline: '1 s',
        ratio: 1 / p99,
      },
    ];
  });
}
