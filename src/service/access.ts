/** Protects a listener: validates its options, and reads their files. */

import { readFileSync } from 'node:fs';
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
  /** The beginning of the command's options for these, for messages: `--http-`; `--` by default. */
  readonly prefix?: string;
}

/** The contents of TLS files. */
export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca: Buffer | null;
}

export interface GuardedListener {
  /** Null for a listener without TLS. */
  readonly tls: TlsMaterial | null;
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

/** Only then the modules of TLS are loaded. */
async function readTls({ cert, key, ca }: TlsFiles): Promise<TlsMaterial> {
  const { createSecureContext } = await import('node:tls');
  const material = {
    cert: readCertificate(cert),
    key: Buffer.from(readPrivateFile(key, 'the key').text),
    ca: ca === null ? null : readCertificate(ca),
  };
  try {
    createSecureContext({ cert: material.cert, key: material.key, ca: material.ca ?? undefined });
    return material;
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
export async function guard(options: ListenOptions, log: (text: string) => void): Promise<GuardedListener> {
  const { address, tls = null, tokenFile = null, insecure = false, prefix = '--' } = options;
  if (address.kind === 'unix') {
    const access = { socketOf: process.getuid?.() ?? 0, certificate: false, tokens: null };
    return { tls: null, access, warnings: [] };
  }
  const where = formatAddress(address);
  const mutual = tls !== null && tls.ca !== null;
  if (!mutual && tokenFile === null && !insecure) {
    throw new ServiceError(
      `every user of ${isLoopback(address.host) ? 'this host' : 'every host that reaches it'} could use a service on ` +
        `${where}: use ${prefix}tls-cert, ${prefix}tls-key and ${prefix}tls-ca (certificates on both sides) or ` +
        `${prefix}token-file FILE, or omit host and port to use a socket of your own; ${prefix}insecure accepts ` +
        'every client',
      { code: 'ERR_INSECURE' },
    );
  }
  const warnings: string[] = [];
  if (tls === null && !isLoopback(address.host)) {
    const risk = `messages on ${where} can be read and changed on their way, because it has no TLS`;
    if (!insecure) throw new ServiceError(`${risk}; ${prefix}insecure allows this`, { code: 'ERR_INSECURE' });
    warnings.push(risk);
  }
  if (!mutual && tokenFile === null) {
    warnings.push(
      `${prefix}insecure: every client that can reach ${where}, including other users, can use all functions of the service`,
    );
  }
  return {
    tls: tls === null ? null : await readTls(tls),
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
