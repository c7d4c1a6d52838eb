/** A small member: runs jobs as processes of this machine, a few at a time. docs/members.md explains it. */

import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { resolve } from 'node:path';
import { compileJobspecs, MemberError } from 'flux-ensemble';

export class ToyMember {
  name = 'toy';
  #slots;
  #sink = null;
  #ensemble = '';
  #lastId = BigInt(Date.now()) << 20n; // Larger than the ids of an earlier process of the run.
  #jobs = new Map(); // The active jobs by id.
  #waiting = []; // Those that may start, in their order.
  #running = 0;
  #lines = '';
  #stopping = null;
  #onIdle = () => {};

  constructor({ slots = 2 } = {}) {
    this.#slots = slots;
  }

  async start(sink, host) {
    this.#sink = sink;
    this.#ensemble = host.ensemble;
    this.#lines = '{"id":-1,"events":[]}\n';
    this.#deliver();
  }

  async submit(template, count, origin) {
    if (this.#sink === null || this.#stopping !== null) throw new MemberError('the toy member does not run');
    const jobspec = compileJobspecs(template, origin, this.#ensemble);
    const { urgency } = template;
    const jobs = Array.from({ length: count }, () => ({
      id: ++this.#lastId,
      template,
      urgency,
      fatal: false,
    }));
    for (const [i, job] of jobs.entries()) {
      this.#jobs.set(job.id, job);
      this.#event(job, 'submit', { userid: 0, urgency, flags: 0, version: 1 }, `,"jobspec":${jobspec(i)}`);
    }
    // One delivery for all jobs. None starts before the log has it.
    Promise.resolve(this.#deliver()).finally(() => {
      for (const job of jobs) job.kept = true;
      this.#queue(jobs);
    });
    return count;
  }

  async cancel(ids, note) {
    return this.#active(ids).filter((job) => this.#raise(job, 'cancel', note)).length;
  }

  async setUrgency(ids, urgency) {
    const jobs = this.#active(ids).filter(({ child }) => child === undefined);
    for (const job of jobs) {
      job.urgency = urgency;
      this.#event(job, 'urgency', { userid: 0, urgency });
    }
    this.#queue(jobs);
    return jobs.length;
  }

  get size() {
    return this.#slots;
  }

  async resize(delta) {
    const before = this.#slots;
    this.#slots = Math.max(1, before + delta);
    this.#startJobs();
    return { before, after: this.#slots };
  }

  async stop(grace) {
    this.#stopping ??= new Promise((resolve) => {
      this.#onIdle = resolve;
    });
    for (const job of [...this.#jobs.values()]) this.#raise(job, 'cancel', 'the run has ended');
    const timer = setTimeout(() => {
      for (const job of this.#jobs.values()) kill(job, 'SIGKILL');
    }, grace * 1000);
    if (this.#jobs.size === 0) this.#onIdle();
    await this.#stopping;
    clearTimeout(timer);
    this.#deliver();
  }

  #active(ids) {
    return [...ids].flatMap((id) => this.#jobs.get(id) ?? []);
  }

  /** Brings jobs to their places: higher urgencies first, then earlier jobs. Urgency 0 holds a job. */
  #queue(jobs) {
    const changed = new Set(jobs);
    const may = (job) => job.kept && job.urgency > 0 && job.child === undefined && this.#jobs.has(job.id);
    this.#waiting = [...this.#waiting.filter((job) => !changed.has(job)), ...jobs.filter(may)];
    this.#waiting.sort((a, b) => b.urgency - a.urgency || (a.id < b.id ? -1 : 1));
    this.#startJobs();
  }

  #startJobs() {
    while (this.#running < this.#slots && this.#waiting.length > 0) this.#start(this.#waiting.shift());
  }

  #start(job) {
    const { command, workdir, environment, inheritEnvironment, output, error, duration } = job.template;
    const cwd = workdir ?? process.cwd();
    const open = (file) => (file === null ? null : openSync(resolve(cwd, file), 'a'));
    const files = [];
    try {
      files.push(open(output), open(error ?? output));
    } catch {
      // The output of such a job is lost. A real member reports it.
    }
    const [out = null, err = null] = files;
    const child = spawn(command[0], command.slice(1), {
      ...{ cwd, env: { ...(inheritEnvironment ? process.env : {}), ...environment } },
      ...{ stdio: ['ignore', out ?? 'ignore', err ?? 'ignore'], detached: true }, // A process group of its own.
    });
    for (const file of files) if (file !== null) closeSync(file);
    job.child = child;
    this.#running++;
    this.#event(job, 'start');
    child.on('error', ({ message }) => {
      this.#event(job, 'exception', { type: 'exec', severity: 0, note: message });
      this.#finish(job, 127 << 8);
    });
    child.on('exit', (code, signal) =>
      this.#finish(job, code === null ? constants.signals[signal] : code << 8),
    );
    if (duration > 0)
      job.timer = setTimeout(() => this.#raise(job, 'timeout', 'out of time'), duration * 1000);
  }

  /** Ends a job by an exception. Returns false for a job that already ends. */
  #raise(job, type, note) {
    if (job.fatal) return false;
    job.fatal = true;
    this.#event(job, 'exception', { type, severity: 0, note });
    if (job.child === undefined) this.#end(job);
    else kill(job, 'SIGTERM');
    return true;
  }

  #finish(job, status) {
    if (!this.#jobs.has(job.id)) return;
    kill(job, 'SIGKILL'); // What is left of its group.
    clearTimeout(job.timer);
    this.#running--;
    this.#event(job, 'finish', { status });
    this.#end(job);
  }

  #end(job) {
    this.#event(job, 'clean');
    this.#jobs.delete(job.id);
    this.#waiting = this.#waiting.filter((each) => each !== job);
    this.#startJobs();
    if (this.#jobs.size === 0) this.#onIdle();
  }

  #event(job, name, context = {}, more = '') {
    const timestamp = Math.max(job.time ?? 0, Date.now() / 1000); // Clocks may go back, events may not.
    job.time = timestamp;
    if (this.#lines === '') setImmediate(() => this.#deliver());
    this.#lines += `{"id":${job.id},"events":[${JSON.stringify({ timestamp, name, context })}]${more}}\n`;
  }

  #deliver() {
    const lines = this.#lines;
    this.#lines = '';
    return lines === '' ? undefined : this.#sink.records(Buffer.from(lines));
  }
}

function kill({ child }, signal) {
  try {
    if (child?.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // The group has ended.
  }
}
