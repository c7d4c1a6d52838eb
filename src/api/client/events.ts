/** Follows the changes of an ensemble, and connects again after a loss. It uses `fetch`, because EventSource can't send a token. */

import { ApiError, type Client, pathOf } from './client.js';
import { EventParser, type ServerEvent } from './event-parser.js';

export type ConnectionState = 'connecting' | 'live' | 'lost' | 'ended' | 'refused';

export interface FollowOptions {
  event(event: ServerEvent): void;
  /** `retryAt`: when the next attempt is made, in milliseconds since the epoch. */
  state(state: ConnectionState, detail: string | null, retryAt: number | null): void;
}

/** Milliseconds without a byte after which a connection is lost. The server sends something every 15 s. */
const SILENCE = 40_000;
const FIRST_DELAY = 1000;
const LONGEST_DELAY = 15_000;

/** The delay before an attempt, in milliseconds, without chance. */
export function backoff(attempt: number): number {
  return Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** attempt);
}

/** Follows an ensemble until the signal is aborted, the run has ended, or the server refuses. */
export async function followEvents(
  client: Client,
  ensemble: string,
  signal: AbortSignal,
  { event, state }: FollowOptions,
): Promise<void> {
  let lastId: string | null = null;
  let attempt = 0;
  state('connecting', null, null);
  while (!signal.aborted) {
    let reason = 'the connection was cut';
    try {
      const ended = await readOnce(client, ensemble, signal, lastId, {
        opened: () => {
          attempt = 0;
          state('live', null, null);
        },
        take: (each) => {
          lastId = each.id ?? lastId;
          event(each);
        },
      });
      if (ended) {
        state('ended', null, null);
        return;
      }
    } catch (error) {
      if (signal.aborted) return;
      reason = error instanceof Error ? error.message : String(error);
      if (error instanceof ApiError && [401, 403, 404, 421].includes(error.status)) {
        state('refused', reason, null);
        return;
      }
    }
    if (signal.aborted) return;
    const delay = backoff(attempt++) * (0.75 + Math.random() / 2);
    state('lost', reason, Date.now() + delay);
    await sleep(delay, signal);
  }
}

/** Reads one connection. Returns true after the end of the run. */
async function readOnce(
  client: Client,
  ensemble: string,
  signal: AbortSignal,
  lastId: string | null,
  { opened, take }: { opened(): void; take(event: ServerEvent): void },
): Promise<boolean> {
  const headers: Record<string, string> = lastId === null ? {} : { 'last-event-id': lastId };
  const silent = new AbortController();
  let timer = setTimeout(() => silent.abort(new Error('the server is silent')), SILENCE);
  try {
    const response = await client.send(pathOf(ensemble, 'events'), {
      headers,
      signal: AbortSignal.any([signal, silent.signal]),
    });
    if (response.status === 204 || response.body === null) return true;
    opened();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    const parser = new EventParser();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return false;
      clearTimeout(timer);
      timer = setTimeout(() => silent.abort(new Error('the server is silent')), SILENCE);
      for (const event of parser.push(value)) {
        take(event);
        if (event.event === 'end') return true;
      }
    }
  } finally {
    clearTimeout(timer);
  }
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done);
  });
}
