/** Finds Kubernetes and our namespace: from the environment of a pod, or from a kubeconfig. */

import { existsSync, readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type * as Kubernetes from '@kubernetes/client-node';
import { ServiceError } from '../../../errors.js';

/** Where the kubelet puts a pod's service account. */
const serviceAccount = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The optional package of that name, loaded by its user. */
export type KubernetesClient = typeof Kubernetes;

export interface Cluster {
  readonly client: KubernetesClient;
  readonly config: Kubernetes.KubeConfig;
  readonly namespace: string;
  /** For people: `in-cluster`, or the kubeconfig and its context. */
  readonly origin: string;
}

export interface ConnectOptions {
  readonly client: KubernetesClient;
  readonly environment: NodeJS.ProcessEnv;
  /** Instead of that of the service account or of the kubeconfig's context. */
  readonly namespace?: string | undefined;
  /** For tests: a prefix of the path of the service account. */
  readonly root?: string;
}

function problem(message: string, cause?: unknown): ServiceError {
  return new ServiceError(`--kubernetes: ${message}`, { cause });
}

function inCluster({ client, environment, root = '' }: ConnectOptions): Cluster {
  const path = (file: string) => `${root}${serviceAccount}/${file}`;
  for (const file of [path('token'), path('ca.crt')]) {
    if (existsSync(file)) continue;
    throw problem(
      `this is a pod, but ${file} is missing; its spec must not say automountServiceAccountToken: false`,
    );
  }
  const name = 'in-cluster';
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '443' } = environment;
  const namespaceFile = path('namespace');
  const namespace = existsSync(namespaceFile) ? readFileSync(namespaceFile, 'utf8').trim() : '';
  const config = new client.KubeConfig();
  config.loadFromOptions({
    clusters: [
      { name, server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`, caFile: path('ca.crt') },
    ],
    // Read again regularly, because the kubelet replaces it.
    users: [{ name, authProvider: { name: 'tokenFile', config: { tokenFile: path('token') } } }],
    contexts: [{ name, cluster: name, user: name }],
    currentContext: name,
  });
  return { client, config, namespace: namespace || 'default', origin: name };
}

function byKubeconfig({ client, environment }: ConnectOptions): Cluster {
  const config = new client.KubeConfig();
  const listed = environment.KUBECONFIG?.split(delimiter).filter((path) => path !== '') ?? [];
  const paths = listed.length > 0 ? listed : [join(environment.HOME ?? homedir(), '.kube', 'config')];
  const found = paths.filter((path) => existsSync(path));
  if (found.length === 0) {
    throw problem(
      `no cluster: KUBERNETES_SERVICE_HOST is not set, so this is not a pod, and ${paths.join(' or ')} is missing` +
        '; set KUBECONFIG',
    );
  }
  try {
    // The first file takes precedence, as with kubectl.
    for (const [index, path] of found.entries()) {
      if (index === 0) config.loadFromFile(path);
      else {
        const more = new client.KubeConfig();
        more.loadFromFile(path);
        config.mergeConfig(more, true);
      }
    }
  } catch (cause) {
    throw problem(`${found.join(', ')} can't be read: ${(cause as Error).message}`, cause);
  }
  const context = config.getContextObject(config.getCurrentContext());
  if (context === null || config.getCurrentCluster() === null) {
    throw problem(
      `${found.join(', ')}: current-context '${config.getCurrentContext() ?? ''}' is not one of its contexts`,
    );
  }
  return {
    client,
    config,
    namespace: context.namespace || 'default',
    origin: `${found.join(', ')}, context ${context.name}`,
  };
}

/** Finds the cluster. Throws ServiceError with the places that were searched. */
export function connect(options: ConnectOptions): Cluster {
  const cluster = options.environment.KUBERNETES_SERVICE_HOST ? inCluster(options) : byKubeconfig(options);
  return options.namespace === undefined ? cluster : { ...cluster, namespace: options.namespace };
}
