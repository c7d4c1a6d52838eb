/** Options for the address of a service, and for the connection to it. */

import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { ConnectOptions } from '../service/connect.js';

export interface ServiceOptions {
  /** True for the default address. */
  readonly service?: string | true;
  readonly tls?: boolean;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tokenFile?: string;
  readonly insecure?: boolean;
}

/** Adds the options to a command. `flag` is the flag of the address. */
export function addServiceOptions(
  command: Command,
  flag = '--service <address>',
  description = 'unix:/path or host:port (default: $ENSEMBLE_SERVICE, else the socket of this user)',
): Command {
  return command
    .option(flag, description)
    .option('--tls', 'use TLS with the certificate authorities of the system')
    .option('--tls-ca <file>', 'use TLS with this certificate authority')
    .option('--tls-cert <file>', 'certificate of the client')
    .option('--tls-key <file>', 'its key')
    .option('--token-file <file>', 'send the token of this file')
    .addOption(new Option('--insecure', 'use TCP without TLS'));
}

/** Parses the options. Throws ServiceError for an invalid address. */
export async function connectOptions(options: ServiceOptions): Promise<ConnectOptions> {
  const { defaultAddress, parseAddress } = await import('../service/address.js');
  const { tls, tlsCa, tlsCert, tlsKey, tokenFile = null, insecure = false } = options;
  const named = typeof options.service === 'string' ? options.service : process.env.ENSEMBLE_SERVICE;
  const withTls = tls || [tlsCa, tlsCert, tlsKey].some((option) => option !== undefined);
  return {
    address:
      named === undefined || named === ''
        ? defaultAddress()
        : parseAddress(/^\.{0,2}\//.test(named) ? resolve(named) : named),
    tls: withTls ? { ca: tlsCa ?? null, cert: tlsCert ?? null, key: tlsKey ?? null } : null,
    tokenFile,
    insecure,
  };
}
