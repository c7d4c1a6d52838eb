/** A flood of events through queues: memory must stay where it is. */

import { journal, open, say } from './common.js';

const jobs = 2000;
const rounds = 250;
const bytes = journal(1, jobs);

async function use(overflow: 'drop' | 'hold', capacity = 1000): Promise<void> {
  const engine = open({ rules: [] });
  const events = engine.events({ capacity, overflow });
  const first = events.next();
  await engine.ingest(journal(1, 1));
  let taken = (await first).value?.length ?? 0;
  let dropped = 0;
  const consumer = overflow === 'hold' ? consume() : Promise.resolve();
  async function consume(): Promise<void> {
    for await (const batch of events) {
      taken += batch.length;
      dropped += batch.dropped;
    }
  }
  await engine.ingest(bytes);
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  for (let i = 0; i < rounds; i++) await engine.ingest(bytes);
  globalThis.gc?.();
  const grown = (process.memoryUsage().rss - before) / 2 ** 20;
  engine.endEvents();
  await consumer;
  await consume();
  say({ overflow, taken, dropped, grown });
  engine.close();
}

await use('drop');
await use('hold');
// A queue that is not bounded, to see that this would show.
await use('drop', 1e9);
