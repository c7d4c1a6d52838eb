/** Engines that are neither closed nor referenced. */

import type { Engine } from '../../../src/engine/engine.js';
import type { PlanRule } from '../../../src/engine/plan/plan.js';
import { everyEvent, journal, open, say, sleep, threads } from './common.js';

/** In a function of its own: what a test body has named stays alive until it ends. */
async function drop(use: (engine: Engine) => Promise<void>): Promise<WeakRef<Engine>> {
  const engine = open();
  await use(engine);
  return new WeakRef(engine);
}

async function settles(done: () => boolean): Promise<boolean> {
  for (let i = 0; i < 50; i++) {
    // A value returned by deref() stays alive for the rest of its task, so collect in the next one.
    await sleep(10);
    globalThis.gc?.();
    if (done()) return true;
  }
  return false;
}

const uses: Readonly<Record<string, (engine: Engine) => Promise<void>>> = {
  unused: async () => {},
  used: async (engine) => engine.ingest(journal(1, 100)),
  'with events taken': async (engine) => {
    const events = engine.events();
    await Promise.all([events.next(), engine.ingest(journal(1, 100))]);
    await events.return();
  },
  closed: async (engine) => {
    await engine.ingest(journal(1, 100));
    engine.close();
  },
};

await sleep(20);
for (const [name, use] of Object.entries(uses)) {
  const before = threads();
  const engines: WeakRef<Engine>[] = [];
  for (let i = 0; i < 10; i++) engines.push(await drop(use));
  const during = threads() - before;
  const collected = await settles(() => engines.every((ref) => ref.deref() === undefined));
  const joined = await settles(() => threads() === before);
  say({ name, during, collected, joined });
}

// An engine with a pending answer stays alive, although only the promise refers to it.
const ref = await drop(async () => {});
const answer = ref.deref()?.ingest(journal(1, 20_000));
let firings = 0;
const other = answer
  ?.then(() => ref.deref()?.status())
  .then((status) => {
    firings = status?.firings ?? -1;
  });
for (let i = 0; i < 20; i++) {
  globalThis.gc?.();
  await sleep(1);
}
await other;
say({ firings });

// So does one whose heartbeats go on, until it is closed.
let beats = 0;
const heartbeat: PlanRule = { ...(everyEvent[0] as PlanRule), trigger: 'heartbeat', event: null };
const beating = await (async () => {
  const engine = open({ heartbeat: 0.005, rules: [heartbeat] }, () => beats++);
  await engine.start(1);
  return new WeakRef(engine);
})();
for (let i = 0; i < 20; i++) {
  await sleep(10);
  globalThis.gc?.();
}
const before = beats;
const goesOn = await settles(() => beats > before);
await (async () => beating.deref()?.close())();
say({ goesOn, collected: await settles(() => beating.deref() === undefined) });
