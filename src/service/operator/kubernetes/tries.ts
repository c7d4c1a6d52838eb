/** Retries of calls to Kubernetes for one request, and the refusal after the last failure. */

import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal } from '../refusal.js';
import { ApiFailure } from './minicluster-api.js';
import type { ResizePlan } from './resize-plan.js';

export interface TriesOptions {
  readonly namespace: string;
  /** Aborted when the caller no longer waits. */
  readonly signal: AbortSignal;
  /** Milliseconds for all tries together. */
  readonly patience: number;
  /** Milliseconds before the second try, doubled for each one after it. */
  readonly backoff: number;
}

/** The last try begins when at least this part of the time is left. A change that the end cuts off stays in doubt. */
const LAST_TRY = 0.1;

export class Tries {
  readonly namespace: string;
  /** Aborted when the time is over. */
  readonly signal: AbortSignal;
  /** No try begins after it. */
  readonly #end: number;
  #backoff: number;
  #doubt: ResizePlan | null = null;

  constructor({ namespace, signal, patience, backoff }: TriesOptions) {
    this.namespace = namespace;
    this.signal = AbortSignal.any([signal, AbortSignal.timeout(patience)]);
    this.#end = performance.now() + patience * (1 - LAST_TRY);
    this.#backoff = backoff;
  }

  /** A change that was sent, and whose outcome is unknown. */
  get doubt(): ResizePlan | null {
    return this.#doubt;
  }

  /**
   * Repeats a call without side effects until it succeeds. Throws Refusal when it fails finally, or at the end of
   * the time.
   */
  async until<Result>(perform: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    while (true) {
      try {
        return await perform(this.signal);
      } catch (error) {
        await this.failed(error, null);
      }
    }
  }

  /**
   * Handles a failed call: waits before the next try, or throws a Refusal with the reason. `plan` is the change
   * that the call requested.
   */
  async failed(error: unknown, plan: ResizePlan | null): Promise<void> {
    if (!(error instanceof ApiFailure)) throw error;
    // The change stays in doubt until a read shows it. If it arrives late, the version of the object keeps it from
    // overwriting others.
    if (error.kind === 'unclear' && plan !== null) this.#doubt = plan;
    if (error.kind === 'final') throw this.#refusal(error);
    // Random delays keep callers that failed together from retrying together.
    const pause = Math.max((error.retryAfter ?? 0) * 1000, this.#backoff * (0.5 + Math.random()));
    this.#backoff *= 2;
    if (performance.now() + pause > this.#end) throw this.#refusal(error);
    try {
      await sleep(pause, undefined, { signal: this.signal, ref: false });
    } catch {
      throw this.#refusal(error);
    }
  }

  #refusal(error: ApiFailure): Refusal {
    const options = { cause: error };
    if (this.#doubt !== null) {
      const { before, after } = this.#doubt;
      return new Refusal(
        'unclear',
        `Kubernetes did not answer to the change from ${before} to ${after} (${error.message}): it may have been done; ` +
          'ask for the status before trying again',
        options,
      );
    }
    return refusalOf(error, this.namespace);
  }
}

/** The refusal for a failure of the API. */
function refusalOf(error: ApiFailure, namespace: string): Refusal {
  const { status, message, retryAfter } = error;
  const refusal = (...[code, reason]: [ConstructorParameters<typeof Refusal>[0], string]) =>
    new Refusal(code, reason, { cause: error });
  switch (status) {
    case 401:
      return refusal('forbidden', `Kubernetes does not accept the service's credentials: ${message}`);
    case 403:
      return refusal(
        'forbidden',
        `Kubernetes forbids it (${message}); the service's account needs get, list and patch on ` +
          `miniclusters.flux-framework.org in namespace '${namespace}'`,
      );
    case 404:
      return refusal(
        'not_found',
        `namespace '${namespace}' has no MiniClusters: is the Flux operator installed? (${message})`,
      );
    case 409:
      return refusal('conflict', `others kept changing the MiniCluster at the same time (${message})`);
    case 429: {
      const wait = retryAfter === null ? '' : `, and asks to wait for ${Math.ceil(retryAfter)} s`;
      return refusal('busy', `Kubernetes is overloaded${wait} (${message})`);
    }
    case 400:
    case 422:
      return refusal('bad_request', `Kubernetes refuses the new size: ${message}`);
    case null:
      return refusal('unavailable', `Kubernetes can't be reached: ${message}`);
    default:
      return refusal('unavailable', `Kubernetes answered with status ${status}: ${message}`);
  }
}
