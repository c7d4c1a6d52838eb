/** `fetch` for addresses that the one of Node does not know: Unix sockets, and servers with certificates of their own. */

import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { Readable } from 'node:stream';
import type { Fetcher } from '../api/client/client.js';
import type { ClientTls } from '../service/client-access.js';

export type HttpTarget =
  | { readonly socketPath: string }
  | { readonly host: string; readonly port: number; readonly tls: ClientTls | null };

/** Answers with these statuses have no body. */
const WITHOUT_BODY: readonly (number | undefined)[] = [204, 304];

function responseOf(answer: IncomingMessage): Response {
  const headers = new Headers();
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined) headers.set(name, String(value));
  }
  const { statusCode: status = 500 } = answer;
  if (WITHOUT_BODY.includes(status)) {
    answer.resume();
    return new Response(null, { status, headers });
  }
  return new Response(Readable.toWeb(answer) as ReadableStream<Uint8Array>, { status, headers });
}

/** Node names the host of TCP itself. */
const hostOf = (target: HttpTarget) => ('socketPath' in target ? { host: 'localhost' } : {});

/** Sends requests to a target, which is asked for at each request: a run that is resumed may have another socket. */
export function fetcherFor(target: () => HttpTarget): Fetcher {
  return async (url, { method = 'GET', headers, body, signal } = {}) => {
    const to = target();
    const secure = 'tls' in to && to.tls !== null ? to.tls : null;
    const send = secure === null ? request : (await import('node:https')).request;
    const { pathname, search } = new URL(url);
    return new Promise<Response>((resolve, reject) => {
      const sent: ClientRequest = send(
        {
          ...('socketPath' in to ? { socketPath: to.socketPath } : { host: to.host, port: to.port }),
          ...(secure === null
            ? {}
            : { ca: secure.ca ?? undefined, cert: secure.cert ?? undefined, key: secure.key ?? undefined }),
          method,
          path: `${pathname}${search}`,
          headers: { ...hostOf(to), ...Object.fromEntries(new Headers(headers)) },
          ...(signal == null ? {} : { signal }),
        },
        (answer) => resolve(responseOf(answer)),
      );
      sent.on('error', reject);
      sent.end(typeof body === 'string' ? body : undefined);
    });
  };
}
