/** The options that say where a service is, and how to speak to it. */

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

/** Adds them to a command; `flag` is how it takes the address. */
export function addServiceOptions(
  command: Command,
  flag = '--service <address>',
  description = 'unix:/path or host:port (default: $ENSEMBLE_SERVICE, else the socket of this user)',
): Command {
  return command
    .option(flag, description)
    .option('--tls', 'speak TLS to a service whose authority the system trusts')
    .option('--tls-ca <file>', 'speak TLS to a service with a certificate of this authority')
    .option('--tls-cert <file>', 'certificate to show to the service')
    .option('--tls-key <file>', 'its key')
    .option('--token-file <file>', 'bring the token of this file')
    .addOption(new Option('--insecure', 'speak to a service over TCP without TLS'));
}

/** Throws ServiceError for an address that is none. */
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
