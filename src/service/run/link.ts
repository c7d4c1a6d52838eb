/**
 * Connects a run to a service: sends its state, and receives actions. The run does not depend on the service. While
 * the service is unreachable, the run goes on; the link keeps the latest state and a bounded number of firings.
 */

import { hostname, userInfo } from 'node:os';
import { EnsembleError, ServiceError } from '../../errors.js';
import { formatAddress } from '../address.js';
import { type ConnectOptions, connection, unreachable } from '../connect.js';
import type { FiringMessage, Goodbye, Hello, ProblemMessage } from '../ensembles/proto.js';
import { settledWithin } from '../settled-within.js';
import { WaitingItems } from './changes.js';
import type { LinkedRun } from './linked-run.js';
import { RunStream } from './stream.js';
import { firingMessage, problemMessage } from './wire.js';

export interface LinkOptions extends ConnectOptions {
  /** The name of the run. */
  readonly name: string;
  /** The ensemble's file, absolute; null for none. */
  readonly file: string | null;
  /** When the run began, in seconds since the epoch; now by default. */
  readonly started?: number;
  /** The version of this package. */
  readonly version: string;
  /** Receives reports that the service was lost, or is connected again. */
  readonly log: (text: string) => void;
}

/** Milliseconds before the next connection to a lost service, doubled each time up to the maximum. */
const FIRST_BACKOFF = 250;
const MAX_BACKOFF = 15_000;
/** Milliseconds for the final messages. */
const LAST_WORDS = 2000;

function helloOf(run: LinkedRun, { name, file, version, started = Date.now() / 1000 }: LinkOptions): Hello {
  return {
    id: run.id,
    name,
    host: hostname(),
    user: userInfo().username,
    pid: process.pid,
    file: file ?? '',
    member: run.memberName,
    started,
    version,
  };
}

export class ServiceLink {
  readonly #run: LinkedRun;
  readonly #options: LinkOptions;
  readonly #hello: Hello;
  readonly #sources: AsyncIterableIterator<unknown>[] = [];
  readonly #firings = new WaitingItems<FiringMessage>();
  readonly #problems = new WaitingItems<ProblemMessage>();
  readonly #following: Promise<void>;
  #stream: RunStream | null = null;
  #goodbye: Goodbye | null = null;
  #wake: (() => void) | null = null;
  #reported = '';
  #logFailed = false;

  /**
   * Connects in the background, and retries until the service is available. Throws ServiceError for invalid
   * options, for example `ERR_INSECURE`.
   */
  constructor(run: LinkedRun, options: LinkOptions) {
    this.#run = run;
    this.#options = options;
    this.#hello = helloOf(run, options);
    try {
      connection(options);
    } catch (error) {
      if (!(error instanceof ServiceError && error.code === 'ERR_SERVICE_UNREACHABLE')) throw error;
    }
    void this.#gather(run.firings(), (firing) => this.#firings.add(firingMessage(firing)));
    const problems = run.problems?.();
    if (problems !== undefined) {
      void this.#gather(problems, (problem) => this.#problems.add(problemMessage(problem)));
    }
    this.#following = this.#follow();
  }

  /** Sends the end of the run and closes the connection. A lost service is tried once more. Idempotent. */
  async close(goodbye: Goodbye): Promise<void> {
    if (this.#goodbye !== null) return;
    this.#goodbye = goodbye;
    this.#stream?.finish(goodbye);
    this.#wake?.();
    if (!(await settledWithin(this.#following, LAST_WORDS))) this.#stream?.cancel();
    for (const source of this.#sources) void source.return?.();
  }

  async #gather<Item>(source: AsyncIterableIterator<Item>, add: (item: Item) => void): Promise<void> {
    this.#sources.push(source);
    for await (const item of source) add(item);
  }

  /** Reports a text. An exception of the log must not end the run. */
  #log(text: string): void {
    try {
      this.#options.log(text);
    } catch (error) {
      if (!this.#logFailed) process.emitWarning(`the log of a service link failed: ${error}`);
      this.#logFailed = true;
    }
  }

  async #follow(): Promise<void> {
    for (let failures = 0; ; failures++) {
      const last = this.#goodbye !== null;
      const lost = await this.#connectOnce();
      if (lost === null) return;
      if (last) return;
      if (lost.welcomed) failures = 0;
      if (this.#goodbye === null) this.#report(lost.reason);
      if (this.#goodbye === null) await this.#wait(Math.min(MAX_BACKOFF, FIRST_BACKOFF * 2 ** failures));
    }
  }

  /** Handles one connection from start to end. Resolves with the reason of its end, or null after the goodbye. */
  async #connectOnce(): Promise<{ reason: string; welcomed: boolean } | null> {
    let stream: RunStream;
    try {
      const { address } = this.#options;
      stream = new RunStream(
        connection(this.#options),
        this.#hello,
        this.#run,
        { firings: this.#firings, problems: this.#problems },
        (error) => unreachable(address, error),
      );
    } catch (error) {
      return { reason: error instanceof EnsembleError ? error.message : String(error), welcomed: false };
    }
    this.#stream = stream;
    stream.onWelcome = () => {
      if (this.#reported !== '') this.#log(`the service at ${this.#address} is back`);
      this.#reported = '';
    };
    if (this.#goodbye !== null) stream.finish(this.#goodbye);
    const reason = await stream.ended;
    this.#stream = null;
    return reason === null ? null : { reason, welcomed: stream.welcomed };
  }

  get #address(): string {
    return formatAddress(this.#options.address);
  }

  /** Reports each reason once, and none after the end. */
  #report(reason: string): void {
    if (this.#reported === reason) return;
    this.#reported = reason;
    this.#log(`the service at ${this.#address} is unavailable: ${reason}; the run continues without it`);
  }

  /** A random part keeps many runs from reconnecting at the same time. */
  async #wait(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds * (0.5 + Math.random() / 2));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
  }
}
