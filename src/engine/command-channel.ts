/**
 * The channel to one native engine. Commands carry a number; the engine's thread works them off in their order, wakes the
 * JavaScript thread, and the outbox that is then taken holds their answers with all that happened before.
 *
 * The channel keeps the process alive while an answer is outstanding, and itself from being collected while something may
 * still be delivered.
 */

import { EnsembleError, MemberError } from '../errors.js';
import { remedyFor } from '../text/system-error.js';
import type { Addon, NativeEngine, NativeLogOptions, NativeOutbox } from './addon.js';
import type { EnginePlan } from './plan/plan.js';

/** A part of the engine that reads outboxes. Both methods are called for every outbox. */
export interface OutboxReader {
  /** Called before the answers of the outbox are given. */
  deliver(outbox: NativeOutbox): void;
  /** Called after that. */
  delivered(outbox: NativeOutbox): void;
  /** The channel is closed, and delivers nothing more. */
  closed(): void;
}

/** Why something may be delivered without an outstanding answer: time passes, or a source is open. */
export type Activity = 'time' | 'source';

interface PendingAnswer {
  resolve(value: unknown): void;
  reject(error: EnsembleError): void;
}

/** Channels that may still deliver something. They must not be collected, even when no other reference is left. */
const active = new Set<CommandChannel>();

/**
 * Calls a listener. An error that it throws becomes an uncaught exception of the program, after all other
 * deliveries.
 */
export function notify(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

/** Converts an error of the addon to a class of this package. */
function refusal(cause: unknown): EnsembleError {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_MEMBER_UNAVAILABLE') {
    return new MemberError(message, { cause, code: 'ERR_MEMBER_UNAVAILABLE' });
  }
  const remedy = remedyFor(cause);
  const text = remedy === null ? message : `the engine's thread could not be started: ${remedy}`;
  return new EnsembleError('ERR_ENGINE', text, { cause });
}

export class CommandChannel {
  readonly #native: NativeEngine;
  readonly #readers: OutboxReader[] = [];
  readonly #pending = new Map<number, PendingAnswer>();
  readonly #activities = new Set<Activity>();
  #lastCommand = 0;
  #closed = false;

  /**
   * Starts the thread of a native engine. Throws EnsembleError `ERR_ENGINE` for an invalid plan.
   */
  constructor(plan: EnginePlan, addon: Addon, log: NativeLogOptions | null, restores: boolean) {
    // The addon holds this function for as long as the native engine lives. With a strong reference to `this` the two would
    // keep each other alive for ever.
    const self = new WeakRef(this);
    try {
      this.#native = new addon.Engine(
        plan,
        () => {
          const channel = self.deref();
          if (channel !== undefined) channel.#drain();
        },
        log,
        restores,
      );
    } catch (cause) {
      throw refusal(cause);
    }
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Adds a reader. Readers are called in the order in which they were added. */
  addReader(reader: OutboxReader): void {
    this.#readers.push(reader);
  }

  /**
   * Posts a command. Resolves with its answer, after everything that the engine did before has been delivered. Rejects with
   * EnsembleError: `ERR_CLOSED` when the channel is closed before the answer, `ERR_ENGINE` for invalid arguments, MemberError
   * when the source refuses.
   */
  command<T>(post: (native: NativeEngine, number: number) => void): Promise<T> {
    if (this.#closed) return Promise.reject(closedError());
    return new Promise<T>((resolve, reject) => {
      const number = ++this.#lastCommand;
      try {
        post(this.#native, number);
      } catch (cause) {
        throw refusal(cause);
      }
      if (this.#pending.size === 0) this.#native.hold(true);
      this.#pending.set(number, { resolve: resolve as (value: unknown) => void, reject });
      this.#updateActive();
    });
  }

  /** Calls the native engine without a command; returns undefined on a closed channel. */
  call<T>(of: (native: NativeEngine) => T): T | undefined {
    return this.#closed ? undefined : of(this.#native);
  }

  /** Sets whether something may be delivered for this reason. */
  setActive(activity: Activity, on: boolean): void {
    if (on) this.#activities.add(activity);
    else this.#activities.delete(activity);
    this.#updateActive();
  }

  /** Stops the thread. Rejects outstanding answers with `ERR_CLOSED`. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#native.close();
    for (const pending of this.#pending.values()) pending.reject(closedError());
    this.#pending.clear();
    for (const reader of this.#readers) reader.closed();
    this.#updateActive();
  }

  #updateActive(): void {
    const more = this.#pending.size > 0 || this.#activities.size > 0;
    if (more && !this.#closed) active.add(this);
    else active.delete(this);
  }

  #drain(): void {
    const outbox = this.call((native) => native.take());
    if (outbox === undefined) return;
    for (const reader of this.#readers) reader.deliver(outbox);
    for (const { number, value, failure } of outbox.answers) {
      const pending = this.#pending.get(number);
      this.#pending.delete(number);
      if (failure === null) pending?.resolve(value);
      else pending?.reject(new MemberError(`${failure.message} [${failure.code}]`));
    }
    for (const reader of this.#readers) reader.delivered(outbox);
    if (outbox.answers.length > 0 && this.#pending.size === 0) this.call((native) => native.hold(false));
    this.#updateActive();
  }
}

/** The error of every request to a closed engine. */
export function closedError(): EnsembleError {
  return new EnsembleError('ERR_CLOSED', 'the engine is closed');
}
