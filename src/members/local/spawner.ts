/**
 * The host's end of `ensemble-spawner` (native/spawner/spawner.cpp), the process that is the parent of all jobs
 * of a run. Commands go out as frames, reports come in as lines.
 */

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { cannotRun, SPAWNER_PATH } from '../../engine/spawner-program.js';
import { MemberError } from '../../errors.js';
import { SteadyClock } from './clock.js';

/** What the spawner tells. Times are in seconds since the epoch, by the clock that it was opened with. */
export interface SpawnerListener {
  started(id: string, pid: number, time: number): void;
  /** The job could not be started, and is gone. `step` is one of those of job_process.h. */
  refused(id: string, step: string, errno: number, time: number, message: string): void;
  /**
   * The job's leader has ended, with a wait(2) status, and what was left of its group was killed. `line` is the last one
   * on standard error of a job that failed and has no file for that; empty for none.
   */
  exited(id: string, status: number, time: number, line: string): void;
  /** It takes frames again after `ready` was false. */
  drained(): void;
  /** It ended though it was not told to; no job is left in a process group that it led. */
  died(error: MemberError): void;
}

const PROTOCOL_VERSION = 2;
/** A longer frame is garbage to the spawner. */
const MAX_FRAME = 64 * 1024 * 1024;
/** Reports that are worked off before the event loop gets a turn. */
const REPORTS_PER_TURN = 32;
/** Of what the spawner says on standard error, this much ends up in an error's message. */
const MAX_COMPLAINT = 2000;
/** The spawner gives its children 3 seconds to die. */
const CLOSE_TIMEOUT_MS = 5000;

/** The parts of a spawn command that are the same for all jobs of a submission, ready to be sent. */
export function encodeProgram(
  environment: Readonly<Record<string, string>>,
  inherits: boolean,
  command: readonly string[],
): string {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  // The spawner takes this for: without my own environment.
  if (!inherits) variables.unshift('=');
  return fields(variables.length, ...variables, command.length, ...command);
}

/** True when a program of this size can't be sent. Leaves room for the paths, which the kernel limits to 4096 bytes. */
export function isTooLong(program: string): boolean {
  return Buffer.byteLength(program) > MAX_FRAME - 64 * 1024;
}

function fields(...values: readonly (string | number)[]): string {
  return values.map((value) => `${value}\0`).join('');
}

/** Bytes that were read one by one. */
function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString();
}

function frame(body: string): Buffer {
  const bytes = Buffer.byteLength(body);
  const buffer = Buffer.allocUnsafe(4 + bytes);
  buffer.writeUInt32LE(bytes);
  buffer.write(body, 4);
  return buffer;
}

export class Spawner {
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #listener: SpawnerListener;
  readonly #clock: SteadyClock;
  readonly #closed: Promise<void>;
  #ready = true;
  #closing = false;
  #complaint = '';
  /** Text of which the lines before `#position` have been worked off. */
  #input = '';
  #position = 0;

