/** Sends the messages of a run to its targets, beside the run, which never waits for one before its end. */

import { dirname } from 'node:path';
import { EnsembleError } from '../errors.js';
import type { Message, NotifiedRun, NotifyTarget } from '../model/notification.js';
import { quote } from '../text/describe.js';
import { attempt, checkReferences } from './deliver.js';
import { envelopeOf } from './envelope.js';
import { References } from './references.js';
import { TargetQueue } from './target-queue.js';

/** References of a file are relative to its folder. */
function referencesOf(file: string | null): References {
  return new References(file === null ? process.cwd() : dirname(file));
}

export interface NotifierOptions {
  readonly run: NotifiedRun;
  problem(error: EnsembleError): void;
  /** Seconds before the second attempt; 1 by default. */
  readonly firstDelay?: number;
}

export class Notifier {
  readonly #targets: readonly NotifyTarget[];
  readonly #options: NotifierOptions;
  readonly #references: References;
  readonly #queues: ReadonlyMap<string, TargetQueue>;

  constructor(targets: readonly NotifyTarget[], options: NotifierOptions) {
    const { run, firstDelay } = options;
    this.#targets = targets;
    this.#options = options;
    const references = referencesOf(run.file);
    this.#references = references;
    this.#queues = new Map(
      targets.map((target) => [target.name, new TargetQueue(target, { run, references, firstDelay })]),
    );
  }

  /** Reports the targets whose secrets are missing or not private. */
  check(): void {
    for (const target of this.#targets) {
      try {
        checkReferences(target, this.#references);
      } catch (error) {
        if (!(error instanceof EnsembleError)) throw error;
        const message = `notify target ${quote(target.name)}: ${error.message}`;
        this.#options.problem(new EnsembleError('ERR_NOTIFY', message, { cause: error }));
      }
    }
  }

  /** As `post` of TargetQueue. Resolves with true for an unknown target. */
  async post(target: string, message: Message, key: string | null): Promise<boolean> {
    return (await this.#queues.get(target)?.post(message, key)) ?? true;
  }

  /** Sends what is left, for some seconds at most, and reports what was not delivered. */
  async close(seconds: number): Promise<void> {
    const deadline = Date.now() + seconds * 1000;
    await Promise.all([...this.#queues.values()].map((queue) => queue.close(deadline)));
    for (const { problem } of this.#queues.values()) if (problem !== null) this.#options.problem(problem);
  }

  /** Gives up what is left. */
  abort(): void {
    for (const queue of this.#queues.values()) queue.abort();
  }
}

/** Sends a message in one attempt. Resolves with what the receiver said. Throws Error, whose message has no secret. */
export function sendOnce(target: NotifyTarget, run: NotifiedRun, message: Message): Promise<string> {
  const envelope = envelopeOf(run, message, 0, Date.now());
  return attempt(target, envelope, referencesOf(run.file), new AbortController().signal);
}
