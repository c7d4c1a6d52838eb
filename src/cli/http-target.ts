/** The HTTP API of a service or of a run elsewhere, as the options of a command name it. */

import { ApiError, Client, type Credentials, type Fetcher } from '../api/client/client.js';
import { EnsembleError, ServiceError } from '../errors.js';
import { isLoopback } from '../service/address.js';
import { type ClientTls, checkSocket, readClientTls, withoutTls } from '../service/client-access.js';
import { readTokens } from '../service/tokens.js';
import { httpAddress } from './http.js';
import { fetcherFor, type HttpTarget } from './http-fetch.js';
import type { ServiceOptions } from './service-options.js';

/** The options of the connection, and the address: true for the socket of this user's service. */
export interface TargetOptions extends Omit<ServiceOptions, 'service'> {
  readonly http: string | true;
}

function tlsOf({ tls, tlsCa, tlsCert, tlsKey }: TargetOptions): ClientTls | null {
  if (!tls && [tlsCa, tlsCert, tlsKey].every((file) => file === undefined)) return null;
  return readClientTls({ ca: tlsCa ?? null, cert: tlsCert ?? null, key: tlsKey ?? null });
}

/** A Unix socket that only this user, or root, can have opened. Throws ServiceError. */
function privateSocket(path: string): HttpTarget {
  try {
    checkSocket(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    throw new ServiceError(`no server listens on ${path}`, { cause, code: 'ERR_SERVICE_UNREACHABLE' });
  }
  return { socketPath: path };
}

/** Throws ServiceError for an invalid address, and for unsafe options without `--insecure`. */
function targetOf(options: TargetOptions): HttpTarget {
  const address = httpAddress(options.http, 'http.sock');
  if (address.kind === 'unix') {
    return options.insecure === true ? { socketPath: address.path } : privateSocket(address.path);
  }
  const tls = tlsOf(options);
  // Other programs of this host see no token then.
  const isHarmless = isLoopback(address.host) && options.tokenFile === undefined;
  if (tls === null && options.insecure !== true && !isHarmless) throw withoutTls(address);
  return { host: address.host, port: address.port, tls };
}

/** The token of a file, which is read at each request: tokens expire and are replaced. */
function credentialsOf(tokenFile: string | undefined): Credentials {
  // Reports a fault of the file now, not at the first request.
  if (tokenFile !== undefined) readTokens(tokenFile);
  return {
    get token() {
      return tokenFile === undefined ? null : (readTokens(tokenFile)[0]?.value ?? null);
    },
    refused: () => {},
  };
}

/** The path of the API in addresses. The host is that of the target. */
const BASE = 'http://localhost/api/v1/';

/** A client of the server that the options name. Throws ServiceError. */
export function clientOf(options: TargetOptions): Client {
  const target = targetOf(options);
  return new Client(
    BASE,
    credentialsOf(options.tokenFile),
    fetcherFor(() => target),
  );
}

/** A client without credentials, for servers that know their caller. */
export function clientBy(fetcher: Fetcher): Client {
  return new Client(BASE, { token: null, refused: () => {} }, fetcher);
}

/** A client of a private socket. `path` is asked for at each request, and may throw. */
export function socketClient(path: () => string): Client {
  return clientBy(fetcherFor(() => privateSocket(path())));
}

/** The result of requests. Throws EnsembleError for an answer that is an error, and for a server that does not answer. */
export async function answerOf<Answer>(requests: Promise<Answer>): Promise<Answer> {
  try {
    return await requests;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const { status, message, cause } = error;
    if (cause instanceof EnsembleError) throw cause;
    const reason = status === 0 && cause instanceof Error ? `${message}: ${cause.message}` : message;
    throw new ServiceError(reason, {
      cause: error,
      code: status === 0 ? 'ERR_SERVICE_UNREACHABLE' : 'ERR_SERVICE',
    });
  }
}
