/** A stand-in with all that leads to it: certificates, accounts, a kubeconfig, and a pod's service account. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'vitest';
import { newFolder } from '../../e2e/cli.js';
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
  try {
    execFileSync(program, args, { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

/** Why there can be no stand-in here, or null. */
export const missing = runs('openssl', 'version') ? null : 'openssl is not on PATH';

/** Tests that need the stand-in, and what `alsoMissing` says; where that is not to be had they are skipped. */
export function describeCluster(name: string, tests: () => void, alsoMissing: string | null = null): void {
  const why = missing ?? alsoMissing;
  describe.skipIf(why !== null)(why === null ? name : `${name} (skipped: ${why})`, tests);
}

/** A certificate for 127.0.0.1 that signs itself; PEM files in the folder. */
function certificate(folder: string): { readonly certificate: string; readonly key: string } {
  const key = join(folder, 'tls.key');
  const cert = join(folder, 'ca.crt');
  const args =
    '-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=stand-in'.split(' ');
  execFileSync(
    'openssl',
    ['req', ...args, '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert],
    { stdio: 'pipe' },
  );
  return { certificate: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
}

export interface StandIn {
  readonly api: ApiServer;
  readonly folder: string;
  /** Path of a kubeconfig for an account, with context namespace `lab`. */
  kubeconfig(account?: Account): string;
  /** What the kubelet gives a pod: the folder to put before the path, and the environment. */
  pod(account?: Account): { readonly root: string; readonly environment: NodeJS.ProcessEnv };
}

export async function startStandIn(options: Partial<ApiServerOptions> = {}): Promise<StandIn> {
  const folder = newFolder();
  const pem = certificate(folder);
  const api = await ApiServer.start({ accounts: [admin, service], ...pem, ...options });

  function kubeconfig(account = admin): string {
    const path = join(folder, `kubeconfig-${account.token}`);
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'stand-in',
      clusters: [
        { name: 'stand-in', cluster: { server: api.url, 'certificate-authority': join(folder, 'ca.crt') } },
      ],
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
    writeFileSync(join(secrets, 'ca.crt'), pem.certificate);
    writeFileSync(join(secrets, 'namespace'), account.namespace ?? 'default');
    const environment = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(api.port) };
    return { root: folder, environment };
  }

  return { api, folder, kubeconfig, pod };
}
