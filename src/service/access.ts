/** Protects a listener: validates its options, and converts them for gRPC. */

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
  /** The certificate authority of the other side's certificate; without it no certificate is requested. */
  readonly ca: string | null;
}

export interface ListenOptions {
  readonly address: ServiceAddress;
  readonly tls?: TlsFiles | null;
  /** TCP clients must send a token of this file. */
  readonly tokenFile?: string | null;
  /** Accept every client that can connect, and listen to other hosts without TLS. */
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
    throw new ServiceError(`TLS can't use ${cert} and ${key}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/**
 * Returns the credentials that clients must show. Throws ServiceError: `ERR_INSECURE` when strangers could call,
 * unless the options allow it.
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
        `${where}: use --tls-cert, --tls-key and --tls-ca (certificates on both sides) or --token-file FILE, or omit ` +
        'host and port to use a socket of your own; --insecure accepts every client',
      { code: 'ERR_INSECURE' },
    );
  }
  const warnings: string[] = [];
  if (tls === null && !isLoopback(address.host)) {
    const risk = `messages on ${where} can be read and changed on their way, because it has no TLS`;
    if (!insecure) throw new ServiceError(`${risk}; --insecure allows this`, { code: 'ERR_INSECURE' });
    warnings.push(risk);
  }
  if (!mutual && tokenFile === null) {
    warnings.push(
      `--insecure: every client that can reach ${where}, including other users, can use all functions of the service`,
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
              log(`${tokenFile} no longer admits any client: ${(error as Error).message}`),
            ),
    },
    warnings,
  };
}
