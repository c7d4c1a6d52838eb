// Clients of the HTTP bench, in a process of their own: `readers SOCKET N` follows the events until standard input ends,
// `load SOCKET SECONDS` requests an ensemble again and again. Prints what it received.

import { once } from 'node:events';
import { Agent, get } from 'node:http';

const [mode, socketPath, number] = process.argv.slice(2);
const connections = 8;
const options = (path, agent) => ({ socketPath, path: `/api/v1/ensembles/bench${path}`, agent });

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

await (mode === 'readers' ? readers(Number(number)) : load(Number(number)));
process.exit();
