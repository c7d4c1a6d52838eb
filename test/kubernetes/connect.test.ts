import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as client from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ServiceError } from '../../src/errors.js';
import { connect } from '../../src/service/operator/kubernetes/connect.js';
import { miniClusterApi } from '../../src/service/operator/kubernetes/minicluster-api.js';
import { newFolder } from '../support/cli.js';
import { type StandIn, startStandIn } from './stand-in/cluster.js';

let cluster: StandIn;
beforeAll(async () => {
  cluster = await startStandIn();
  cluster.api.store.create({ metadata: { namespace: 'lab', name: 'lammps' } });
});
afterAll(() => cluster.api.close());

const names = async (found: ReturnType<typeof connect>) =>
  (await miniClusterApi(found, 5000).list(found.namespace, new AbortController().signal)).map(
    ({ name }) => name,
  );

describe('the cluster', () => {
  test('in a pod is that of its service account and namespace', async () => {
    const found = connect({ client, ...cluster.pod() });
    expect(found).toMatchObject({ namespace: 'lab', origin: 'in-cluster' });
    expect(await names(found)).toEqual(['lammps']);
  });

  test("outside of a pod is that of the kubeconfig and its context's namespace", async () => {
    const path = cluster.kubeconfig();
    const found = connect({ client, environment: { KUBECONFIG: path } });
    expect(found).toMatchObject({ namespace: 'lab', origin: `${path}, context stand-in` });
    expect(await names(found)).toEqual(['lammps']);
  });

  test('is that of the first existing file in KUBECONFIG', () => {
    const path = cluster.kubeconfig();
    const second = join(newFolder(), 'second');
    writeFileSync(
      second,
      'apiVersion: v1\nkind: Config\ncurrent-context: other\ncontexts:\n- {name: other, context: {cluster: c, user: u}}\n' +
        'clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}]\nusers: [{name: u, user: {}}]\n',
    );
    const environment = { KUBECONFIG: `/nowhere/config:${path}:${second}` };
    expect(connect({ client, environment }).config.getCurrentContext()).toBe('stand-in');
  });

  test('has the requested namespace instead of that of the context', () => {
    const environment = { KUBECONFIG: cluster.kubeconfig() };
    expect(connect({ client, environment, namespace: 'other' }).namespace).toBe('other');
  });
});

test.each([
  [
    'no kubeconfig',
    { HOME: '/nowhere' },
    /not a pod, and \/nowhere\/\.kube\/config is missing; set KUBECONFIG/,
  ],
  [
    'a kubeconfig that is not there',
    { KUBECONFIG: '/nowhere/config' },
    /not a pod, and \/nowhere\/config is missing; set KUBECONFIG/,
  ],
  [
    'a pod without a token',
    { KUBERNETES_SERVICE_HOST: '10.0.0.1' },
    /token is missing.*automountServiceAccountToken/,
  ],
])('the error names the missing part: %s', (_name, environment, message) => {
  expect(() => connect({ client, environment, root: '/nowhere' })).toThrow(ServiceError);
  expect(() => connect({ client, environment, root: '/nowhere' })).toThrow(message);
});

test.each([
  ['no YAML', '}{', /can't be read/],
  [
    'no current context',
    'apiVersion: v1\nkind: Config\nclusters: []\nusers: []\ncontexts: []\n',
    /current-context/,
  ],
])('the error names the fault of a kubeconfig with %s', (_name, text, message) => {
  const path = join(newFolder(), 'config');
  writeFileSync(path, text);
  expect(() => connect({ client, environment: { KUBECONFIG: path } })).toThrow(ServiceError);
  expect(() => connect({ client, environment: { KUBECONFIG: path } })).toThrow(message);
});
