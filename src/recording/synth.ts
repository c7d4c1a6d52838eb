/**
 * Synthetic recordings: journal records of invented jobs with the shapes, the order and the interleaving of Flux
 * 0.88 under load. The same options always give the same bytes.
 *
 * A queue receives `rate` submissions a second and runs `slots` jobs. Flux works in batches, so time advances in
 * ticks, and each event is reported one tick after it happened. Therefore a `submit`, which carries the time of its
 * ingest, and a `validate` are older than the records before them.
 */

export interface SynthOptions {
  readonly jobs: number;
  readonly groups: number;
  /** Names instead of `group-0`, `group-1` and so on, one for each group. */
  readonly groupNames?: readonly string[];
  /** Fraction of failing jobs, 0 to 1: by exit status, signal, or an `exec`, `timeout` or `cancel` exception. */
  readonly failures: number;
  readonly seed: number;
  /** Jobs that run at the same time. */
  readonly slots: number;
  /** Submissions a second. */
  readonly rate: number;
  /** Mean run time of the jobs, in seconds. */
  readonly meanDuration: number;
  /** Time of the first submission, in seconds since the epoch. */
  readonly start: number;
  /** Age of the instance at the start, in seconds. Job ids count from the instance's start. */
  readonly age: number;
}

export const synthDefaults: SynthOptions = {
  jobs: 1000,
  groups: 4,
  failures: 0.05,
  seed: 1,
  slots: 1024,
  rate: 200,
  meanDuration: 8,
  start: 1_795_334_100,
  age: 10,
};

/** Events of a successful job. */
export const eventsPerJob = 11;

/** Returns the name of a group by its index. */
export const synthGroup = (index: number): string => `group-${index}`;

/** Seconds of a tick. Flux batches submissions and commits for 10 ms each. */
const TICK = 0.02;
/** Seconds between two events that the job manager posts in one batch. */
const STEP = 2.5e-5;
const CORES_OF_A_NODE = 32;
/** Maximum jobs of one submission, which belong to one group. */
const BATCH = 16;
/** Approximate bytes of a piece of the recording. */
const PIECE = 1 << 18;

type Fate = 'good' | 'exit' | 'signal' | 'exec' | 'timeout' | 'cancel';
const badFates: readonly Fate[] = ['exit', 'exit', 'exit', 'signal', 'exec', 'timeout', 'cancel'];

/** wait(2) statuses as Flux's shell reports them: 128 + signal for an end by a signal. */
const statusOf: Readonly<Record<Fate, number>> = {
  good: 0,
  exit: 1 << 8,
  signal: (128 + 9) << 8,
  exec: 127 << 8,
  timeout: (128 + 14) << 8,
  cancel: (128 + 15) << 8,
};

const exceptions: Partial<Record<Fate, string>> = {
  exec: '{"type":"exec","severity":0,"note":"task 0 (host node0): start failed: ./model: No such file or directory","userid":1000}',
  timeout: '{"type":"timeout","severity":0,"userid":1000,"note":"resource allocation expired"}',
  cancel: '{"type":"cancel","severity":0,"note":"","userid":1000}',
};

const rlimit =
  '{"cpu":-1,"fsize":-1,"data":-1,"stack":8388608,"core":0,"nofile":20000,"as":-1,"rss":-1,"nproc":96365}';

