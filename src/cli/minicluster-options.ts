/** `--executor minicluster`: the options for its MiniCluster, and for the service that resizes it. */

import { isIPv6 } from 'node:net';
import { EnsembleError } from '../errors.js';
import type { NodeScaler } from '../members/member.js';
import { connectOptions, type ServiceOptions } from './service-options.js';

export interface MiniClusterOptions extends ServiceOptions {
  readonly name?: string;
  readonly host?: string;
  readonly port?: number;
}

/** Parses `namespace/name` or `name`. Throws EnsembleError `ERR_CONFIG` for an invalid name. */
export function splitName(text = ''): { readonly namespace: string | null; readonly name: string } {
  const label = '[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?';
  const [, namespace = null, name] = new RegExp(`^(?:(${label})/)?(${label})$`).exec(text) ?? [];
  if (name !== undefined) return { namespace, name };
  throw new EnsembleError(
    'ERR_CONFIG',
    `--executor minicluster needs the name of the MiniCluster, --name namespace/name or --name name` +
      (text === '' ? '' : `; '${text}' is invalid: use lower-case letters, digits and dashes`),
  );
}

/** Returns host and port as an address; undefined when both are missing. */
function addressOf({ host, port }: MiniClusterOptions): string | undefined {
  if (host === undefined && port === undefined) return undefined;
  const named = host ?? 'localhost';
  return `${isIPv6(named) ? `[${named}]` : named}${port === undefined ? '' : `:${port}`}`;
}

/** Creates the client of the service: at `--host` and `--port`, or where the run registers. Throws EnsembleError. */
export async function makeScaler(options: MiniClusterOptions): Promise<NodeScaler> {
  const { namespace, name } = splitName(options.name);
  const service = addressOf(options) ?? options.service;
  const connect = await connectOptions({ ...options, ...(service === undefined ? {} : { service }) });
  // Imported here, because runs on other members do not need gRPC.
  const { OperatorClient } = await import('../service/operator/client.js');
  return new OperatorClient({ ...connect, name, namespace });
}
