/** Connects to a service: checks the address, and adds the credentials. */

import { existsSync } from 'node:fs';
import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import {
  type ChannelCredentials,
  type ClientOptions,
  credentials,
  type ServiceError as GrpcError,
  InterceptingCall,
  type Interceptor,
  status,
} from '@grpc/grpc-js';
import { ServiceError } from '../errors.js';
import { formatAddress, type ServiceAddress } from './address.js';
import { type ClientTlsFiles, checkSocket, readClientTls, withoutTls } from './client-access.js';
import { readTokens } from './tokens.js';

export interface ConnectOptions {
  readonly address: ServiceAddress;
  /** Files in PEM: whose signature the service's certificate must have (null: one that the system trusts), and ours. */
  readonly tls?: ClientTlsFiles | null;
  /** Calls bring the first token of this file. */
  readonly tokenFile?: string | null;
  /** Allow TCP without TLS, where neither side knows who the other is, and others may read and change what is said. */
  readonly insecure?: boolean;
}

/** The arguments of a client of `@grpc/grpc-js`. */
export interface Connection {
  readonly target: string;
  readonly credentials: ChannelCredentials;
  readonly options: ClientOptions;
}

const MAX_BYTES = 64 * 2 ** 20;

function channelCredentials({ address, tls = null, insecure = false }: ConnectOptions): ChannelCredentials {
  if (address.kind === 'unix') {
    if (!insecure) checkServiceSocket(address.path);
    return credentials.createInsecure();
  }
  if (tls === null) {
    if (insecure) return credentials.createInsecure();
    throw withoutTls(address);
  }
  const { ca, cert, key } = readClientTls(tls);
  try {
    return credentials.createSsl(
      ca,
      key,
      cert,
      isIP(address.host)
        ? { checkServerIdentity: (_name, shown) => checkServerIdentity(address.host, shown) }
        : undefined,
    );
  } catch (cause) {
    if (cause instanceof ServiceError) throw cause;
    throw new ServiceError(`TLS can't use these files: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Throws ServiceError for a socket of another user, and for a missing folder. A service that is starting makes its socket
 * a little later, so a missing socket is left to the connection.
 */
function checkServiceSocket(path: string): void {
  try {
    checkSocket(path);
  } catch (cause) {
    const { code, path: missing } = cause as NodeJS.ErrnoException;
    if (code !== 'ENOENT') throw cause;
    if (missing === path) return;
    throw new ServiceError(notStarted(path), { cause, code: 'ERR_SERVICE_UNREACHABLE' });
  }
}

const notStarted = (path: string) =>
  `no service has been started at ${path}: \`ensemble-server start\` starts one`;

/** Returns the message for a call without an answer, or null where the service has answered. */
export function unreachable(address: ServiceAddress, { code, details }: GrpcError): string | null {
  // The messages of gRPC itself when no server answers.
  if (code !== status.UNAVAILABLE || !/^(No connection|Connection dropped|Name resolution)/.test(details)) {
    return null;
  }
  // Sockets of runs may be in the folder, without one of a service.
  if (address.kind === 'unix' && !existsSync(address.path)) return notStarted(address.path);
  const reason = details.replace(/\s*Resolution note:\s*$/, '').replaceAll(/\s+/g, ' ');
  return `no service answers at ${formatAddress(address)} (${reason}): \`ensemble-server start\` starts one`;
}

/** Adds the token to every call; the file is read each time, because tokens expire and are replaced. */
function bearer(tokenFile: string): Interceptor {
  return (options, nextCall) =>
    new InterceptingCall(nextCall(options), {
      start: (metadata, listener, next) => {
        const [token] = readTokens(tokenFile);
        metadata.set('authorization', `Bearer ${token?.value}`);
        next(metadata, listener);
      },
    });
}

/** Throws ServiceError: `ERR_INSECURE` for unsafe options without `insecure`. */
export function connection(options: ConnectOptions): Connection {
  const { address, tokenFile = null } = options;
  const channel = channelCredentials(options);
  // Reports a fault of the file now, not at the first call.
  if (tokenFile !== null) readTokens(tokenFile);
  return {
    target: address.kind === 'unix' ? formatAddress(address) : `dns:${formatAddress(address)}`,
    credentials: channel,
    options: {
      'grpc.max_receive_message_length': MAX_BYTES,
      // TLS has no name for an IP address, and Node warns about one (RFC 6066, 3). The name sent instead is not
      // used: the certificate must be for the address.
      ...(address.kind === 'tcp' && isIP(address.host)
        ? { 'grpc.ssl_target_name_override': 'flux-ensemble' }
        : {}),
      'grpc.keepalive_time_ms': 20_000,
      'grpc.keepalive_timeout_ms': 10_000,
      // Retries are off, because a request must not be done twice.
      'grpc.enable_retries': 0,
      // Without a proxy of the environment, which would see the token.
      'grpc.enable_http_proxy': 0,
      // Each client has a connection of its own, with streams of its own to share.
      'grpc.use_local_subchannel_pool': 1,
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': 10_000,
      ...(tokenFile === null ? {} : { interceptors: [bearer(tokenFile)] }),
    },
  };
}
