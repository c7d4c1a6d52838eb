/**
 * The messages for one target. They are sent one after another, and again after failures. Messages of one kind that
 * come soon after another are summed up.
 */

import { EnsembleError } from '../errors.js';
import type { Message, NotifiedRun, NotifyTarget } from '../model/notification.js';
import { counted } from '../text/counted.js';
import { escapeControls, quote } from '../text/describe.js';
import type { NotDelivered } from './attempt.js';
import { attempt } from './deliver.js';
import { type Envelope, envelopeOf } from './envelope.js';
import type { References } from './references.js';

/** Messages that wait at most. */
const MAX_WAITING = 100;
const MAX_ATTEMPTS = 5;
/** Seconds before the second attempt; it doubles with each attempt. */
const FIRST_DELAY = 1;
/** Seconds that a receiver may ask to wait. */
const MAX_WAIT = 300;

interface Item {
  readonly message: Message;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Later messages that this one stands for. */
  more: number;
  /** Is called with whether the message needs no other attempt by a process that resumes the run. */
  readonly settle: ((done: boolean) => void)[];
}

/** The time after a message in which others of its kind wait. */
interface Window {
  readonly timer: NodeJS.Timeout;
  held: Item | null;
}

export interface QueueOptions {
  readonly run: NotifiedRun;
  readonly references: References;
  /** Seconds before the second attempt; 1 by default. */
  readonly firstDelay?: number | undefined;
}

export class TargetQueue {
  readonly #target: NotifyTarget;
  readonly #options: QueueOptions;
  readonly #windows = new Map<string, Window>();
  readonly #waiting: Item[] = [];
  readonly #stop = new AbortController();
  #working: Promise<void> | null = null;
  /** Milliseconds since the epoch by which all is over; null before the end. */
  #deadline: number | null = null;
  #wake: () => void = () => {};
  #sent = 0;
  #lost = 0;
  #dropped = 0;
  #reason = '';

  constructor(target: NotifyTarget, options: QueueOptions) {
    this.#target = target;
    this.#options = options;
  }

  /**
   * Takes a message, and returns at once. `key` is the kind of messages that are summed up together, null for a message
   * that stands for itself. Resolves with false when the process ends before the message is delivered or given up.
   */
  post(message: Message, key: string | null): Promise<boolean> {
    return new Promise((settle) => {
      const item = { message, time: Date.now(), more: 0, settle: [settle] };
      if (this.#stop.signal.aborted) this.#lose(item, 'the run has ended', false);
      else if (key === null || this.#target.every === 0) this.#add(item);
      else this.#addOrHold(item, key);
    });
  }

  /** Sends what waits, until a time in milliseconds since the epoch. Resolves when nothing is left. */
  async close(deadline: number): Promise<void> {
    this.#deadline = deadline;
    for (const { timer, held } of this.#windows.values()) {
      clearTimeout(timer);
      if (held !== null) this.#add(held);
    }
    this.#windows.clear();
    this.#wake();
    const timer = setTimeout(() => this.abort(), Math.max(0, deadline - Date.now()));
    await this.#working;
    clearTimeout(timer);
    this.abort();
  }

  /** Gives up what is left. */
  abort(): void {
    this.#stop.abort();
    this.#wake();
    const held = [...this.#windows.values()];
    this.#windows.clear();
    for (const { timer } of held) clearTimeout(timer);
    const left = [...this.#waiting.splice(0), ...held.flatMap((window) => window.held ?? [])];
    for (const item of left) this.#lose(item, this.#reason || 'the run has ended', false);
  }

  /** The messages that were not delivered, in one problem; null without any. */
  get problem(): EnsembleError | null {
    if (this.#lost + this.#dropped === 0) return null;
    const all = this.#sent + this.#lost + this.#dropped;
    const dropped =
      this.#dropped === 0 ? '' : `; ${this.#dropped} of them were dropped, because ${MAX_WAITING} waited`;
    const message = `notify target ${quote(this.#target.name)}: ${this.#lost + this.#dropped} of ${counted(all, 'message')} not delivered: ${escapeControls(this.#reason)}${dropped}`;
    return new EnsembleError('ERR_NOTIFY', message);
  }

  #addOrHold(item: Item, key: string): void {
    const window = this.#windows.get(key);
    if (window === undefined) {
      this.#add(item);
      this.#open(key);
    } else if (window.held === null) {
      window.held = item;
    } else {
      window.held.more++;
      window.held.settle.push(...item.settle);
    }
  }

  #open(key: string): void {
    const timer = setTimeout(() => {
      const held = this.#windows.get(key)?.held ?? null;
      this.#windows.delete(key);
      if (held === null) return;
      this.#add(held);
      this.#open(key);
    }, this.#target.every * 1000);
    this.#windows.set(key, { timer, held: null });
  }

  #add(item: Item): void {
    if (this.#waiting.length >= MAX_WAITING) {
      this.#dropped += 1 + item.more;
      this.#reason ||= 'the messages came faster than the target took them';
      for (const settle of item.settle) settle(true);
      return;
    }
    this.#waiting.push(item);
    this.#working ??= this.#work();
  }

  async #work(): Promise<void> {
    for (let item = this.#waiting.shift(); item !== undefined; item = this.#waiting.shift()) {
      const { run } = this.#options;
      const result = await this.#deliver(envelopeOf(run, item.message, item.more, item.time));
      if (result !== null) {
        this.#lose(item, result.reason, result.final);
        continue;
      }
      this.#sent += 1 + item.more;
      for (const settle of item.settle) settle(true);
    }
    this.#working = null;
  }

  /** Null when the message was delivered. `final`: it would fail in another process too. */
  async #deliver(envelope: Envelope): Promise<{ reason: string; final: boolean } | null> {
    const { references, firstDelay = FIRST_DELAY } = this.#options;
    for (let count = 1; ; count++) {
      try {
        await attempt(this.#target, envelope, references, this.#stop.signal);
        return null;
      } catch (cause) {
        const { message, again, wait } = cause as NotDelivered;
        const reason = count === 1 ? message : `${message} (${count} attempts)`;
        if (this.#stop.signal.aborted) return { reason: `${reason}; the run has ended`, final: false };
        if (!again || count === MAX_ATTEMPTS) return { reason, final: true };
        const backoff = firstDelay * 2 ** (count - 1) * (0.5 + Math.random() / 2);
        const delay = 1000 * Math.min(wait ?? backoff, MAX_WAIT);
        if (!(await this.#pause(delay))) return { reason: `${reason}; the run has ended`, final: false };
      }
    }
  }

  /** Waits; resolves with false when the time after it would be too late. */
  async #pause(milliseconds: number): Promise<boolean> {
    const until = Date.now() + milliseconds;
    for (;;) {
      if (this.#stop.signal.aborted || (this.#deadline !== null && until > this.#deadline)) return false;
      const left = until - Date.now();
      if (left <= 0) return true;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  #lose(item: Item, reason: string, final: boolean): void {
    this.#lost += 1 + item.more;
    this.#reason = reason;
    for (const settle of item.settle) settle(final);
  }
}
