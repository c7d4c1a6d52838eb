/**
 * Programs of the user. Each has its own guard process (native/spawner/guard.h). Therefore no descendant outlives
 * the run, and none can keep the run from ending.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Duplex, Readable, Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { getSystemErrorMap } from 'node:util';
import { spawnerPath } from '../engine/native-files.js';
import { cannotRun } from '../engine/spawner-program.js';
import { TextLines } from './text-lines.js';

/** Maximum bytes left in a pipe after its program has ended; the kernel's limit is lower. */
const MAX_IN_PIPE = 1 << 22;
/** Milliseconds to wait for the guard to end. The guard itself gives up after 3 s when a process can't be killed. */
const MAX_KILL_TIME = 3500;

/** How a program ended. */
export type ProgramEnd =
  | { readonly kind: 'exit'; readonly status: number }
  | { readonly kind: 'signal'; readonly name: string }
  /** The system could not start it. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Its end is unknown. */
  | { readonly kind: 'lost'; readonly reason: string };

/** Describes the end of a program: `exit status 3`, `SIGKILL`. */
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
  /** A line of standard error, including lines of processes that the program left running. */
  line(line: string): void;
}

/** A program of the user. Processes that it left running continue until `kill`. */
export class Guarded {
  readonly #guard: ChildProcess;
  readonly #listener: GuardedListener;
  readonly #control: Duplex | null;
  #bytesRead = 0;
  #over = false;
  /** The program's standard input. */
  readonly stdin: Writable | null;
  /** Descriptor 4 of the program, a socket; null if it was not requested or the program could not be started. */
  readonly channel: Duplex | null;
  /** Resolves with the end of the program, after its output was read. Never rejects. */
  readonly ended: Promise<ProgramEnd>;
  /** Resolves when the program and its descendants have ended. Never rejects. */
  readonly gone: Promise<void>;

  constructor(
    command: readonly string[],
    listener: GuardedListener,
    {
      withChannel = false,
      variables = {},
    }: { withChannel?: boolean; variables?: Readonly<Record<string, string>> } = {},
  ) {
    this.#listener = listener;
    // A separate session, so that a ^C on the terminal reaches only this process, which then shuts down in order.
    this.#guard = spawn(spawnerPath(), ['exec', ...command], {
      detached: true,
      env: { ...process.env, ...variables },
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
    // The end of the program reports a closed stream.
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

  /** Ends the program and its descendants. Resolves when they have ended. Idempotent. */
  async kill(): Promise<void> {
    this.#control?.destroy();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, MAX_KILL_TIME);
    });
    await Promise.race([Promise.all([this.gone, this.ended]), late]);
    clearTimeout(timer);
    // A process that can't be killed must not keep this process running.
    this.#guard.unref();
    // Streams are missing where no descriptors were left for them.
    for (const stream of this.#guard.stdio ?? []) stream?.destroy();
  }

  #readErrors(stderr: Readable): void {
    const lines = new TextLines((line) => this.#listener.line(line));
    stderr.on('data', (bytes: Buffer) => {
      this.#bytesRead += bytes.length;
      lines.push(bytes);
    });
    stderr.on('close', () => lines.end());
    // A daemon may keep the stream open, so an incomplete line is delivered at the program's end.
    void this.ended.then(() => lines.end());
  }

  async #watch(control: Duplex | null): Promise<ProgramEnd> {
    const end = await new Promise<ProgramEnd>((resolve) => {
      const lost = (reason: string) => resolve({ kind: 'lost', reason });
      this.#guard.on('error', (cause) => lost(cannotRun(spawnerPath(), cause.message, cause)));
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

  /** Reads the rest of the pipes, which a daemon may keep open. */
  async #drain(): Promise<void> {
    const last = this.#bytesRead + MAX_IN_PIPE;
    // Two turns, because the end may have been reported within the first.
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

/** Describes an errno: `no such file or directory (ENOENT)`. */
function describeErrno(errno: number): string {
  const [name = `errno ${errno}`, text = 'unknown error'] = getSystemErrorMap().get(-errno) ?? [];
  return `${text} (${name})`;
}
