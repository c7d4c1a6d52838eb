/** Addresses of services. */

import { join } from 'node:path';
import { ServiceError } from '../errors.js';
import { runtimeFolder } from './private-files.js';

export type ServiceAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

/** The same as ensemble-python's. */
export const DEFAULT_PORT = 50_051;
const DEFAULT_HTTP_PORT = 8080;
const SOCKET_NAME = 'service.sock';
/** The longest path of a Unix socket, in bytes. */
const MAX_PATH = 107;

function unixAddress(path: string): ServiceAddress {
  if (Buffer.byteLength(path) > MAX_PATH) {
    throw new ServiceError(`the path of a socket may have ${MAX_PATH} bytes, this one is longer: ${path}`);
  }
  return { kind: 'unix', path };
}

/** The socket of this user's service on this host. */
export function defaultAddress(environment: NodeJS.ProcessEnv = process.env): ServiceAddress {
  return unixAddress(join(runtimeFolder(environment), SOCKET_NAME));
}

/** Reads `unix:/path`, `/path`, `host:port`, `[::1]:port`, `host`. Throws ServiceError. */
export function parseAddress(text: string): ServiceAddress {
  return readAddress(text, DEFAULT_PORT, 1);
}

/** Reads the address of an HTTP server: as `parseAddress`, also `port`; the port 0 stands for any. Throws ServiceError. */
export function parseHttpAddress(text: string): ServiceAddress {
  return readAddress(/^\d+$/.test(text) ? `localhost:${text}` : text, DEFAULT_HTTP_PORT, 0);
}

function readAddress(text: string, defaultPort: number, leastPort: number): ServiceAddress {
  const path = text.startsWith('unix:') ? text.slice('unix:'.length) : text;
  if (path.startsWith('/')) return unixAddress(path);
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3] ?? defaultPort);
  if (host === undefined || port < leastPort || port > 65_535) {
    throw new ServiceError(
      `'${text}' is not an address of a service; it must be unix:/path/of/socket, host:port or [::1]:port`,
    );
  }
  return { kind: 'tcp', host, port };
}

/** Formats an address as gRPC and people write it. */
export function formatAddress(address: ServiceAddress): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  const { host, port } = address;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Returns whether only this host can reach it. Names are not resolved. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
