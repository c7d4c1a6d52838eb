/** Changes as server-sent events. */

import { readEvents } from '../changes/reader.js';
import { route } from '../route.js';
import { eventsQuery, PARTS } from '../schemas/change.js';
import { ensemblePath } from '../schemas/common.js';
import { presentEnsemble } from './shared.js';

const HEADERS = { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' };

export const events = [
  route({
    method: 'get',
    url: '/ensembles/{ensemble}/events',
    operation: 'watchEnsemble',
    summary:
      'Server-sent events until the end of the run: `state` (a State, the first event), `change` (a Change), `firing` ' +
      '(a Firing), `problem` (a Problem), `end` (the Ensemble). With the header Last-Event-ID, the stream goes on after ' +
      'that event; the first event is a `state` only where that is not possible.',
    path: ensemblePath,
    query: eventsQuery,
    answer: null,
    types: ['text/event-stream'],
    handle: async (
      { path, query: { parts = PARTS }, headers, isHead, keepChecking, disconnect },
      services,
    ) => {
      const ensemble = await presentEnsemble(services.source, path);
      const id = headers.get('last-event-id');
      const position = id === null ? null : ensemble.feed.positionOf(id);
      // An EventSource does not connect again after this status.
      if (position !== null && ensemble.feed.ended && ensemble.feed.since(position, new Set(PARTS)) === null)
        return new Response(null, { status: 204 });
      if (isHead) return new Response(null, { headers: HEADERS });
      const stream = services.streams.open();
      const stopChecking = keepChecking(() => stream.abort());
      const body = readEvents({
        ensemble,
        position,
        parts: new Set(parts),
        signal: stream.signal,
        closed: () => {
          stream.closed();
          stopChecking();
        },
        stalled: disconnect,
      });
      return new Response(body, { headers: HEADERS });
    },
  }),
];
