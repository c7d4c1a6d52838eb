/** The engine in worker threads. */

import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { loadAddon } from '../../../src/engine/addon.js';
import { flood, journal, open, say, sleep, threads } from './common.js';

const self = new URL(import.meta.url);

function begin(job: string): { worker: Worker; over: Promise<number>; messages: unknown[] } {
  const worker = new Worker(self, { workerData: job });
  const messages: unknown[] = [];
  worker.on('message', (message) => messages.push(message));
  const over = new Promise<number>((resolve, reject) => {
    worker.once('exit', resolve);
    worker.once('error', reject);
  });
  return { worker, over, messages };
}

const inWorker: Readonly<Record<string, () => Promise<void>>> = {
  async whole() {
    const engine = open();
    await engine.ingest(journal(1, 100));
    parentPort?.postMessage((await engine.status()).firings);
    engine.close();
  },
  async 'left open'() {
    const engine = open();
    await engine.ingest(journal(1, 100));
    parentPort?.postMessage((await engine.status()).firings);
  },
  async flood() {
    // Firings in plenty, events gathered; three engines, so that three wakes may be under way.
    for (let i = 0; i < 3; i++) {
      const engine = open();
      flood(engine).catch(() => {});
      if (i === 0) take(engine.events({ capacity: 1000, overflow: 'hold' }));
      if (i === 1) take(engine.events({ capacity: 1000 }));
    }
    parentPort?.postMessage('flooding');
  },
  async exit() {
    flood(open()).catch(() => {});
    await sleep(20);
    process.exit(3);
  },
  async throw() {
    flood(open()).catch(() => {});
    await sleep(20);
    throw new Error('thrown on purpose');
  },
};

async function take(events: AsyncIterable<{ length: number }>): Promise<number> {
  let total = 0;
  for await (const batch of events) total += batch.length;
  return total;
}

const inMain: Readonly<Record<string, () => Promise<void>>> = {
  async load() {
    const here = open();
    await here.ingest(journal(1, 100));
    const workers = ['whole', 'whole', 'left open', 'whole'].map(begin);
    say(await Promise.all(workers.map(({ over }) => over)));
    say(workers.map(({ messages }) => messages));
    await here.ingest(journal(1, 100));
    say((await here.status()).firings);
    here.close();
  },
  async terminate() {
    // Worker threads and the pool of libuv come and go: what matters is that it does not grow.
    const counts: number[] = [];
    const codes: number[] = [];
    for (let round = 0; round < 4; round++) {
      const workers = Array.from({ length: 12 }, () => begin('flood'));
      await Promise.all(
        workers.map(({ worker }) => new Promise((resolve) => worker.once('message', resolve))),
      );
      for (const { worker } of workers) {
        await sleep(Math.random() * 20);
        worker.terminate();
      }
      codes.push(...(await Promise.all(workers.map(({ over }) => over))));
      await sleep(50);
      counts.push(threads());
    }
    const engine = open();
    await engine.ingest(journal(1, 10));
    say({ codes, counts, after: (await engine.status()).firings });
    engine.close();
  },
  async 'terminate at once'() {
    const codes: number[] = [];
    for (let round = 0; round < 20; round++) {
      const workers = Array.from({ length: 4 }, () => begin('flood'));
      await sleep(round * 4);
      codes.push(...(await Promise.all(workers.map(({ worker }) => worker.terminate()))));
    }
    say(codes.length);
  },
  async exit() {
    say(await begin('exit').over);
  },
  async throw() {
    say(await begin('throw').over.catch((error: Error) => error.message));
  },
  async 'exit of all'() {
    const workers = Array.from({ length: 6 }, () => begin('flood'));
    await Promise.all(workers.map(({ worker }) => new Promise((resolve) => worker.once('message', resolve))));
    process.exit(6);
  },
};

if (isMainThread) {
  loadAddon();
  await inMain[process.argv[2] as string]?.();
} else {
  await inWorker[workerData as string]?.();
}
