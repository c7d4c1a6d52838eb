/** Requests over HTTP, as a user's program makes them: over a Unix socket or TCP. */

import { type IncomingMessage, request } from 'node:http';

export type Target = { readonly socketPath: string } | { readonly port: number };

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: the JSON of any resource
  readonly json: any;
}

export interface HttpRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** The beginning of the path; `/api/v1` by default. */
  readonly base?: string;
}

/** Sends a request, and resolves with the beginning of its answer. */
export function send(
  target: Target,
  path: string,
  { method, headers = {}, body, base = '/api/v1' }: HttpRequest = {},
) {
  return new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request(
      {
        ...{ host: 'localhost', path: `${base}${path}`, agent: false, ...target },
        method: method ?? (body === undefined ? 'GET' : 'POST'),
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      },
      resolve,
    );
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
  });
}

/** Sends a request, and resolves with the whole answer. */
export async function http(target: Target, path: string, options: HttpRequest = {}): Promise<HttpAnswer> {
  const answer = await send(target, path, options);
  let text = '';
  for await (const chunk of answer.setEncoding('utf8')) text += chunk;
  const isJson = /json/.test(answer.headers['content-type'] ?? '');
  return {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    text,
    json: isJson ? JSON.parse(text) : null,
  };
}
