// Clients of the HTTP benches, in a process of their own: `readers SERVER N` follows the events until standard input ends,
// `dashboards SERVER N` also requests plots as open pages do, `load SERVER SECONDS` requests an ensemble again and again.
// SERVER is a socket or a port. Prints what it received.

import { once } from 'node:events';
import { Agent, get } from 'node:http';

const [mode, server, number] = process.argv.slice(2);
const connections = 8;
const at = /^\d+$/.test(server) ? { host: '127.0.0.1', port: Number(server) } : { socketPath: server };
const options = (path, agent) => ({ ...at, path: `/api/v1/ensembles/bench${path}`, agent });

/** Seconds between two requests of the view Times. */
const pace = 4;

/** Requests the plots of the view Times again and again. */
async function poll() {
  const agent = new Agent({ keepAlive: true });
  const one = (path) =>
    new Promise((resolve) => get(options(path, agent), (answer) => answer.on('end', resolve).resume()));
  for (;;) {
    await Promise.all(['/timeline', '/groups/group-0/histograms?buckets=60'].map(one));
    await new Promise((resolve) => setTimeout(resolve, pace * 1000));
  }
}

async function readers(count) {
  let bytes = 0;
  const answers = await Promise.all(
    Array.from({ length: count }, () => new Promise((resolve) => get(options('/events', false), resolve))),
  );
  for (const answer of answers) {
    answer.on('data', (data) => {
      bytes += data.length;
    });
  }
  console.log('following');
  process.stdin.resume();
  await once(process.stdin, 'end');
  console.log(JSON.stringify({ bytes }));
}

async function load(seconds) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const end = performance.now() + seconds * 1000;
  let requests = 0;
  const one = () =>
    new Promise((resolve, reject) => {
      get(options('', agent), (answer) => {
        if (answer.statusCode !== 200) reject(new Error(`status ${answer.statusCode}`));
        answer.on('end', resolve).resume();
      }).on('error', reject);
    });
  const begin = performance.now();
  await Promise.all(
    Array.from({ length: connections }, async () => {
      for (; performance.now() < end; requests++) await one();
    }),
  );
  console.log(JSON.stringify({ perSecond: (requests / (performance.now() - begin)) * 1000 }));
}

if (mode === 'dashboards') for (let i = 0; i < Number(number); i++) void poll();
await (mode === 'load' ? load(Number(number)) : readers(Number(number)));
process.exit();
