/** A stand-in with all that leads to it: accounts, a kubeconfig, and a pod's service account. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newFolder, root } from '../../support/cli.js';
import { type Account, ApiServer, type ApiServerOptions } from './api-server.js';

/** The admin of the tests, who may do everything. */
export const admin: Account = {
  token: 'admin-token',
  name: 'admin',
  verbs: ['get', 'list', 'watch', 'patch', 'update', 'create', 'delete'],
};
/** The service's account, which has what deploy/kubernetes gives it. */
export const service: Account = {
  token: 'service-token',
  name: 'system:serviceaccount:lab:ensemble-service',
  verbs: ['get', 'list', 'patch'],
  namespace: 'lab',
};

/** Whether a program can be run with these arguments. */
export function runs(program: string, ...args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

const fixture = (name: string) => readFileSync(join(root, 'test/fixtures/tls', name), 'utf8');

export interface StandIn {
  readonly api: ApiServer;
  readonly folder: string;
  /** Path of a kubeconfig for an account, with context namespace `lab`. */
  kubeconfig(account?: Account): string;
  /** Creates the files of a pod. Returns the prefix of their paths, and the environment. */
  pod(account?: Account): { readonly root: string; readonly environment: NodeJS.ProcessEnv };
}

export async function startStandIn(options: Partial<ApiServerOptions> = {}): Promise<StandIn> {
  const folder = newFolder();
  const authority = join(folder, 'ca.crt');
  writeFileSync(authority, fixture('ca.pem'));
  const api = await ApiServer.start({
    accounts: [admin, service],
    certificate: fixture('server.pem'),
    key: fixture('server.key'),
    ...options,
  });

  function kubeconfig(account = admin): string {
    const path = join(folder, `kubeconfig-${account.token}`);
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'stand-in',
      clusters: [{ name: 'stand-in', cluster: { server: api.url, 'certificate-authority': authority } }],
      users: [{ name: account.name, user: { token: account.token } }],
      contexts: [
        { name: 'stand-in', context: { cluster: 'stand-in', user: account.name, namespace: 'lab' } },
      ],
    };
    // JSON is YAML.
    writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
    return path;
  }

  function pod(account = service) {
    const secrets = join(folder, 'var/run/secrets/kubernetes.io/serviceaccount');
    mkdirSync(secrets, { recursive: true });
    writeFileSync(join(secrets, 'token'), account.token);
    writeFileSync(join(secrets, 'ca.crt'), fixture('ca.pem'));
    writeFileSync(join(secrets, 'namespace'), account.namespace ?? 'default');
    const environment = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(api.port) };
    return { root: folder, environment };
  }

  return { api, folder, kubeconfig, pod };
}
