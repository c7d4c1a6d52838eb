/** The dashboard's reader of server-sent events, without a browser. */

import { describe, expect, test, vi } from 'vitest';
import { Client, withQuery } from '../../../src/api/client/client.js';
import { EventParser } from '../../../src/api/client/event-parser.js';
import { backoff, followEvents } from '../../../src/api/client/events.js';
import { Session } from '../../../web/api/session.js';

const session = () => {
  const made = new Session({ getItem: () => 'secret', setItem: () => {}, removeItem: () => {} });
  return made;
};

describe('the parser', () => {
  test('reads events whose bytes come in any pieces', () => {
    const text =
      'retry: 2000\n\nevent: state\nid: a.1\ndata: {"x":1}\n\n: alive\n\nevent: change\r\ndata: one\r\ndata:two\r\n\r\n';
    const expected = [
      { event: 'state', id: 'a.1', data: '{"x":1}' },
      { event: 'change', id: null, data: 'one\ntwo' },
    ];
    for (const size of [1, 2, 7, text.length]) {
      const parser = new EventParser();
      const found = [];
      for (let at = 0; at < text.length; at += size) found.push(...parser.push(text.slice(at, at + size)));
      expect(found).toEqual(expected);
    }
  });
});

describe('a reader', () => {
  test('goes on after its last event with its token, until the end', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    const asked: (readonly [string | null, string | null])[] = [];
    const answers = [
      () => new Response('event: state\nid: a.7\ndata: {}\n\n'),
      () => {
        throw new TypeError('refused');
      },
      () => new Response('event: end\ndata: {}\n\n'),
    ];
    const client = new Client('http://localhost/api/v1/', session(), async (_url, options) => {
      const headers = new Headers(options?.headers);
      asked.push([headers.get('authorization'), headers.get('last-event-id')]);
      return (answers.shift() as () => Response)();
    });
    const states: string[] = [];
    const events: string[] = [];
    const followed = followEvents(client, 'e', new AbortController().signal, {
      event: ({ event }) => events.push(event),
      state: (state) => states.push(state),
    });
    await vi.waitFor(async () => {
      await vi.advanceTimersByTimeAsync(2000);
      expect(states.at(-1)).toBe('ended');
    });
    await followed;
    vi.useRealTimers();
    expect(events).toEqual(['state', 'end']);
    expect(states).toEqual(['connecting', 'live', 'lost', 'lost', 'live', 'ended']);
    expect(asked).toEqual([
      ['Bearer secret', null],
      ['Bearer secret', 'a.7'],
      ['Bearer secret', 'a.7'],
    ]);
  });

  test('does not connect again to an unknown run', async () => {
    const answer = { code: 'ERR_NOT_FOUND', detail: 'unknown run' };
    const client = new Client('http://localhost/', session(), async () =>
      Response.json(answer, { status: 404 }),
    );
    const states: (string | null)[] = [];
    await followEvents(client, 'e', new AbortController().signal, {
      event: () => {},
      state: (state, detail) => states.push(state, detail),
    });
    expect(states).toEqual(['connecting', null, 'refused', 'unknown run']);
  });

  test('waits longer after each loss, at most 15 s', () => {
    expect([0, 1, 2, 3, 4, 50].map(backoff)).toEqual([1000, 2000, 4000, 8000, 15_000, 15_000]);
  });
});

test('a query leaves empty values out', () => {
  expect(withQuery('jobs', { where: 'T > 1', group: '', cursor: null, limit: 5 })).toBe(
    'jobs?where=T+%3E+1&limit=5',
  );
  expect(withQuery('jobs', {})).toBe('jobs');
});
