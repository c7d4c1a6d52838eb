/**
 * A process that calls functions of the user. Messages are lines of text on descriptor 4, so what else is written there
 * is found out and costs no message.
 */

import { EnsembleError } from '../errors.js';
import { Guarded, type ProgramEnd } from './guarded.js';
import { TextLines } from './text-lines.js';

/** Characters of a message; a longer one is not taken in. */
export const MAX_MESSAGE = 1 << 26;
/** Characters of a stray line that are shown. */
const MAX_SHOWN = 60;

/** How messages are written. Both throw for what can't be a message. */
export interface Codec<Sent, Heard> {
  /** One line, without its end. */
  encode(message: Sent): string;
  decode(line: string): Heard;
}

/** Who hears of what happens beside the calls. */
export interface UserCodeListener {
  /** A line that the user's code printed. */
  output(line: string): void;
  /** Something is wrong, but the run goes on. */
  problem(error: EnsembleError): void;
}

export interface ProcessListener<Heard> extends UserCodeListener {
  message(message: Heard): void;
  /** The process has ended. It is not called after `close`. */
  ended(end: ProgramEnd): void;
}

export class UserProcess<Sent, Heard> {
  readonly #program: Guarded;
  readonly #codec: Codec<Sent, Heard>;
  readonly #listener: ProcessListener<Heard>;
  /** Its end has been passed on. */
  readonly #ended: Promise<void>;
  #closed = false;
  #strayed = false;

  constructor(command: readonly string[], codec: Codec<Sent, Heard>, listener: ProcessListener<Heard>) {
    this.#codec = codec;
    this.#listener = listener;
    const output = new TextLines((line) => listener.output(line));
    this.#program = new Guarded(
      command,
      { stdout: (bytes) => output.push(bytes), line: (line) => listener.output(line) },
      { withChannel: true },
    );
    this.#program.stdin?.end();
    const lines = new TextLines((line) => this.#take(line), MAX_MESSAGE);
    this.#program.channel?.on('data', (bytes: Buffer) => lines.push(bytes));
    this.#ended = this.#program.ended.then((end) => {
      output.end();
      if (!this.#closed) listener.ended(end);
    });
  }

  /** Sends a message, unless the process has ended. Throws what the codec does. */
  tell(message: Sent): void {
    const line = this.#codec.encode(message);
    const channel = this.#program.channel;
    if (channel?.writable) channel.write(`${line}\n`);
  }

  /** Ends the process with all that it started. Resolves when it is gone. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([this.#program.kill(), this.#ended]);
  }

  #take(line: string): void {
    // Messages begin on a line of their own, whatever was written before.
    if (line === '') return;
    let message: Heard;
    try {
      message = this.#codec.decode(line);
    } catch {
      this.#reportStray(line);
      return;
    }
    if (!this.#closed) this.#listener.message(message);
  }

  #reportStray(line: string): void {
    if (this.#strayed || this.#closed) return;
    this.#strayed = true;
    const shown = line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN)}...` : line;
    this.#listener.problem(
      new EnsembleError(
        'ERR_CUSTOM',
        `a custom function wrote to descriptor 4, which is for its answers, and that was ignored: ${JSON.stringify(shown)}; ` +
          'print to standard output instead',
      ),
    );
  }
}