  /** Starts the program. Throws MemberError when that can't be done. */
  static async open(
    path: string | undefined,
    listener: SpawnerListener,
    clock = new SteadyClock(),
  ): Promise<Spawner> {
    const program = path ?? SPAWNER_PATH;
    // A session of its own: a ^C on the terminal is for this process only, which then ends things in order.
    const child = spawn(program, [], { detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    await new Promise<void>((resolve, reject) => {
      const refuse = (reason: string, cause?: Error) =>
        reject(new MemberError(cannotRun(program, reason, cause), { code: 'ERR_MEMBER_UNAVAILABLE', cause }));
      child.once('error', (error) => refuse(error.message, error));
      // Where the system refuses a process, it may refuse its pipes, too.
      if (child.pid === undefined) return;
      let complaint = '';
      child.stderr.on('data', (text: Buffer) => {
        complaint = (complaint + text.toString('latin1')).slice(0, MAX_COMPLAINT);
      });
      child.once('close', (code, signal) =>
        refuse(`it ended at once (${signal ?? `exit code ${code}`}) ${complaint}`.trim()),
      );
      child.stdin.on('error', () => {}); // that it has gone is told by 'close'
      child.stdout.setEncoding('latin1'); // ASCII, but for messages and what jobs have written
      child.stdout.once('data', (line: string) => {
        if (line === `ready ${PROTOCOL_VERSION}\n`) return resolve();
        child.kill('SIGKILL');
        refuse(`it is not of this version (it says ${JSON.stringify(line.slice(0, 80))})`);
      });
    });
    return new Spawner(child, listener, clock);
  }

  private constructor(
    child: ChildProcessByStdio<Writable, Readable, Readable>,
    listener: SpawnerListener,
    clock: SteadyClock,
  ) {
    this.#process = child;
    this.#listener = listener;
    this.#clock = clock;
    child.on('error', () => {}); // of kill(): see close()
    child.stdin.on('drain', () => {
      this.#ready = true;
      listener.drained();
    });
    child.stdout.on('data', (text: string) => this.#read(text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint = (this.#complaint + text).slice(0, MAX_COMPLAINT);
    });
    this.#closed = new Promise((resolve) => {
      // 'close' rather than 'exit': what it reported before its end is still to be read.
      child.once('close', (code, signal) => {
        this.#work();
        resolve();
        if (!this.#closing) listener.died(this.#deathNote(code, signal));
      });
    });
  }

  /** False while frames pile up: no more jobs should be started then. */
  get ready(): boolean {
    return this.#ready;
  }

  /** Starts a job. Empty `cwd`, `out` and `err`: this process's, none, the same as `out`. */
  spawn(id: string, cwd: string, out: string, err: string, program: string): void {
    this.#send(fields('spawn', id, cwd, out, err) + program);
  }

  /** Sends a signal to the job's process group; nothing happens when it has ended. */
  kill(id: string, signal: number): void {
    this.#send(fields('kill', id, signal));
  }

  /** Ends the program and with it all processes that it started, daemons too. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#process.stdin.end();
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), CLOSE_TIMEOUT_MS);
    await this.#closed;
    clearTimeout(timer);
  }

  #send(body: string): void {
    if (this.#closing) return;
    this.#ready = this.#process.stdin.write(frame(body)) && this.#ready;
  }

  #read(text: string): void {
    this.#input = this.#input.slice(this.#position) + text;
    this.#position = 0;
    this.#readSome();
  }

  /** Works off a bounded number of reports; no more are read until all of these are done. */
  #readSome(): void {
    if (!this.#work(REPORTS_PER_TURN)) {
      this.#process.stdout.pause();
      setImmediate(() => this.#readSome());
    } else if (this.#process.stdout.isPaused()) {
      this.#process.stdout.resume();
    }
  }

  /** True when no whole line is left. */
  #work(limit = Infinity): boolean {
    for (let count = 0; ; count++) {
      const end = this.#input.indexOf('\n', this.#position);
      if (end < 0) return true;
      if (count >= limit) return false;
      const line = this.#input.slice(this.#position, end);
      this.#position = end + 1;
      this.#report(line);
    }
  }

  #report(line: string): void {
    const [kind, id = '', second = '', third = '', fourth = '', ...words] = line.split(' ');
    const time = (text: string) => this.#clock.timeOf(Number(text));
    if (kind === 'started') this.#listener.started(id, Number(second), time(third));
    else if (kind === 'exit')
      this.#listener.exited(id, Number(second), time(third), utf8([fourth, ...words].join(' ')));
    else if (kind === 'error')
      this.#listener.refused(id, second, Number(third), time(fourth), words.join(' '));
  }

  #deathNote(code: number | null, signal: NodeJS.Signals | null): MemberError {
    const end = signal === null ? `exited with code ${code}` : `was ended by ${signal}`;
    const complaint = this.#complaint.trim();
    return new MemberError(
      `the local member's helper process ${end}, and its jobs with it${complaint === '' ? '' : `: ${complaint}`}`,
    );
  }
}
