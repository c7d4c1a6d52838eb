/** `ensemble-server start`. */

import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import type { HttpListener } from '../api/listen.js';
import { ServiceError } from '../errors.js';
import { loadOptional } from '../optional-package.js';
import {
  DEFAULT_PORT,
  defaultAddress,
  formatAddress,
  parseAddress,
  type ServiceAddress,
} from '../service/address.js';
import type { Registry } from '../service/ensembles/registry.js';
import type { ClusterBackend, KnownRuns } from '../service/operator/backend.js';
import type { KubernetesClient } from '../service/operator/kubernetes/connect.js';
import type { ServiceServer } from '../service/server.js';
import { stateFolder } from '../store/state-folder.js';
import { packageVersion } from '../text/package-version.js';
import { addHttpOption, httpAddress, reportAddress } from './http.js';
import { complain } from './output.js';
import { onSignals } from './signals.js';
import { addStateOption } from './state-option.js';
import { goOnWithoutStreams, textNotices } from './streams.js';
import { timeOption } from './time-option.js';

interface StartOptions {
  readonly workers: number;
  readonly kubernetes?: boolean;
  readonly namespace?: string;
  readonly host?: string;
  readonly port?: number;
  readonly socket?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsCa?: string;
  readonly tokenFile?: string;
  readonly insecure?: boolean;
  readonly audit?: string;
  readonly maxConnections?: number;
  readonly idleTimeout?: number;
  readonly lostAfter?: number;
  readonly http?: string | true;
  readonly httpName?: readonly string[];
  readonly state?: string;
}

