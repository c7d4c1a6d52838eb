/** Ways for a process to end with an open engine. */

import { flood, journal, open, say, sleep } from './common.js';

const ways: Readonly<Record<string, () => Promise<void>>> = {
  async unused() {
    open();
  },
  async idle() {
    const engine = open();
    await engine.start(1);
    await engine.ingest(journal(1, 10));
    say((await engine.status()).firings);
  },
  // Time advances in the engine, but the process does not wait for it.
  async heartbeats() {
    const rule = {
      trigger: 'heartbeat',
      group: -1,
      event: null,
      when: null,
      timing: null,
      cron: null,
      states: null,
    };
    const rest = {
      repetitions: 1e9,
      backoff: -1,
      terminal: false,
      wantsEvent: false,
      probing: false,
      split: null,
      resolve: null,
      submit: null,
    };
    const engine = open({ heartbeat: 0.002, rules: [{ ...rule, ...rest } as never] });
    await engine.start(1);
    await sleep(50);
    say((await engine.status()).firings > 0);
  },
  async consumer() {
    const engine = open();
    (async () => {
      for await (const batch of engine.events()) say(batch.length);
    })();
    await engine.ingest(journal(1, 4));
    await sleep(50);
  },
  async held() {
    const engine = open();
    const events = engine.events({ capacity: 4, overflow: 'hold' });
    await Promise.all([events.next(), engine.ingest(journal(1, 1))]);
    engine.ingest(journal(2, 100)).catch(() => {});
    await sleep(50);
    process.exit(5);
  },
  async outstanding() {
    const engine = open();
    for (let i = 0; i < 40; i++) engine.ingest(journal(i * 500, 500)).then(() => say(i));
    engine.status().then((status) => say(status));
  },
  async 'exit in a flood'() {
    const engine = open();
    flood(engine);
    await sleep(30);
    process.exit(7);
  },
  async 'exit at once'() {
    const engine = open();
    flood(engine);
    process.exit(8);
  },
  async 'exit in a listener'() {
    let count = 0;
    const engine = open({}, () => {
      if (++count === 2500) process.exit(9);
    });
    await flood(engine);
  },
  async 'throw in a flood'() {
    flood(open());
    await sleep(30);
    throw new Error('thrown on purpose');
  },
  async 'many engines'() {
    const engines = Array.from({ length: 50 }, () => open());
    await Promise.all(engines.map((engine) => engine.ingest(journal(1, 50))));
    for (const engine of engines.slice(25)) flood(engine);
    await sleep(20);
    process.exit(10);
  },
};

await ways[process.argv[2] as string]?.();
