/** A message as it is sent: with the run, an id and a time, in the form of CloudEvents 1.0. */

import { randomUUID } from 'node:crypto';
import type { Message, NotifiedRun } from '../model/notification.js';

export interface Envelope {
  readonly run: NotifiedRun;
  readonly message: Message;
  /** The title and text with the number of messages that were summed up. */
  readonly title: string;
  readonly text: string;
  readonly event: CloudEvent;
}

export interface CloudEvent {
  readonly specversion: '1.0';
  /** The same in all attempts. */
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly data: Readonly<Record<string, unknown>>;
}

/** `more` is the number of later messages that this one stands for. `time` is in milliseconds since the epoch. */
export function envelopeOf(run: NotifiedRun, message: Message, more: number, time: number): Envelope {
  const { kind, title, details } = message;
  const text = more === 0 ? message.text : `${message.text}\n(and ${more} more)`;
  return {
    run,
    message,
    title,
    text,
    event: {
      specversion: '1.0',
      id: randomUUID(),
      source: `/flux-ensemble/${encodeURIComponent(run.host)}/${encodeURIComponent(run.id)}`,
      type: `flux-ensemble.run.${kind}`,
      subject: run.name,
      time: new Date(time).toISOString(),
      datacontenttype: 'application/json',
      data: { kind, title, text, more, run, ...details },
    },
  };
}
