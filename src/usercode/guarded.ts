/**
 * Programs of the user. Each has a guard of its own (native/spawner/guard.h), so nothing that it starts outlives the run,
 * and nothing that it leaves behind keeps the run from ending.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Duplex, Readable, Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { getSystemErrorMap } from 'node:util';
import { cannotRun, SPAWNER_PATH } from '../engine/spawner-program.js';
import { TextLines } from './text-lines.js';

/** Bytes that a pipe may still hold when its program has ended; the kernel's own limit is lower. */
const MAX_IN_PIPE = 1 << 22;
/** Milliseconds to wait for the guard to end. It gives up after 3 s itself, when a process can't be killed. */
const MAX_KILL_TIME = 3500;

/** How a program ended. */
export type ProgramEnd =
  | { readonly kind: 'exit'; readonly status: number }
  | { readonly kind: 'signal'; readonly name: string }
  /** The system refused to start it. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** How it ended is not known. */
  | { readonly kind: 'lost'; readonly reason: string };

/** In words: `exit status 3`, `SIGKILL`. */
export function describeEnd(end: ProgramEnd): string {
  switch (end.kind) {
    case 'exit':
      return `exit status ${end.status}`;
    case 'signal':
      return end.name;
    case 'refused':
      return `it can't be started: ${end.reason}`;
    case 'lost':
      return end.reason;
  }
}

export interface GuardedListener {
  /** Bytes of standard output, up to the end of the program. */
  stdout(bytes: Buffer): void;
  /** A line of standard error, also of what the program has left running. */
  line(line: string): void;
}

/** A program that runs, or has run. What it has left running goes on until `kill`. */
export class Guarded {
  readonly #guard: ChildProcess;
  readonly #listener: GuardedListener;
  readonly #control: Duplex | null;
  #bytesRead = 0;
  #over = false;
  /** The program's standard input. */
  readonly stdin: Writable | null;
  /** Descriptor 4 of the program, a socket; null where none was asked for, or nothing could be started. */
  readonly channel: Duplex | null;
  /** How the program ended. What it had written before has been read by then. Never rejects. */
  readonly ended: Promise<ProgramEnd>;
  /** Resolves when all of it is gone. Never rejects. */
  readonly gone: Promise<void>;

  constructor(
    command: readonly string[],
    listener: GuardedListener,
    { withChannel = false }: { withChannel?: boolean } = {},
  ) {
    this.#listener = listener;
    // A session of its own: a ^C on the terminal is for this process only, which then ends things in order.
    this.#guard = spawn(SPAWNER_PATH, ['exec', ...command], {
      detached: true,
      stdio: Array(withChannel ? 5 : 4).fill('pipe'),
    });
    const started = this.#guard.pid !== undefined;
    const streams = (started ? this.#guard.stdio : []) as unknown as [
      Writable,
      Readable,
      Readable,
      Duplex,
      Duplex,
    ];
    const [stdin = null, stdout = null, stderr = null, control = null, channel = null] = streams;
    this.stdin = stdin;
    this.channel = channel;
    this.#control = control;
    // That the other end is gone is known by the end of the program.
    for (const stream of streams) stream.on('error', () => {});
    this.ended = this.#watch(control);
    this.gone = new Promise((resolve) => {
      this.#guard.on('close', () => resolve());
      this.#guard.on('error', () => resolve());
    });
    stdout?.on('data', (bytes: Buffer) => {
      this.#bytesRead += bytes.length;
      if (!this.#over) listener.stdout(bytes);
    });
    channel?.on('data', (bytes: Buffer) => {
      this.#bytesRead += bytes.length;
    });
    if (stderr !== null) this.#readErrors(stderr);
  }

  /** Ends all that descends from the program. Resolves when it is gone. Idempotent. */
  async kill(): Promise<void> {
    this.#control?.destroy();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, MAX_KILL_TIME);
    });
    await Promise.race([Promise.all([this.gone, this.ended]), late]);
    clearTimeout(timer);
    // A process that can't be killed must not hold ours.
    this.#guard.unref();
    // Without descriptors for them, there are no streams.
    for (const stream of this.#guard.stdio ?? []) stream?.destroy();
  }

  #readErrors(stderr: Readable): void {
    const lines = new TextLines((line) => this.#listener.line(line));
    stderr.on('data', (bytes: Buffer) => {
      this.#bytesRead += bytes.length;
      lines.push(bytes);
    });
    stderr.on('close', () => lines.end());
    // The rest of a line is not kept until a daemon lets go of the stream.
    void this.ended.then(() => lines.end());
  }

  async #watch(control: Duplex | null): Promise<ProgramEnd> {
    const end = await new Promise<ProgramEnd>((resolve) => {
      const lost = (reason: string) => resolve({ kind: 'lost', reason });
      this.#guard.on('error', (cause) => lost(cannotRun(SPAWNER_PATH, cause.message, cause)));
      const lines = new TextLines((line) => resolve(readEnd(line)));
      control?.on('data', (bytes: Buffer) => lines.push(bytes));
      control?.on('close', () => lost('it was killed'));
      this.#guard.on('close', (status, signal) =>
        lost(`its guard ended (${signal ?? `exit status ${status}`})`),
      );
    });
    await this.#drain();
    this.#over = true;
    this.stdin?.destroy();
    this.channel?.destroy();
    return end;
  }

  /** Reads what the program has left in its pipes, which a daemon may hold open. */
  async #drain(): Promise<void> {
    const last = this.#bytesRead + MAX_IN_PIPE;
    // Two turns: the first one may be that in which the end was reported.
    for (let quiet = 0; quiet < 2 && this.#bytesRead < last; ) {
      const before = this.#bytesRead;
      await nextTurn();
      quiet = this.#bytesRead === before ? quiet + 1 : 0;
    }
  }
}

function readEnd(line: string): ProgramEnd {
  const [kind, text] = line.split(' ');
  const number = Number(text);
  if (kind === 'exit') return { kind, status: number };
  if (kind === 'signal') return { kind, name: signalName(number) };
  return { kind: 'refused', reason: describeErrno(number) };
}

function signalName(number: number): string {
  const named = Object.entries(constants.signals).find(([, value]) => value === number);
  return named?.[0] ?? `signal ${number}`;
}

/** `no such file or directory (ENOENT)`. */
function describeErrno(errno: number): string {
  const [name = `errno ${errno}`, text = 'unknown error'] = getSystemErrorMap().get(-errno) ?? [];
  return `${text} (${name})`;
}
