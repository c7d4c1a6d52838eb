/** `--executor minicluster`: which MiniCluster it is, and where the service is that changes its size. */

import { isIPv6 } from 'node:net';
import { EnsembleError } from '../errors.js';
import type { NodeScaler } from '../members/member.js';
import { connectOptions, type ServiceOptions } from './service-options.js';

export interface MiniClusterOptions extends ServiceOptions {
  readonly name?: string;
  readonly host?: string;
  readonly port?: number;
}

/** `namespace/name` or `name`. Throws EnsembleError `ERR_CONFIG` for anything else. */
export function splitName(text = ''): { readonly namespace: string | null; readonly name: string } {
  const label = '[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?';
  const [, namespace = null, name] = new RegExp(`^(?:(${label})/)?(${label})$`).exec(text) ?? [];
  if (name !== undefined) return { namespace, name };
  throw new EnsembleError(
    'ERR_CONFIG',
    `--executor minicluster needs the name of the MiniCluster, --name namespace/name or --name name` +
      (text === '' ? '' : `; '${text}' is none: it has small letters, digits and dashes`),
  );
}

/** Host and port as an address; undefined when neither was said. */
function addressOf({ host, port }: MiniClusterOptions): string | undefined {
  if (host === undefined && port === undefined) return undefined;
  const named = host ?? 'localhost';
  return `${isIPv6(named) ? `[${named}]` : named}${port === undefined ? '' : `:${port}`}`;
}

/** What asks the service: that of `--host` and `--port`, else the one that the run registers with. Throws EnsembleError. */
export async function makeScaler(options: MiniClusterOptions): Promise<NodeScaler> {
  const { namespace, name } = splitName(options.name);
  const service = addressOf(options) ?? options.service;
  const connect = await connectOptions({ ...options, ...(service === undefined ? {} : { service }) });
  // Here and not above: runs on other members need no gRPC.
  const { OperatorClient } = await import('../service/operator/client.js');
  return new OperatorClient({ ...connect, name, namespace });
}
