/** One connection of a run: its messages update its entry, and actions are sent to it. */

import type { ServerDuplexStream } from '@grpc/grpc-js';
import { requireOperator } from '../admission.js';
import type { Audit } from '../audit.js';
import { Fault, faultOf } from '../fault.js';
import type { ServiceMessage as ServiceMessageInput } from '../generated/flux_ensemble/v1/ServiceMessage.js';
import { callerOf } from '../grpc-admission.js';
import { TokenBucket } from '../rate.js';
import { type StatusCode, status } from '../status-code.js';
import type { Entry, RunAction, RunOutcome, RunSession } from './entry.js';
import type { Hello, RunMessage__Output } from './proto.js';
import type { Registry } from './registry.js';

export type RunStream = ServerDuplexStream<RunMessage__Output, ServiceMessageInput>;

export interface SessionOptions {
  readonly registry: Registry;
  readonly audit: Audit;
  readonly log: (text: string) => void;
  /** Seconds between two updates; the service sends this number to runs. */
  readonly interval: number;
  /** Seconds for a run to perform an action. */
  readonly actionTimeout: number;
}

/** Limit of messages of one run, a second and at once. Further messages are read more slowly. */
const MESSAGES_PER_SECOND = 50;
const MESSAGES_AT_ONCE = 200;
/** Maximum concurrent actions of one run. */
const MAX_ACTIONS = 64;
const MAX_NAME = 256;

interface Waiting {
  resolve(outcome: RunOutcome): void;
  reject(fault: Fault): void;
}

export class Session implements RunSession {
  readonly #call: RunStream;
  readonly #options: SessionOptions;
  readonly #waiting = new Map<number, Waiting>();
  #lastAction = 0;
  #over = false;

  constructor(call: RunStream, options: SessionOptions) {
    this.#call = call;
    this.#options = options;
  }

  /** Follows the run until it ends or is lost. */
  async follow(): Promise<void> {
    const { registry, audit, log } = this.#options;
    const caller = callerOf(this.#call);
    const { who, peer } = caller;
    let entry: Entry | null = null;
    try {
      const bucket = new TokenBucket(MESSAGES_PER_SECOND, MESSAGES_AT_ONCE);
      // A stream that its iterator destroys can't send an answer.
      const messages = this.#call.iterator({ destroyOnReturn: false });
      for await (const message of messages as AsyncIterable<RunMessage__Output>) {
        const early = bucket.take();
        if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
        if (this.#over) return;
        if (entry === null) {
          requireOperator(caller);
          entry = registry.register(helloOf(message), who, this);
          const what = { ensemble: entry.hello.id };
          audit.action({ call: 'Register', who, peer, what, result: 'done', reason: '' });
          const { interval } = this.#options;
          this.#call.write({ welcome: { interval, patience: registry.patience } });
        } else {
          this.#take(entry, message);
        }
      }
      this.#finish();
    } catch (error) {
      // A broken connection is not reported: its run shows as lost.
      if (this.#over || this.#call.cancelled || this.#call.destroyed) return;
      const { code, message } = faultOf(error, log);
      this.#fail(code, message);
    } finally {
      this.#over = true;
      if (entry !== null) registry.leave(entry, this);
      this.#giveUp(new Fault(status.UNAVAILABLE, 'the run was lost before it reported the result'));
    }
  }

  act(action: RunAction): Promise<RunOutcome> {
    if (this.#over) throw new Fault(status.UNAVAILABLE, 'the run is not connected');
    if (this.#waiting.size >= MAX_ACTIONS) {
      throw new Fault(status.RESOURCE_EXHAUSTED, `the run has ${MAX_ACTIONS} actions in progress already`);
    }
    const number = ++this.#lastAction;
    const { value, ...rest } = action;
    return new Promise<RunOutcome>((resolve, reject) => {
      const seconds = this.#options.actionTimeout;
      const timer = setTimeout(() => {
        this.#waiting.delete(number);
        reject(new Fault(status.DEADLINE_EXCEEDED, `the run did not report the result within ${seconds} s`));
      }, seconds * 1000);
      const over = <T>(settle: (value: T) => void) => {
        return (value: T) => {
          clearTimeout(timer);
          settle(value);
        };
      };
      this.#waiting.set(number, { resolve: over(resolve), reject: over(reject) });
      this.#call.write({ action: { number, ...rest, ...(value === undefined ? {} : { value }) } });
    });
  }

  end(reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#fail(status.UNAVAILABLE, reason);
  }

  #take(entry: Entry, message: RunMessage__Output): void {
    const { registry } = this.#options;
    if (message.update) {
      entry.take(message.update);
      registry.touch(entry);
    } else if (message.result) {
      const { number, done, text, before = null, after = null } = message.result;
      const waiting = this.#waiting.get(number);
      this.#waiting.delete(number);
      if (done) waiting?.resolve({ text, before, after });
      else waiting?.reject(new Fault(status.ABORTED, text));
    } else if (message.goodbye) {
      entry.end = message.goodbye;
      entry.version++;
      registry.touch(entry);
    } else {
      throw new Fault(status.INVALID_ARGUMENT, 'a message without known content');
    }
  }

  #giveUp(fault: Fault): void {
    for (const waiting of this.#waiting.values()) waiting.reject(fault);
    this.#waiting.clear();
  }

  #finish(): void {
    if (!this.#call.cancelled) this.#call.end();
  }

  #fail(code: StatusCode, details: string): void {
    this.#call.emit('error', { code, details });
  }
}

/** Throws Fault when the first message is not a hello. */
function helloOf({ hello }: RunMessage__Output): Hello {
  if (!hello) throw new Fault(status.INVALID_ARGUMENT, 'the first message of a run must be its hello');
  for (const [key, value] of Object.entries(hello)) {
    if (typeof value === 'string' && value.length > (key === 'file' ? 4096 : MAX_NAME)) {
      throw new Fault(status.INVALID_ARGUMENT, `hello.${key} is longer than ${MAX_NAME} characters`);
    }
  }
  if (hello.id === '' || hello.name === '') {
    throw new Fault(status.INVALID_ARGUMENT, 'a run needs an id and a name');
  }
  return hello;
}
