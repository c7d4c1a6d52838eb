/** One attempt to deliver a message. */

import type { Channel } from '../model/notification.js';
import type { Envelope } from './envelope.js';
import type { References } from './references.js';

/** A failed attempt. */
export class NotDelivered extends Error {
  /** Whether a later attempt may succeed. */
  readonly again: boolean;
  /** Seconds that the receiver asks to wait before the next attempt; null without such a wish. */
  readonly wait: number | null;

  constructor(message: string, again: boolean, wait: number | null = null) {
    super(message);
    this.again = again;
    this.wait = wait;
  }
}

/** Sends messages by one kind of channel. Resolves with what the receiver said. Throws NotDelivered. */
export type Send<C extends Channel = Channel> = (
  channel: C,
  envelope: Envelope,
  references: References,
  signal: AbortSignal,
) => Promise<string>;
