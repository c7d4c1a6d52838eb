/** Failures that a test orders from the stand-in, and requests that it has seen. */

import type { ServerResponse } from 'node:http';

export type Verb = 'get' | 'list' | 'watch' | 'patch' | 'update' | 'create' | 'delete';

export interface SeenRequest {
  readonly verb: Verb;
  readonly name: string | null;
  /** Who asked: the name that belongs to the token. */
  readonly user: string;
  readonly contentType: string | undefined;
  readonly body: unknown;
}

export interface Failure {
  readonly verb: Verb;
  /** How often; once by default. */
  readonly times?: number;
  /** Runs before the request is looked at: for what others do at the same time. */
  readonly meanwhile?: () => void;
  /** An answer of this HTTP status instead of the real one. */
  readonly status?: number;
  /** For the answer: a number of seconds or a date. */
  readonly retryAfter?: string;
  /**
   * Instead of an answer: `hang` never answers, `drop` closes the connection; with `done` after the request was done.
   */
  readonly answer?: 'hang' | 'drop';
  readonly done?: boolean;
}

export class Failures {
  readonly #ordered: { failure: Failure; left: number }[] = [];
  readonly #hanging = new Set<ServerResponse>();

  order(failure: Failure): void {
    this.#ordered.push({ failure, left: failure.times ?? 1 });
  }

  /** The failure that is due for a request, if any; counts it. */
  take(verb: Verb): Failure | null {
    const entry = this.#ordered.find(({ failure, left }) => failure.verb === verb && left > 0);
    if (entry === undefined) return null;
    entry.left--;
    return entry.failure;
  }

  hang(response: ServerResponse): void {
    this.#hanging.add(response);
  }

  /** Lets go of those that were left hanging. */
  end(): void {
    for (const response of this.#hanging) response.destroy();
  }
}
