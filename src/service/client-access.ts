/** Checks of a client before it connects, whatever protocol it speaks: who could answer, and what it shows. */

import { lstatSync } from 'node:fs';
import { dirname } from 'node:path';
import { ServiceError } from '../errors.js';
import { checkPrivateFolder } from '../store/private-folder.js';
import { readCertificate } from './access.js';
import { formatAddress, type ServiceAddress } from './address.js';
import { readPrivateFile, withServiceErrors } from './private-files.js';

/** Files of a client in PEM: whose signature the server's certificate must have, and our own; null without one. */
export interface ClientTlsFiles {
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
}

/** Their contents. */
export interface ClientTls {
  readonly ca: Buffer | null;
  readonly cert: Buffer | null;
  readonly key: Buffer | null;
}

/**
 * Checks the folder of a socket: another user's socket in its place would read all messages and send actions. Throws
 * ServiceError `ERR_INSECURE`, and the system's error for a missing socket.
 */
export function checkSocket(path: string): void {
  withServiceErrors(() => checkPrivateFolder(dirname(path)));
  // Runs and services have their sockets in one folder.
  lstatSync(path);
}

/** Throws ServiceError. Only the owner may be able to read the key. */
export function readClientTls({ ca, cert, key }: ClientTlsFiles): ClientTls {
  if ((cert === null) !== (key === null)) {
    throw new ServiceError('a client certificate needs both --tls-cert FILE and --tls-key FILE');
  }
  return {
    ca: ca === null ? null : readCertificate(ca),
    cert: cert === null ? null : readCertificate(cert),
    key: key === null ? null : Buffer.from(readPrivateFile(key, 'the key').text),
  };
}

/** The refusal to use TCP without TLS. */
export function withoutTls(address: ServiceAddress): ServiceError {
  return new ServiceError(
    `${formatAddress(address)} would be used without TLS: others could read messages, or answer in its place; ` +
      'use --tls-ca FILE if it has TLS, or --insecure',
    { code: 'ERR_INSECURE' },
  );
}
