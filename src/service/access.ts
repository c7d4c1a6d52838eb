/** How a listener is kept from strangers: what was asked for, checked, as gRPC takes it. */

import { readFileSync } from 'node:fs';
import { ServerCredentials } from '@grpc/grpc-js';
import { ServiceError } from '../errors.js';
import { formatAddress, isLoopback, type ServiceAddress } from './address.js';
import type { Access } from './admission.js';
import { readPrivateFile } from './private-files.js';
import { TokenKeeper } from './tokens.js';

/** Files in PEM. */
export interface TlsFiles {
  readonly cert: string;
  /** Only its owner may be able to read it. */
  readonly key: string;
  /** Whose signature the other side's certificate must have; without it no certificate is asked for. */
  readonly ca: string | null;
}

export interface ListenOptions {
  readonly address: ServiceAddress;
  readonly tls?: TlsFiles | null;
  /** Callers over TCP must bring a token of this file. */
  readonly tokenFile?: string | null;
  /** Let anybody in who can connect, and listen to other hosts without TLS. */
  readonly insecure?: boolean;
}

export interface GuardedListener {
  readonly credentials: ServerCredentials;
  readonly access: Access;
  /** Warnings for the owner of the service. */
  readonly warnings: readonly string[];
}

/** A certificate's text. Throws ServiceError. */
export function readCertificate(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new ServiceError(`the certificate ${path} can't be read: ${(cause as Error).message}`, { cause });
  }
}

function serverCredentials({ cert, key, ca }: TlsFiles): ServerCredentials {
  const pair = {
    cert_chain: readCertificate(cert),
    private_key: Buffer.from(readPrivateFile(key, 'the key').text),
  };
  try {
    return ServerCredentials.createSsl(ca === null ? null : readCertificate(ca), [pair], ca !== null);
  } catch (cause) {
    throw new ServiceError(`TLS can't be had with ${cert} and ${key}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/**
 * The credentials that callers must show. Throws ServiceError: `ERR_INSECURE` when strangers could call, and the
 * options do not allow it.
 */
export function guard(options: ListenOptions, log: (text: string) => void): GuardedListener {
  const { address, tls = null, tokenFile = null, insecure = false } = options;
  if (address.kind === 'unix') {
    const access = { socketOf: process.getuid?.() ?? 0, certificate: false, tokens: null };
    return { credentials: ServerCredentials.createInsecure(), access, warnings: [] };
  }
  const where = formatAddress(address);
  const mutual = tls !== null && tls.ca !== null;
  if (!mutual && tokenFile === null && !insecure) {
    throw new ServiceError(
      `every user of ${isLoopback(address.host) ? 'this host' : 'every host that reaches it'} could use a service on ` +
        `${where}: say --tls-cert, --tls-key and --tls-ca (certificates on both sides) or --token-file FILE, or leave ` +
        'host and port away for a socket of your own; --insecure lets everybody in',
      { code: 'ERR_INSECURE' },
    );
  }
  const warnings: string[] = [];
  if (tls === null && !isLoopback(address.host)) {
    const risk = `what is said on ${where} can be read and changed on its way: it has no TLS`;
    if (!insecure) throw new ServiceError(`${risk}; --insecure allows that`, { code: 'ERR_INSECURE' });
    warnings.push(risk);
  }
  if (!mutual && tokenFile === null) {
    warnings.push(
      `--insecure: everybody who can reach ${where}, including other users, can do all that the service can`,
    );
  }
  return {
    credentials: tls === null ? ServerCredentials.createInsecure() : serverCredentials(tls),
    access: {
      socketOf: null,
      certificate: mutual,
      tokens:
        tokenFile === null
          ? null
          : new TokenKeeper(tokenFile, (error) =>
              log(`${tokenFile} admits no caller any more: ${(error as Error).message}`),
            ),
    },
    warnings,
  };
}
