/** The terminal of a full-screen command: its second screen, keys without echo, and its state before, at every end. */

import { terminalWidth } from '../output.js';
import { isCut, keysOf } from './keys.js';

/** The second screen, without a cursor, and without a wrap at the end of a row. */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l';

/** Milliseconds for the rest of a key. After them, Esc is a key of its own. */
const REST = 30;

export interface TerminalEvents {
  key(key: string): void;
  /** The size has changed, or the screen has another content. */
  redraw(): void;
}

/** The size of standard output. */
export function terminalSize(): { readonly width: number; readonly height: number } {
  // The last column stays free, because the rest of a row is erased after its text.
  return { width: Math.max(1, terminalWidth() - 1), height: process.stdout.rows || 24 };
}

export class Terminal {
  readonly #events: TerminalEvents;
  readonly #input = (text: string) => {
    clearTimeout(this.#cutTimer);
    this.#typed += text;
    if (isCut(this.#typed)) this.#cutTimer = setTimeout(this.#take, REST);
    else this.#take();
  };
  readonly #take = () => {
    const typed = this.#typed;
    this.#typed = '';
    for (const key of keysOf(typed)) {
      if (key === 'ctrl-z') this.suspend();
      else this.#events.key(key);
    }
  };
  /** Input that may be the beginning of a key. */
  #typed = '';
  #cutTimer: NodeJS.Timeout | undefined;
  readonly #resized = () => this.#events.redraw();
  readonly #leave = () => this.#restore();
  readonly #continued = () => this.#enter();
  #entered = false;
  #closed = false;

  constructor(events: TerminalEvents) {
    this.#events = events;
    process.stdin.setEncoding('utf8').on('data', this.#input);
    process.stdout.on('resize', this.#resized);
    process.on('SIGCONT', this.#continued);
    process.on('exit', this.#leave);
    // A message about a bug belongs on the first screen.
    process.prependListener('uncaughtException', this.#leave);
    this.#enter();
  }

  /** Whether a full-screen command can run here. */
  static get isUsable(): boolean {
    return process.stdin.isTTY === true && process.stdout.isTTY === true && process.env.TERM !== 'dumb';
  }

  /** Stops the command as Ctrl-Z does elsewhere. */
  suspend(): void {
    this.#restore();
    process.kill(0, 'SIGTSTP');
    // Without a shell that could continue it, the command is not stopped.
    setImmediate(this.#continued);
  }

  /** Brings back the first screen. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#restore();
    process.stdin.off('data', this.#input).pause();
    process.stdout.off('resize', this.#resized);
    process.off('SIGCONT', this.#continued);
    process.off('exit', this.#leave);
    process.off('uncaughtException', this.#leave);
  }

  #enter(): void {
    if (this.#closed) return;
    // A shell may have changed the mode while the command was stopped.
    process.stdin.setRawMode(true);
    if (!this.#entered) process.stdout.write(ENTER);
    this.#entered = true;
    this.#events.redraw();
  }

  #restore(): void {
    if (!this.#entered) return;
    this.#entered = false;
    process.stdout.write(LEAVE);
    process.stdin.setRawMode(false);
  }
}
