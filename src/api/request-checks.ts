/**
 * Checks against other web sites in the caller's browser: a page can send requests here, under a name of its own that it
 * points to this host (DNS rebinding), or across origins (CSRF).
 */

import { isIP } from 'node:net';
import { ApiProblem } from './problem.js';

/** Whether requests may name this host, in lower case and without a port. */
export type HostPolicy = (name: string) => boolean;

/** Names that always mean the host of the browser itself. An SSH tunnel ends there, so a Unix socket needs no others. */
const loopbackNames: HostPolicy = (name) => name === 'localhost' || name.endsWith('.localhost');

/** A page under a name can't get at an address: the browser shows that address as the page's own origin. */
function isAddress(name: string): boolean {
  return isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0;
}

/** Splits `name:port`; null for an invalid text. */
function hostOf(text: string): string | null {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]{1,253})(?::\d{1,5})?$/i.exec(text);
  return match?.[1]?.toLowerCase().replace(/\.$/, '') ?? null;
}

/** Throws ApiProblem ERR_HOST for a request that names another host. */
export function checkHost(headers: Headers, isOwn: HostPolicy): void {
  const text = headers.get('host') ?? '';
  const name = hostOf(text);
  if (name !== null && (isAddress(name) || loopbackNames(name) || isOwn(name))) return;
  const shown =
    text === '' ? 'the header Host is missing' : `Host '${text.slice(0, 100)}' is not a name of this server`;
  throw new ApiProblem(
    'ERR_HOST',
    `${shown}; use localhost, its address, or a name that it was started with`,
  );
}

/** Throws ApiProblem ERR_FORBIDDEN for a request that a page of another site made. */
export function checkOrigin(headers: Headers): void {
  const site = headers.get('sec-fetch-site');
  const origin = headers.get('origin');
  const host = headers.get('host') ?? '';
  const isSame = origin === null || origin.replace(/^https?:\/\//i, '').toLowerCase() === host.toLowerCase();
  if (isSame && (site === null || site === 'same-origin' || site === 'none')) return;
  const from = origin === null ? 'a page of another site' : `the site '${origin.slice(0, 100)}'`;
  throw new ApiProblem('ERR_FORBIDDEN', `${from} may not send requests here`);
}

/** Throws ApiProblem ERR_MEDIA_TYPE for a body that a form of another site could send. */
export function checkJson(headers: Headers): void {
  const type = headers.get('content-type') ?? '';
  if (/^application\/json\s*(;\s*charset=utf-8\s*)?$/i.test(type)) return;
  throw new ApiProblem(
    'ERR_MEDIA_TYPE',
    `content-type must be application/json, not '${type.slice(0, 100)}'`,
  );
}
