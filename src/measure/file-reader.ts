/** A kept process that reads the files of jobs, one job at a time. After its end, the next job starts another one. */

import { packageFile } from '../text/package-file.js';
import { describeEnd } from '../usercode/guarded.js';
import { wireOf } from '../usercode/javascript/wire.js';
import { type UserCodeListener, UserProcess } from '../usercode/user-process.js';
import type { FromReader, ToReader } from './messages.js';

// The path is the same from src/measure and from dist/measure.
const program = packageFile('dist/measure/child.js');

interface Running {
  readonly process: UserProcess<ToReader, FromReader>;
  /** Receives the answer, or the reason of the process's end. */
  answered: ((answer: FromReader | Error) => void) | null;
}

export class FileReader {
  readonly #listener: UserCodeListener;
  #running: Running | null = null;
  #requests = 0;
  readonly #ends = new Set<Promise<void>>();
  #closed = false;

  constructor(listener: UserCodeListener) {
    this.#listener = listener;
  }

  /** Reads the files of a job. An aborted signal ends the process. Throws Error when the process ends. */
  async read(request: Omit<ToReader, 'kind' | 'number'>, stop: AbortSignal): Promise<FromReader> {
    if (this.#closed || stop.aborted) throw new Error('the run has ended');
    this.#running ??= this.#start();
    const running = this.#running;
    const onAbort = () => this.#end(new Error('its process was ended'));
    stop.addEventListener('abort', onAbort);
    try {
      const answer = await new Promise<FromReader | Error>((resolve) => {
        running.answered = resolve;
        running.process.tell({ kind: 'read', number: ++this.#requests, ...request });
      });
      if (answer instanceof Error) throw answer;
      return answer;
    } finally {
      running.answered = null;
      stop.removeEventListener('abort', onAbort);
    }
  }

  /** Ends the process. Resolves when it has ended. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#end(new Error('the run has ended'));
    await Promise.all(this.#ends);
  }

  #start(): Running {
    const running: Running = {
      process: new UserProcess<ToReader, FromReader>(
        [process.execPath, program],
        wireOf<ToReader, FromReader>(),
        {
          output: this.#listener.output,
          problem: this.#listener.problem,
          message: (answer) => running.answered?.(answer),
          ended: (end) => {
            if (this.#running === running) this.#end(new Error(`its process ended (${describeEnd(end)})`));
          },
        },
      ),
      answered: null,
    };
    return running;
  }

  #end(reason: Error): void {
    const running = this.#running;
    if (running === null) return;
    this.#running = null;
    running.answered?.(reason);
    const end = running.process.close().finally(() => this.#ends.delete(end));
    this.#ends.add(end);
  }
}
