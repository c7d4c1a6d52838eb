/**
 * Standard output and standard error. Either may be full, may have lost its reader, or may be read slowly. A command
 * that does more than print goes on all the same, says once what is lost, and has an exit status for it.
 */

import { getSystemErrorMap } from 'node:util';
import { counted } from '../text/counted.js';
import { exitStatus } from './exit-status.js';
import { signaled } from './signals.js';

/** Milliseconds that a reader has after a signal to take what was printed. */
const LAST_READ = 1000;
/** Bytes that wait for a reader before a command that goes on leaves lines out. */
const MOST_WAITING = 4 * 2 ** 20;

/** The words on standard output for what is lost, so that whoever reads it finds only lines of one form. */
export interface LossNotices {
  leftOut(lines: number): string;
  warning(text: string): string;
}

/** Set by a command that goes on. */
let goesOn: LossNotices | null = null;
let bounded = true;
let program = 'ensemble';

class StandardStream {
  /** Something that was printed has not been written, and never will be. */
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
    if (goesOn !== null && bounded && this.#stream.writableLength >= MOST_WAITING) {
      this.#leftOut += lineCount(text);
      this.#lose(`is not read: lines are left out until it is`);
      return;
    }
    this.#tellLeftOut();
    this.#stream.write(text);
  }

  /** More than one write waits for the reader: whoever can wait should. */
  get full(): boolean {
    return this.#stream.writableNeedDrain && !this.#readerIsGone;
  }

  /** Resolves when the reader has taken all, or takes no more. After a signal, a reader that waits is not waited for. */
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

  /** An error of a stream without a listener ends the process. */
  watch(): void {
    this.#stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') this.#readerIsGone = true;
      if (goesOn === null && this === standardOutput) {
        // A reader that has seen enough, like head, is no news.
        if (error.code !== 'EPIPE') this.#lose(`can't be written: ${describe(error)}`);
        process.exit(exitStatus.outputLost);
      }
      this.#lose(`can't be written: ${describe(error)}. The command goes on without it`);
    });
  }

  /** Says on the other stream that this one is lost, once. */
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
        : `${program}: ${counted(lines, 'line')} left out here`;
    this.#stream.write(`${text}\n`);
  }
}

function lineCount(text: string | Uint8Array): number {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  return bytes.reduce((lines, byte) => lines + (byte === 0x0a ? 1 : 0), 0);
}

/** `no space left on device (ENOSPC)`. */
function describe({ errno, code, message }: NodeJS.ErrnoException): string {
  const [, text] = getSystemErrorMap().get(errno ?? 0) ?? [];
  return text === undefined ? message : `${text} (${code})`;
}

export const standardOutput = new StandardStream('standard output', process.stdout);
export const standardError = new StandardStream('standard error', process.stderr);

/** To be called once, before anything is printed. */
export function watchStreams(name: string): void {
  program = name;
  for (const stream of [standardOutput, standardError]) stream.watch();
}

/** Says that this command goes on when a stream is lost; others, which only print, end. */
export function goOnWithoutStreams(notices: LossNotices): void {
  goesOn = notices;
}

/** Nothing is left out from here on: what a command prints at its end is worth waiting for. */
export function printInFull(): void {
  bounded = false;
}

/** The words of a command whose lines are for people. */
export const textNotices: LossNotices = {
  leftOut: (lines) => `(${counted(lines, 'line')} left out here: standard output was not read)`,
  warning: (text) => `${program}: warning: ${text}`,
};

/** Those of a command whose lines are JSON. */
export const jsonNotices: LossNotices = {
  leftOut: (lines) => JSON.stringify({ type: 'left-out', lines }),
  warning: (text) => JSON.stringify({ type: 'problem', code: 'ERR_OUTPUT', message: text }),
};
