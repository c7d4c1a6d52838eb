/** Webhooks, and the forms of them that Slack, Microsoft Teams and ntfy take. */

import type { Channel } from '../model/notification.js';
import { NotDelivered, type Send } from './attempt.js';
import type { Envelope } from './envelope.js';
import { encodedWord } from './mail.js';
import { proxiedFetch } from './proxied-fetch.js';

type HttpChannel = Extract<Channel, { url: string }>;

interface Request {
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const escapeSlack = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const textBlock = (text: string, more = {}) => ({ type: 'TextBlock', text, wrap: true, ...more });

const forms: Readonly<Record<HttpChannel['kind'], (envelope: Envelope) => Request>> = {
  webhook: ({ event }) => ({
    type: 'application/cloudevents+json; charset=utf-8',
    body: JSON.stringify(event),
  }),
  slack: ({ title, text }) => ({
    type: 'application/json',
    body: JSON.stringify({ text: `*${escapeSlack(title)}*\n${escapeSlack(text)}` }),
  }),
  teams: ({ title, text }) => ({
    type: 'application/json',
    body: JSON.stringify({
      type: 'message',
      attachments: [
        {
          contentType: 'application/vnd.microsoft.card.adaptive',
          content: {
            $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
            type: 'AdaptiveCard',
            version: '1.4',
            body: [textBlock(title, { weight: 'Bolder' }), textBlock(text)],
          },
        },
      ],
    }),
  }),
  ntfy: ({ title, text }) => ({
    type: 'text/plain; charset=utf-8',
    body: text,
    headers: { title: encodedWord(title) },
  }),
};

/** Statuses after which another attempt may succeed: a timeout, a request that came too early, and a limit of the rate. */
const LATER = [408, 425, 429];

/** Whether a text is the URL of a web server. */
export function isWebUrl(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);
}

/** Seconds of a header Retry-After, which has a number or a date; null without a valid one. */
export function retryAfter(value: string | null, now: number): number | null {
  if (value === null) return null;
  if (/^\s*\d+\s*$/.test(value)) return Number(value);
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, (date - now) / 1000);
}

function reasonOf(cause: unknown): string {
  const { cause: inner = cause } = cause as { cause?: unknown };
  const { code, message } = inner as NodeJS.ErrnoException;
  if (!code) return message ?? String(inner);
  return message?.includes(code) || !message ? message || code : `${message} (${code})`;
}

export const sendHttp: Send<HttpChannel> = async ({ kind, url, token }, envelope, references, signal) => {
  const address = references.resolve(url);
  if (!isWebUrl(address)) throw new NotDelivered('its URL is not one of http or https', false);
  const { username, password, ...parts } = credentialsOf(address);
  const { type, body, headers } = forms[kind](envelope);
  const authorization =
    token !== null
      ? `Bearer ${references.resolve(token)}`
      : username + password === ''
        ? null
        : `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  let response: Response;
  try {
    response = await proxiedFetch(parts.url, {
      method: 'POST',
      headers: {
        'content-type': type,
        'user-agent': 'flux-ensemble',
        ...headers,
        ...(authorization === null ? {} : { authorization }),
      },
      body,
      // Another address would get the token.
      redirect: 'manual',
      signal,
    });
    await response.body?.cancel();
  } catch (cause) {
    if (cause instanceof NotDelivered) throw cause;
    throw new NotDelivered(reasonOf(cause), true);
  }
  const { status, ok } = response;
  if (ok) return `HTTP status ${status}`;
  if (status >= 300 && status < 400) {
    throw new NotDelivered(`HTTP status ${status}: it redirects to another address`, false);
  }
  const again = status >= 500 || LATER.includes(status);
  throw new NotDelivered(
    `HTTP status ${status}`,
    again,
    retryAfter(response.headers.get('retry-after'), Date.now()),
  );
};

/** The URL without its user and password, which fetch refuses. */
function credentialsOf(address: string): { url: URL; username: string; password: string } {
  const url = new URL(address);
  const [username, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  url.username = '';
  url.password = '';
  return { url, username, password };
}
