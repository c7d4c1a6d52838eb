/**
 * Standard output and standard error. A stream may be full, slow, or without a reader. A command that does more
 * than print continues, reports once that output is lost, and returns an exit status for it.
 */

import { getSystemErrorMap } from 'node:util';
import { counted } from '../text/counted.js';
import { exitStatus } from './exit-status.js';
import { signaled } from './signals.js';

/** Milliseconds for a reader to take the output after a signal. */
const LAST_READ = 1000;
/** Maximum bytes waiting for a reader. A command that continues drops further lines. */
const MAX_WAITING = 4 * 2 ** 20;

/** Messages on standard output about lost output, in the format of the command's lines. */
export interface LossNotices {
  leftOut(lines: number): string;
  warning(text: string): string;
}

/** Set by a command that continues without its streams. */
let goesOn: LossNotices | null = null;
let bounded = true;
let program = 'ensemble';

class StandardStream {
  /** True after output was lost. */
  lost = false;
  readonly #name: string;
  readonly #stream: NodeJS.WriteStream;
  #readerIsGone = false;
  #leftOut = 0;

  constructor(name: string, stream: NodeJS.WriteStream) {
    this.#name = name;
    this.#stream = stream;
  }

  /** Prints text that ends with a newline. */
  write(text: string | Uint8Array): void {
    if (this.#readerIsGone) return;
    if (goesOn !== null && bounded && this.#stream.writableLength >= MAX_WAITING) {
      this.#leftOut += lineCount(text);
      this.#lose(`is not read: lines are dropped until it is`);
      return;
    }
    this.#tellLeftOut();
    this.#stream.write(text);
  }

  /** True while output waits for the reader. The caller should wait then. */
  get full(): boolean {
    return this.#stream.writableNeedDrain && !this.#readerIsGone;
  }

  /** Resolves when the reader has taken all output, or has closed the stream. After a signal, the wait is limited. */
  async written(): Promise<void> {
    this.#tellLeftOut();
    if (this.#readerIsGone || this.#stream.writableLength === 0) return;
    const timer = signaled()
      ? setTimeout(() => process.exit(process.exitCode ?? exitStatus.interrupted), LAST_READ)
      : undefined;
    await new Promise<void>((resolve) => {
      this.#stream.write('', () => resolve());
    });
    clearTimeout(timer);
  }

  /** Handles stream errors, because an error without a listener would end the process. */
  watch(): void {
    this.#stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') this.#readerIsGone = true;
      if (goesOn === null && this === standardOutput) {
        // A closed pipe, as by head, is normal.
        if (error.code !== 'EPIPE') this.#lose(`can't be written: ${describe(error)}`);
        process.exit(exitStatus.outputLost);
      }
      this.#lose(`can't be written: ${describe(error)}. The command continues without it`);
    });
  }

  /** Reports once on the other stream that this one is lost. */
  #lose(reason: string): void {
    if (this.lost) return;
    this.lost = true;
    if (this === standardOutput) standardError.write(`${program}: warning: ${this.#name} ${reason}\n`);
    else if (goesOn !== null) standardOutput.write(`${goesOn.warning(`${this.#name} ${reason}`)}\n`);
  }

  #tellLeftOut(): void {
    if (this.#leftOut === 0) return;
    const lines = this.#leftOut;
    this.#leftOut = 0;
    const text =
      this === standardOutput && goesOn !== null
        ? goesOn.leftOut(lines)
        : `${program}: ${counted(lines, 'line')} dropped here`;
    this.#stream.write(`${text}\n`);
  }
}

function lineCount(text: string | Uint8Array): number {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  return bytes.reduce((lines, byte) => lines + (byte === 0x0a ? 1 : 0), 0);
}

/** Describes an error: `no space left on device (ENOSPC)`. */
function describe({ errno, code, message }: NodeJS.ErrnoException): string {
  const [, text] = getSystemErrorMap().get(errno ?? 0) ?? [];
  return text === undefined ? message : `${text} (${code})`;
}

export const standardOutput = new StandardStream('standard output', process.stdout);
export const standardError = new StandardStream('standard error', process.stderr);

/** Installs the handlers. Must be called once before any output. */
export function watchStreams(name: string): void {
  program = name;
  for (const stream of [standardOutput, standardError]) stream.watch();
}

/** Declares that this command continues when a stream is lost. Commands that only print end. */
export function goOnWithoutStreams(notices: LossNotices): void {
  goesOn = notices;
}

/** Stops dropping lines, because the output at the end of a command is worth waiting for. */
export function printInFull(): void {
  bounded = false;
}

/** Messages of a command with text output. */
export const textNotices: LossNotices = {
  leftOut: (lines) => `(${counted(lines, 'line')} dropped here: standard output was not read)`,
  warning: (text) => `${program}: warning: ${text}`,
};

/** Messages of a command with JSON output. */
export const jsonNotices: LossNotices = {
  leftOut: (lines) => JSON.stringify({ type: 'left-out', lines }),
  warning: (text) => JSON.stringify({ type: 'problem', code: 'ERR_OUTPUT', message: text }),
};
