/**
 * The cost of a step of a search: a member ends each job at once, and the optimizer gives the next numbers.
 *
 *     node bench/search.mjs [STEPS] [python|javascript|command] [IN FLIGHT]
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { compileJobspecs, Ensemble } from '../dist/index.js';

const [steps = 100_000, language = 'javascript', inFlight = 64] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'ensemble-bench-'));

const OPTIMIZERS = {
  javascript: [
    'search.mjs',
    `export class Search {
  #next = 0;
  ask(n) { return Array.from({ length: n }, () => ({ x: this.#next++ })); }
  tell() {}
}`,
  ],
  python: [
    'search.py',
    `class Search:
    x = 0
    def ask(self, n):
        self.x += n
        return [{"x": self.x - i} for i in range(n, 0, -1)]
    def tell(self, rows):
        pass`,
  ],
  command: [
    'search.py',
    `import json, sys
x = 0
for line in sys.stdin:
    n = json.loads(line).get("ask")
    if n:
        print(json.dumps([{"x": x + i} for i in range(n)]), flush=True)
        x += n`,
  ],
};

/** Each job tells its parameter, and ends. */
class InstantMember {
  name = 'instant';
  #last = 0n;
  #lines = '{"id":-1,"events":[]}\n';
  #sink = null;
  #delivery = null;

  async start(sink, host) {
    this.#sink = sink;
    this.ensemble = host.ensemble;
    this.#deliver();
  }

  async submit(template, count, origin) {
    const jobspec = compileJobspecs(template, origin, this.ensemble);
    for (let i = 0; i < count; i++) {
      const id = ++this.#last;
      const time = Date.now() / 1000;
      const event = (name, context, more = '') => {
        this.#lines += `{"id":${id},"events":[{"timestamp":${time},"name":"${name}","context":${context}}]${more}}\n`;
      };
      event('submit', '{"userid":0,"urgency":16,"flags":0,"version":1}', `,"jobspec":${jobspec(i)}`);
      event('start', '{}');
      event('memo', `{"loss":${template.parameters.x}}`);
      event('finish', '{"status":0}');
      event('clean', '{}');
    }
    // One delivery for all jobs of a turn.
    this.#delivery ??= nextTurn().then(() => this.#deliver());
    await this.#delivery;
    return count;
  }

  async cancel() {
    return 0;
  }

  async stop() {}

  #deliver() {
    this.#delivery = null;
    if (this.#lines === '') return;
    const bytes = new TextEncoder().encode(this.#lines);
    this.#lines = '';
    this.#sink.records(bytes);
  }
}

const [name, text] = OPTIMIZERS[language];
writeFileSync(join(folder, name), text);
const source =
  language === 'command' ? { command: `python3 ${join(folder, name)}` } : { [language]: join(folder, name) };
const ensemble = Ensemble.fromObject(
  {
    jobs: [
      {
        name: 'a',
        command: 'true {{x}}',
        tell: ['loss'],
        ask: { ...source, inFlight: Number(inFlight), rows: Number(steps) },
      },
    ],
    rules: [{ trigger: 'start', action: { name: 'submit', label: 'a' } }],
  },
  {
    member: new InstantMember(),
    runFolder: join(folder, 'run'),
    observer: { problem: (error) => console.error(error.message) },
  },
);
const begin = performance.now();
const result = await ensemble.run();
const seconds = (performance.now() - begin) / 1000;
await ensemble.close();
const { user, system } = process.cpuUsage();
const [search] = result.searches;
console.log(
  `${search.ended} steps in ${seconds.toFixed(1)} s: ${((1e6 * seconds) / search.ended).toFixed(0)} us a step, ` +
    `${((user + system) / search.ended).toFixed(0)} us of CPU here; ` +
    `${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB; best ${search.best.objective}`,
);
rmSync(folder, { recursive: true });
