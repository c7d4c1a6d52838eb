// A process of the bench of rows: runs an ensemble whose rows are in a file, on a member that ends jobs at once.

import { compileJobspecs, Ensemble } from '../dist/index.js';

const [file] = process.argv.slice(2);

/** Ends jobs in the turn of the event loop after their submission. */
class InstantMember {
  name = 'instant';
  #sink = null;
  #ensemble = '';
  #id = 0n;
  #lines = [];
  #delivered = null;

  async start(sink, { ensemble }) {
    this.#sink = sink;
    this.#ensemble = ensemble;
    sink.records(Buffer.from('{"id":-1,"events":[]}\n'));
  }

  async submit(template, count, origin) {
    const jobspec = compileJobspecs(template, origin, this.#ensemble);
    this.#delivered ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#deliver();
        resolve();
      });
    });
    const delivered = this.#delivered;
    const time = Date.now() / 1000;
    for (let i = 0; i < count; i++) {
      const events = ['start', 'finish', 'clean'].map((name) => ({
        timestamp: time,
        name,
        ...(name === 'finish' ? { context: { status: 0 } } : {}),
      }));
      const submit = {
        timestamp: time,
        name: 'submit',
        context: { userid: 0, urgency: 16, flags: 0, version: 1 },
      };
      const id = ++this.#id;
      this.#lines.push(`{"id":${id},"events":[${JSON.stringify(submit)}],"jobspec":${jobspec(i)}}\n`);
      this.#lines.push(`{"id":${id},"events":${JSON.stringify(events)}}\n`);
    }
    await delivered;
    return count;
  }

  async cancel() {
    return 0;
  }

  async stop() {
    this.#deliver();
  }

  #deliver() {
    if (this.#lines.length > 0) this.#sink.records(Buffer.from(this.#lines.join('')));
    this.#lines = [];
    this.#delivered = null;
  }
}

const begun = performance.now();
let first = null;
const member = new InstantMember();
const submit = member.submit.bind(member);
member.submit = (...args) => {
  first ??= (performance.now() - begun) / 1000;
  return submit(...args);
};
const ensemble = Ensemble.fromObject(
  {
    jobs: [
      {
        name: 'beam',
        command: 'beam {{load}} {{length}} {{mesh}}',
        parameters: { file },
        limits: { active: 1000 },
      },
    ],
    rules: [{ trigger: 'start', action: { name: 'submit', label: 'beam' } }],
  },
  { member },
);
/** The most resident bytes after garbage collections during the run. */
let rss = 0;
const timer = setInterval(() => {
  gc();
  rss = Math.max(rss, process.memoryUsage.rss());
}, 2000);
const { metrics } = await ensemble.run();
clearInterval(timer);
const seconds = (performance.now() - begun) / 1000;
gc();
rss = Math.max(rss, process.memoryUsage.rss());
console.log(JSON.stringify({ seconds, first, rss, jobs: metrics.groups.get('beam').count.success }));
process.exit(0);
