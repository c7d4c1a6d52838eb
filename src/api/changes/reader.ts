/** The stream of one reader of events. */

import type { Part } from '../schemas/change.js';
import type { SourcedEnsemble } from '../sources/source.js';
import { eventText, type Position } from './feed.js';

/** Milliseconds without a message after which a comment shows that the connection lives. */
const HEARTBEAT = 15_000;
/** Milliseconds until a reader must take a message. */
const MAX_WAIT = 60_000;

const encoder = new TextEncoder();
const heartbeat = encoder.encode(': alive\n\n');
/** Milliseconds until a reader connects again. */
const greeting = encoder.encode('retry: 2000\n\n');

export interface EventReaderOptions {
  readonly ensemble: SourcedEnsemble;
  readonly parts: ReadonlySet<Part>;
  /** Where the reader goes on; null for one that needs the full state. */
  readonly position: Position | null;
  /** Aborted when the stream must end at once. */
  readonly signal: AbortSignal;
  /** The stream is over. */
  closed(): void;
  /** Nothing was read for a minute. */
  stalled(): void;
}

/**
 * Returns the events of an ensemble whose state is up to date. A message is made when the reader takes it, from the state of that moment. Ends with the run, or
 * with the signal.
 */
export function readEvents(options: EventReaderOptions): ReadableStream<Uint8Array> {
  const { ensemble, parts, signal, closed, stalled } = options;
  const { feed } = ensemble;
  const release = ensemble.watch();
  const stop = new AbortController();
  let { position } = options;
  let greeted = false;
  let last = false;
  let stall: NodeJS.Timeout | undefined;
  const finish = () => {
    if (stop.signal.aborted) return;
    clearTimeout(stall);
    stop.abort();
    signal.removeEventListener('abort', finish);
    release();
    closed();
  };
  signal.addEventListener('abort', finish);

  /** The next message; null at the end. */
  const next = async (): Promise<Uint8Array | null> => {
    for (;;) {
      if (last || stop.signal.aborted) return null;
      const message = position === null ? feed.state(parts) : feed.since(position, parts);
      if (message !== null) {
        position = message.position;
        return message.bytes;
      }
      if (feed.ended) {
        last = true;
        return encoder.encode(eventText('end', null, JSON.stringify(feed.ensemble)));
      }
      if (!(await changedWithin(HEARTBEAT))) return heartbeat;
    }
  };

  /** False when nothing has changed for some milliseconds. */
  const changedWithin = async (milliseconds: number): Promise<boolean> => {
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), milliseconds);
    const abort = () => patience.abort();
    stop.signal.addEventListener('abort', abort);
    await feed.changed(patience.signal);
    clearTimeout(timer);
    stop.signal.removeEventListener('abort', abort);
    return !patience.signal.aborted || stop.signal.aborted;
  };

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        clearTimeout(stall);
        const message = greeted ? await next() : greeting;
        greeted = true;
        if (message === null) {
          controller.close();
          finish();
          return;
        }
        controller.enqueue(message);
        stall = setTimeout(() => {
          finish();
          stalled();
        }, MAX_WAIT);
        stall.unref();
      },
      cancel: finish,
    },
    { highWaterMark: 0 },
  );
}