function asciiJson(text: string): string {
  return JSON.stringify(text).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function jobspec(group: string): string {
  return (
    '{"resources":[{"type":"slot","count":1,"with":[{"type":"core","count":1}],"label":"task"}],' +
    '"tasks":[{"command":["./model","--case","7"],"slot":"task","count":{"per_slot":1}}],"attributes":{"system":' +
    `{"duration":0,"cwd":"/home/user/runs","shell":{"options":{"rlimit":${rlimit}}}},` +
    `"user":{"group":${asciiJson(group)}}},"version":1}`
  );
}

/**
 * Returns a number from 0 to below 1 that depends only on seed, job and purpose, so waiting jobs need no memory.
 * The finalizer of MurmurHash3 (A. Appleby, public domain), applied twice.
 */
function chance(seed: number, job: number, purpose: number): number {
  let hash = seed;
  for (const word of [job, purpose]) {
    hash = Math.imul(hash ^ word, 0x9e3779b1);
    hash ^= hash >>> 16;
    hash = Math.imul(hash, 0x85ebca6b);
    hash ^= hash >>> 13;
    hash = Math.imul(hash, 0xc2b2ae35);
    hash ^= hash >>> 16;
  }
  return (hash >>> 0) / 2 ** 32;
}

const purposes = { group: 1, fails: 2, fate: 3, duration: 4, jitter: 5, ingest: 6 } as const;

/** Yields a recording in pieces that end after a line. Memory grows only with `slots`. */
export function* synthesize(options: Partial<SynthOptions> = {}): Generator<Buffer, void, void> {
  const queue = new Queue({ ...synthDefaults, ...options });
  while (!queue.done) {
    queue.tick();
    if (queue.waiting >= PIECE) yield queue.take();
  }
  yield queue.take();
}

interface Running {
  readonly job: number;
  readonly slot: number;
}

class Queue {
  readonly #options: SynthOptions;
  readonly #jobspecs: readonly string[];
  readonly #batch: number;
  #text = '{"id":-1,"events":[]}\n';
  #tick = 0;
  /** The job manager's clock, in seconds since the start. */
  #clock = 0;
  /** Numbers of jobs that have reached each state. */
  #submitted = 0;
  #ready = 0;
  #taken = 0;
  #ended = 0;
  #noise: number;
  readonly #freeSlots: number[];
  #starting: Running[] = [];
  #ending: Running[] = [];
  /** Running jobs by the tick in which they finish. */
  readonly #running = new Map<number, Running[]>();

  constructor(options: SynthOptions) {
    this.#options = options;
    this.#noise = options.seed | 0;
    // Smaller batches for many groups, so that each group has jobs.
    this.#batch = Math.max(1, Math.min(BATCH, Math.floor(options.jobs / options.groups / 4)));
    this.#jobspecs = Array.from({ length: options.groups }, (_, group) =>
      jobspec(options.groupNames?.[group] ?? synthGroup(group)),
    );
    this.#freeSlots = Array.from({ length: options.slots }, (_, i) => options.slots - 1 - i);
  }

  get done(): boolean {
    return this.#ended === this.#options.jobs;
  }

  /** Characters that were not yet taken. */
  get waiting(): number {
    return this.#text.length;
  }

  take(): Buffer {
    const bytes = Buffer.from(this.#text, 'latin1');
    this.#text = '';
    return bytes;
  }

  tick(): void {
    this.#tick++;
    this.#clock = Math.max(this.#clock, this.#tick * TICK);
    const submitted = this.#submitted;
    this.#start();
    const finished = this.#finish();
    this.#submit();
    this.#end();
    this.#makeReady(submitted);
    this.#allocate();
    this.#ending = finished;
  }

  #start(): void {
    const { meanDuration, seed } = this.#options;
    for (const running of this.#starting) {
      this.#event(running.job, 'start', this.#next());
      // Most run times are similar; some are long.
      const duration =
        meanDuration * (0.3 - 0.7 * Math.log(1 - chance(seed, running.job, purposes.duration)));
      const tick = this.#tick + Math.max(1, Math.round(duration / TICK));
      const others = this.#running.get(tick);
      if (others === undefined) this.#running.set(tick, [running]);
      else others.push(running);
    }
    this.#starting = [];
  }

  #finish(): Running[] {
    const finished = this.#running.get(this.#tick) ?? [];
    this.#running.delete(this.#tick);
    for (const { job } of finished) {
      const fate = this.#fateOf(job);
      const exception = exceptions[fate];
      if (exception !== undefined) this.#event(job, 'exception', this.#next(), exception);
      this.#event(job, 'finish', this.#next(), `{"status":${statusOf[fate]}}`);
    }
    return finished;
  }

  /** Jobs of the previous tick, reported with the time of their ingest. */
  #submit(): void {
    const { jobs } = this.#options;
    while (this.#submitted < jobs && this.#submittedAt(this.#submitted) <= (this.#tick - 1) * TICK) {
      const job = this.#submitted++;
      const context = '{"userid":1000,"urgency":16,"flags":0,"version":1}';
      const spec = this.#jobspecs[this.#groupOf(job)];
      this.#event(job, 'submit', this.#submittedAt(job), context, `,"jobspec":${spec}`);
    }
  }

  #end(): void {
    for (const { job, slot } of this.#ending) {
      this.#event(job, 'release', this.#next(), '{"ranks":"all","final":true}');
      this.#event(job, 'free', this.#next());
      this.#event(job, 'clean', this.#next());
      this.#freeSlots.push(slot);
      this.#ended++;
    }
  }

  /** Jobs of the previous tick are validated while they are stored, and become ready then. */
  #makeReady(end: number): void {
    for (; this.#ready < end; this.#ready++) {
      const job = this.#ready;
      const jitter = chance(this.#options.seed, job, purposes.jitter);
      this.#event(job, 'validate', this.#submittedAt(job) + TICK * (0.5 + jitter / 2));
      this.#event(job, 'depend', this.#next());
      this.#event(job, 'priority', this.#next(), '{"priority":16}');
    }
  }

  #allocate(): void {
    const before = this.#clock - TICK / 4;
    while (this.#taken < this.#ready && this.#freeSlots.length > 0) {
      const job = this.#taken++;
      if (this.#fateOf(job) === 'cancel') {
        this.#event(job, 'exception', this.#next(), exceptions.cancel);
        this.#event(job, 'clean', this.#next());
        this.#ended++;
        continue;
      }
      const slot = this.#freeSlots.pop() as number;
      const rank = Math.floor(slot / CORES_OF_A_NODE);
      const core = slot % CORES_OF_A_NODE;
      const annotations = `{"annotations":{"sched":{"resource_summary":"rank${rank}/core${core}"}}}`;
      this.#event(job, 'annotations', this.#next(), annotations);
      this.#event(
        job,
        'alloc',
        this.#next(),
        annotations,
        `,"R":{"version":1,"execution":{"R_lite":[{"rank":"${rank}","children":{"core":"${core}"}}],"starttime":` +
          `${this.#stamp(before)},"expiration":0.0,"nslots":1,"nodelist":["node${rank}"]}}`,
      );
      this.#starting.push({ job, slot });
    }
  }

  #event(job: number, name: string, time: number, context?: string, rest = ''): void {
    const more = context === undefined ? '' : `,"context":${context}`;
    this.#text +=
      `{"id":${this.#idOf(job)},"events":[{"timestamp":${this.#stamp(time)},` +
      `"name":"${name}"${more}}]${rest}}\n`;
  }

  /** Formats a time in seconds since the epoch, without exponent and with a decimal point, as Flux does. */
  #stamp(time: number): string {
    const stamp = String(this.#options.start + time);
    return stamp.includes('.') ? stamp : `${stamp}.0`;
  }

  /** Returns the time of the next event of the job manager. The steps between events vary slightly. */
  #next(): number {
    // A linear congruential generator is random enough here (Numerical Recipes, 3rd edition, 7.1.1).
    this.#noise = (Math.imul(this.#noise, 1_664_525) + 1_013_904_223) | 0;
    this.#clock += STEP * (1 + this.#noise / 2 ** 32);
    return this.#clock;
  }

  /** Returns the time of submission in seconds since the start. */
  #submittedAt(job: number): number {
    return (job + chance(this.#options.seed, job, purposes.ingest) / 2) / this.#options.rate;
  }

  /**
   * Returns a FLUID (RFC 19): milliseconds, a generator's number (0 here), and the job's number within the
   * millisecond.
   */
  #idOf(job: number): string {
    const { rate, age } = this.#options;
    const millisecond = Math.floor((job * 1000) / rate);
    const sequence = job - Math.ceil((millisecond * rate) / 1000);
    const since = millisecond + Math.round(age * 1000);
    const id = since * 2 ** 24 + sequence;
    if (Number.isSafeInteger(id)) return String(id);
    return String((BigInt(since) << 24n) + BigInt(sequence));
  }

  #groupOf(job: number): number {
    const { seed, groups } = this.#options;
    return Math.floor(chance(seed, Math.floor(job / this.#batch), purposes.group) * groups);
  }

  #fateOf(job: number): Fate {
    const { seed, failures } = this.#options;
    if (chance(seed, job, purposes.fails) >= failures) return 'good';
    return badFates[Math.floor(chance(seed, job, purposes.fate) * badFates.length)] as Fate;
  }
}
