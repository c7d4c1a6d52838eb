/**
 * The client of `ensemble-spawner` (native/spawner/spawner.cpp), the parent process of all jobs of a run. Commands
 * are sent as frames; reports are received as lines.
 */

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { spawnerPath } from '../../engine/native-files.js';
import { cannotRun } from '../../engine/spawner-program.js';
import { MemberError } from '../../errors.js';
import { TELL_VARIABLE } from '../../model/tells.js';
import { SteadyClock } from './clock.js';

/** Receives the spawner's reports. Times are in seconds since the epoch, by the clock given to `open`. */
export interface SpawnerListener {
  started(id: string, pid: number, time: number): void;
  /** The job could not be started. `step` is one of those of job_process.h. */
  refused(id: string, step: string, errno: number, time: number, message: string): void;
  /**
   * The job's leader has ended with a wait(2) status, and the rest of its process group was killed. `line` is the
   * last line of standard error of a failed job without a file for it; otherwise empty.
   */
  exited(id: string, status: number, time: number, line: string): void;
  /** The spawner accepts frames again after `ready` was false. */
  drained(): void;
  /** The spawner ended unexpectedly. No job is left in a process group that it led. */
  died(error: MemberError): void;
}

const PROTOCOL_VERSION = 2;
/** The spawner rejects longer frames as garbage. */
const MAX_FRAME = 64 * 1024 * 1024;
/** Reports processed in one turn of the event loop. */
const REPORTS_PER_TURN = 32;
/** Maximum characters of the spawner's standard error in an error's message. */
const MAX_COMPLAINT = 2000;
/** The spawner waits 3 seconds for its children to die. */
const CLOSE_TIMEOUT_MS = 5000;

/** Encodes the parts of a spawn command that all jobs of a submission share. */
export function encodeProgram(
  environment: Readonly<Record<string, string>>,
  inherits: boolean,
  command: readonly string[],
): string {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  // The spawner reads this entry as: do not inherit the environment.
  if (!inherits) variables.unshift('=');
  return fields(variables.length, ...variables, command.length, ...command);
}

/**
 * Returns true when the program exceeds a frame. Leaves room for the paths, which the kernel limits to 4096 bytes.
 */
export function isTooLong(program: string): boolean {
  return Buffer.byteLength(program) > MAX_FRAME - 64 * 1024;
}

function fields(...values: readonly (string | number)[]): string {
  return values.map((value) => `${value}\0`).join('');
}

/** Decodes UTF-8 from text that was read as single bytes. */
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
  /** Input text; the lines before `#position` are processed. */
  #input = '';
  #position = 0;

  /** Starts the program. Throws MemberError when it can't be started. */
  static async open(
    path: string | undefined,
    listener: SpawnerListener,
    clock = new SteadyClock(),
  ): Promise<Spawner> {
    const program = path ?? spawnerPath();
    // A separate session, so that a ^C on the terminal reaches only this process, which then shuts down in order.
    // A job of another ensemble does not pass its own file on to the jobs of this one.
    const { [TELL_VARIABLE]: _, ...env } = process.env;
    const child = spawn(program, [], { detached: true, env, stdio: ['pipe', 'pipe', 'pipe'] });
    await new Promise<void>((resolve, reject) => {
      const refuse = (reason: string, cause?: Error) =>
        reject(new MemberError(cannotRun(program, reason, cause), { code: 'ERR_MEMBER_UNAVAILABLE', cause }));
      child.once('error', (error) => refuse(error.message, error));
      // The system may also refuse the pipes of a refused process.
      if (child.pid === undefined) return;
      let complaint = '';
      child.stderr.on('data', (text: Buffer) => {
        complaint = (complaint + text.toString('latin1')).slice(0, MAX_COMPLAINT);
      });
      child.once('close', (code, signal) =>
        refuse(`it ended at once (${signal ?? `exit code ${code}`}) ${complaint}`.trim()),
      );
      child.stdin.on('error', () => {}); // 'close' reports its end.
      child.stdout.setEncoding('latin1'); // ASCII except for messages and output of jobs.
      child.stdout.once('data', (line: string) => {
        if (line === `ready ${PROTOCOL_VERSION}\n`) return resolve();
        child.kill('SIGKILL');
        refuse(
          `its version differs (it printed ${JSON.stringify(line.slice(0, 80))}); build the package again`,
        );
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
    child.on('error', () => {}); // From kill(), see close().
    child.stdin.on('drain', () => {
      this.#ready = true;
      listener.drained();
    });
    child.stdout.on('data', (text: string) => this.#read(text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint = (this.#complaint + text).slice(0, MAX_COMPLAINT);
    });
    this.#closed = new Promise((resolve) => {
      // 'close' instead of 'exit', because its last reports must still be read.
      child.once('close', (code, signal) => {
        this.#work();
        resolve();
        if (!this.#closing) listener.died(this.#deathNote(code, signal));
      });
    });
  }

  /** False while frames pile up. No more jobs should be started then. */
  get ready(): boolean {
    return this.#ready;
  }

  /** Starts a job. Empty `cwd`: that of this process. Empty `out`: no file. Empty `err`: the same as `out`. */
  spawn(id: string, cwd: string, out: string, err: string, program: string): void {
    this.#send(fields('spawn', id, cwd, out, err) + program);
  }

  /** Sends a signal to the job's process group. Ignored after the job's end. */
  kill(id: string, signal: number): void {
    this.#send(fields('kill', id, signal));
  }

  /** Ends the program and all processes that it started, including daemons. */
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

  /** Processes a bounded number of reports. The pipe is paused until all of them are done. */
  #readSome(): void {
    if (!this.#work(REPORTS_PER_TURN)) {
      this.#process.stdout.pause();
      setImmediate(() => this.#readSome());
    } else if (this.#process.stdout.isPaused()) {
      this.#process.stdout.resume();
    }
  }

  /** Processes up to `limit` lines. Returns true when no whole line is left. */
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
      `the local member's helper process ${end}, and its jobs were killed${complaint === '' ? '' : `: ${complaint}`}`,
    );
  }
}
