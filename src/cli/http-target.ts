/** The HTTP API of a service or of a run elsewhere, as the options of a command name it. */

import { dirname } from 'node:path';
import { ApiError, Client, type Credentials } from '../api/client/client.js';
import { EnsembleError, ServiceError } from '../errors.js';
import { readCertificate } from '../service/access.js';
import { formatAddress, isLoopback, type ServiceAddress } from '../service/address.js';
import { readPrivateFile, withServiceErrors } from '../service/private-files.js';
import { readTokens } from '../service/tokens.js';
import { checkPrivateFolder } from '../store/private-folder.js';
import { httpAddress } from './http.js';
import { fetcherFor, type HttpTarget, type TlsMaterial } from './http-fetch.js';
import type { ServiceOptions } from './service-options.js';

/** The options of the connection, and the address: true for the socket of this user's service. */
export interface TargetOptions extends Omit<ServiceOptions, 'service'> {
  readonly http: string | true;
}

/** Throws ServiceError `ERR_INSECURE` for a socket that another user may have put there. */
export function checkSocket(path: string): void {
  withServiceErrors(() => {
    try {
      checkPrivateFolder(dirname(path));
    } catch (error) {
      // The connection fails in its own words.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  });
}

function tlsOf({ tls, tlsCa, tlsCert, tlsKey }: TargetOptions): TlsMaterial | null {
  if (!tls && tlsCa === undefined && tlsCert === undefined && tlsKey === undefined) return null;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new ServiceError('a client certificate needs both --tls-cert FILE and --tls-key FILE');
  }
  return {
    ...(tlsCa === undefined ? {} : { ca: readCertificate(tlsCa) }),
    ...(tlsCert === undefined ? {} : { cert: readCertificate(tlsCert) }),
    ...(tlsKey === undefined ? {} : { key: Buffer.from(readPrivateFile(tlsKey, 'the key').text) }),
  };
}

/** Throws ServiceError `ERR_INSECURE` where others could answer in the place of the server, or read a token. */
function checkTcp(address: ServiceAddress & { kind: 'tcp' }, { tokenFile, insecure }: TargetOptions): void {
  if (insecure || (isLoopback(address.host) && tokenFile === undefined)) return;
  throw new ServiceError(
    `${formatAddress(address)} would be used without TLS: others could read messages, or answer in its place; ` +
      'use --tls or --tls-ca FILE if it has TLS, or --insecure',
    { code: 'ERR_INSECURE' },
  );
}

/** Throws ServiceError for an invalid address, and for unsafe options without `--insecure`. */
function targetOf(options: TargetOptions): HttpTarget {
  const address = httpAddress(options.http, 'http.sock');
  if (address.kind === 'unix') {
    if (options.insecure !== true) checkSocket(address.path);
    return { socketPath: address.path };
  }
  const tls = tlsOf(options);
  if (tls === null) checkTcp(address, options);
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

/** A client of a private socket. `path` is asked for at each request, and may throw. */
export function socketClient(path: () => string): Client {
  const fetcher = fetcherFor(() => {
    const socketPath = path();
    checkSocket(socketPath);
    return { socketPath };
  });
  return new Client(BASE, { token: null, refused: () => {} }, fetcher);
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