function integer(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be an integer from ${least} to ${most}.`);
  };
}

function tlsFiles({ tlsCert, tlsKey, tlsCa }: StartOptions) {
  if (tlsCert === undefined && tlsKey === undefined && tlsCa === undefined) return null;
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new ServiceError('TLS needs both --tls-cert FILE and --tls-key FILE');
  }
  return { cert: tlsCert, key: tlsKey, ca: tlsCa ?? null };
}

/** Returns the backend that resizes clusters. Throws ServiceError when Kubernetes is requested and not configured. */
async function clusterBackend(
  { kubernetes, namespace }: StartOptions,
  knownRuns: KnownRuns,
): Promise<ClusterBackend> {
  const { ClusterBackends } = await import('../service/operator/backends.js');
  const { RunsBackend } = await import('../service/operator/runs-backend.js');
  const runs = new RunsBackend(knownRuns);
  if (kubernetes !== true) {
    if (namespace === undefined) return runs;
    throw new ServiceError('--namespace requires --kubernetes');
  }
  const client = await loadOptional<KubernetesClient>('@kubernetes/client-node', '--kubernetes');
  const { kubernetesBackend } = await import('../service/operator/kubernetes/kubernetes-backend.js');
  const environment = process.env;
  const { backend, origin } = kubernetesBackend({ client, environment, namespace, runs: knownRuns });
  console.log(`resizing MiniClusters of namespace ${backend.namespace} (${origin})`);
  // Not awaited, because Kubernetes may become available later.
  void backend.check().then((problem) => {
    if (problem !== null) complain(problem, 'warning', 'ensemble-server');
  });
  return new ClusterBackends({ minicluster: backend, others: runs });
}

/** Serves all ensembles over HTTP, with the credentials of the service. Only then the server is loaded. */
async function startHttp(
  address: ServiceAddress,
  options: StartOptions,
  registry: Registry,
  { audit, log }: ServiceServer,
): Promise<HttpListener> {
  const { HttpListener } = await import('../api/listen.js');
  const { RegisteredSource } = await import('../api/sources/registered.js');
  const { state, tokenFile = null, insecure = false } = options;
  const source = new RegisteredSource({ registry, state: stateFolder(state) });
  const tls = tlsFiles(options);
  const version = packageVersion();
  const listener = await HttpListener.open({
    address,
    source,
    audit: () => audit,
    log,
    version,
    tls,
    tokenFile,
    insecure,
    names: options.httpName ?? [],
  });
  reportAddress(listener.address, tls !== null, false);
  return listener;
}

async function start(options: StartOptions): Promise<void> {
  goOnWithoutStreams(textNotices);
  // Imported here, because `--version` does not need these modules.
  const { ensemblesService } = await import('../service/ensembles/service.js');
  const { knownRuns } = await import('../service/ensembles/known-runs.js');
  const { Registry } = await import('../service/ensembles/registry.js');
  const { ServiceServer } = await import('../service/server.js');
  const { operatorService } = await import('../service/operator/handlers.js');
  const { host, port, socket, tokenFile = null, insecure = false, workers } = options;
  const tls = tlsFiles(options);
  const httpAt = options.http === undefined ? null : httpAddress(options.http, 'http.sock');
  // Credentials without an address are those of HTTP, if that is on TCP.
  const credentials = httpAt?.kind !== 'tcp' && (tls !== null || options.tokenFile !== undefined || insecure);
  const overTcp = host !== undefined || port !== undefined || credentials;

  const registry = new Registry(options.lostAfter === undefined ? {} : { patience: options.lostAfter });
  const backend = await clusterBackend(options, knownRuns(registry));
  const server = new ServiceServer({
    services: (audit, log) => [
      ensemblesService({ registry, audit, log, maxActions: workers }),
      operatorService({ backend, audit, log, workers }),
    ],
    auditFile: options.audit ?? null,
    limits: {
      ...(options.maxConnections === undefined ? {} : { maxConnections: options.maxConnections }),
      ...(options.idleTimeout === undefined ? {} : { idleTimeout: options.idleTimeout }),
    },
  });
  // Signals that arrive during the start also end the service.
  const ended = new Promise<void>((end) => {
    onSignals(end, () => process.exit(1));
  });
  let http: HttpListener | null = null;
  try {
    const addresses = [];
    if (overTcp) {
      const address = { kind: 'tcp', host: host ?? 'localhost', port: port ?? DEFAULT_PORT } as const;
      addresses.push(await server.listen({ address, tls, tokenFile, insecure }));
    }
    if (socket !== undefined || !overTcp) {
      const address = socket === undefined ? defaultAddress() : parseAddress(resolve(socket));
      addresses.push(await server.listen({ address }));
    }
    for (const address of addresses) console.log(`listening on ${formatAddress(address)}`);
    if (httpAt !== null) http = await startHttp(httpAt, options, registry, server);
    await ended;
  } finally {
    await http?.close();
    await server.close();
  }
}

export function startCommand(): Command {
  const command = new Command('start')
    .description('serve until SIGTERM; by default on a socket that only you can access')
    .option('--workers <n>', 'maximum concurrent actions', integer(1, 10_000), 10)
    .option('--socket <path>', 'Unix socket, in a folder that only you can enter')
    .option('--host <host>', 'listen on TCP (default: localhost)')
    .option('--port <port>', 'listen on TCP (default: 50051; 0 for any)', integer(0, 65_535))
    .option('--kubernetes', 'resize MiniClusters, with the access of the pod or of KUBECONFIG')
    .option(
      '--namespace <name>',
      "namespace of the MiniClusters (default: that of the pod, or of the kubeconfig's context)",
    )
    .option('--tls-cert <file>', 'certificate of this service, in PEM')
    .option('--tls-key <file>', 'its key')
    .option('--tls-ca <file>', 'require clients to have a certificate of this authority')
    .option('--token-file <file>', 'require TCP clients to send a token of this file (see: token)')
    .option('--insecure', 'accept every client that can connect, as ensemble-python does')
    .option('--audit <file>', 'append the log of actions and their users to a file (default: standard error)')
    .option('--max-connections <n>', 'maximum connections (default: 1024)', integer(1, 1_000_000))
    .option(
      '--idle-timeout <time>',
      'close connections after this time without a call (default: 5m)',
      timeOption(1e6),
    )
    .option(
      '--lost-after <time>',
      'an ensemble counts as lost after this time without a message (default: 15s)',
      timeOption(86_400),
    );
  return addStateOption(addHttpOption(command, 'all ensembles')).action(start);
}
