/**
 * A process that calls functions of the user. Messages are lines of text on descriptor 4. Other text on it is
 * detected and does not destroy messages.
 */

import { EnsembleError } from '../errors.js';
import { Guarded, type ProgramEnd } from './guarded.js';
import { TextLines } from './text-lines.js';

/** Maximum characters of a message. */
export const MAX_MESSAGE = 1 << 26;
/** Characters shown of a line that is not a message. */
const MAX_SHOWN = 60;

/** Encodes and decodes messages. Both functions throw for an invalid message. */
export interface Codec<Sent, Heard> {
  /** Encodes a message as one line, without the line end. */
  encode(message: Sent): string;
  decode(line: string): Heard;
}

/** Receives output and problems of functions outside of their results. */
export interface UserCodeListener {
  /** A line that the user's code printed. */
  output(line: string): void;
  /** A problem that does not stop the run. */
  problem(error: EnsembleError): void;
}

export interface ProcessListener<Heard> extends UserCodeListener {
  message(message: Heard): void;
  /** The process has ended. Not called after `close`. */
  ended(end: ProgramEnd): void;
}

export class UserProcess<Sent, Heard> {
  readonly #program: Guarded;
  readonly #codec: Codec<Sent, Heard>;
  readonly #listener: ProcessListener<Heard>;
  /** Resolves after the end was reported. */
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

  /** Sends a message, unless the process has ended. Throws the codec's errors. */
  tell(message: Sent): void {
    const line = this.#codec.encode(message);
    const channel = this.#program.channel;
    if (channel?.writable) channel.write(`${line}\n`);
  }

  /** Ends the process and its descendants. Resolves when they have ended. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([this.#program.kill(), this.#ended]);
  }

  #take(line: string): void {
    // Messages begin on a line of their own, so blank lines may precede them.
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
        `ignored text that a custom function wrote to descriptor 4, which is reserved for results: ${JSON.stringify(shown)}; ` +
          'print to standard output instead',
      ),
    );
  }
}
