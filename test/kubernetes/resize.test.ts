/** Growing and shrinking MiniClusters against the stand-in, through the Kubernetes client, with all that goes wrong. */

import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import * as client from '@kubernetes/client-node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { KnownRuns } from '../../src/service/operator/backend.js';
import { connect } from '../../src/service/operator/kubernetes/connect.js';
import { KubernetesBackend } from '../../src/service/operator/kubernetes/kubernetes-backend.js';
import { miniClusterApi } from '../../src/service/operator/kubernetes/minicluster-api.js';
import { Refusal } from '../../src/service/operator/refusal.js';
import { root } from '../support/cli.js';
import type { Account } from './stand-in/api-server.js';
import { admin, type StandIn, service, startStandIn } from './stand-in/cluster.js';
import type { KubeObject } from './stand-in/store.js';

/** No run has registered. */
const noRuns: KnownRuns = { names: () => [], find: () => null };

let cluster: StandIn;
beforeEach(async () => {
  cluster = await startStandIn();
});
afterEach(() => cluster.api.close());

interface BackendOptions {
  readonly account?: Account;
  /** Milliseconds for one call, and for all of a request. */
  readonly timeout?: number;
  readonly patience?: number;
}

/** The backend as in a pod. */
function backend({
  account = service,
  timeout = 5000,
  patience = 10_000,
}: BackendOptions = {}): KubernetesBackend {
  const { config, namespace } = connect({ client, ...cluster.pod(account) });
  const api = miniClusterApi({ client, config }, timeout);
  return new KubernetesBackend({ api, namespace, runs: noRuns, patience, backoff: 5 });
}

function minicluster(spec: KubeObject['spec'], status?: KubeObject['status']): void {
  cluster.api.store.create({
    metadata: { namespace: 'lab', name: 'lammps' },
    spec,
    ...(status ? { status } : {}),
  });
}

const request = {
  member: 'minicluster',
  name: 'lammps',
  namespace: null,
  signal: new AbortController().signal,
};
const spec = () => cluster.api.store.get('lab', 'lammps').spec;
const resize = (delta: number, options?: BackendOptions) => backend(options).resize({ ...request, delta });

async function refusal(work: Promise<unknown>): Promise<Refusal> {
  const error = await work.then(
    (value) => new Error(`not refused but ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );
  if (error instanceof Refusal) return error;
  throw error;
}

describe('sizes of MiniClusters', () => {
  test.each<[KubeObject['spec'], KubeObject['status'], number, number, string]>([
    [{ size: 2, maxSize: 4 }, undefined, 1, 3, 'grew from 2 to 3'],
    [{ size: 2, maxSize: 3 }, undefined, 2, 3, 'grew from 2 to 3: asked 4, clamped to 3 (maxSize)'],
    [
      { size: 2, maxSize: 5 },
      { maximumSize: 3 },
      2,
      3,
      'grew from 2 to 3: asked 4, clamped to 3 (status.maximumSize)',
    ],
    [{ size: 3, maxSize: 3 }, undefined, 1, 3, 'no change: asked 4, clamped to 3 (maxSize)'],
    [{ size: 3, minSize: 2 }, undefined, -5, 2, 'shrank from 3 to 2: asked -2, clamped to 2 (minSize)'],
    [{ size: 3 }, undefined, -5, 1, 'shrank from 3 to 1: asked -2, clamped to 1 (at least 1)'],
    [{ size: 3, minSize: 0, maxSize: 0 }, { maximumSize: 0 }, 100, 103, 'grew from 3 to 103'],
    [{}, undefined, 1, 2, 'grew from 1 to 2'],
  ])('are clamped: %j %j by %d', async (spec, status, delta, size, message) => {
    minicluster(spec, status);
    const answer = await resize(delta);
    expect(answer.message).toBe(message);
    expect(answer).toMatchObject({
      namespace: 'lab',
      before: spec.size ?? 1,
      asked: (spec.size ?? 1) + delta,
      after: size,
    });
    expect(cluster.api.store.get('lab', 'lammps').spec.size).toBe(size);
  });

  test('outside of their limits are never moved in the opposite direction', async () => {
    minicluster({ size: 6, maxSize: 3 });
    expect(await resize(1)).toMatchObject({
      after: 6,
      message: 'no change: asked 7, clamped to 6 (maxSize)',
    });
    expect(await resize(-1)).toMatchObject({ after: 5 });
  });

  test('are changed by patches of the size alone, for the version that was read', async () => {
    minicluster({ size: 2, maxSize: 4, tasks: 8 });
    const version = cluster.api.store.get('lab', 'lammps').metadata.resourceVersion;
    await resize(1);
    expect(spec()).toEqual({ size: 3, maxSize: 4, tasks: 8 });
    const patch = cluster.api.requests.find(({ verb }) => verb === 'patch');
    expect(patch?.contentType).toBe('application/merge-patch+json');
    expect(patch?.body).toEqual({ metadata: { resourceVersion: version }, spec: { size: 3 } });
  });

  test('without a change send no patch', async () => {
    minicluster({ size: 3, maxSize: 3 });
    await resize(1);
    expect(cluster.api.verbs).toEqual(['get']);
  });

  test('add up over two concurrent requests', async () => {
    minicluster({ size: 1, maxSize: 10 });
    const one = backend();
    await Promise.all([1, 2, 3].map((delta) => one.resize({ ...request, delta })));
    expect(spec().size).toBe(7);
    // They waited for each other and so met no conflict.
    expect(cluster.api.verbs.filter((verb) => verb === 'patch')).toHaveLength(3);
  });

  test('add up over two services, which detect each other by conflicts', async () => {
    minicluster({ size: 1, maxSize: 20 });
    const services = [backend(), backend(), backend()];
    await Promise.all(services.flatMap((one) => [1, 2].map((delta) => one.resize({ ...request, delta }))));
    expect(spec().size).toBe(10);
  });
});

describe('failures of Kubernetes', () => {
  const somebodyElse = (patch: object) => () => void cluster.api.store.patch('lab', 'lammps', patch);

  test('a conflict repeats the request on the new size', async () => {
    minicluster({ size: 2, maxSize: 10 });
    cluster.api.fail({ verb: 'patch', meanwhile: somebodyElse({ spec: { size: 5 } }) });
    expect(await resize(1)).toMatchObject({ before: 5, after: 6 });
  });

  test('endless conflicts fail the request', async () => {
    minicluster({ size: 2, maxSize: 10 });
    cluster.api.fail({ verb: 'patch', status: 409, times: 1000 });
    const { reasonCode, status } = await refusal(resize(1, { patience: 4000 }));
    expect([reasonCode, status]).toEqual(['conflict', 'ERROR']);
    expect(cluster.api.verbs.filter((verb) => verb === 'patch').length).toBeGreaterThan(1);
    expect(spec().size).toBe(2);
  });

  test('a missing name is refused with a suggestion', async () => {
    minicluster({ size: 2 });
    const { reasonCode, message } = await refusal(backend().resize({ ...request, name: 'lamps', delta: 1 }));
    expect(reasonCode).toBe('not_found');
    expect(message).toBe("there is no MiniCluster 'lamps' in namespace 'lab'; did you mean 'lammps'?");
  });

  test('a missing name is refused without a suggestion where listing is forbidden', async () => {
    await cluster.api.close();
    cluster = await startStandIn({ accounts: [admin, { ...service, verbs: ['get', 'patch'] }] });
    const { message } = await refusal(backend().resize({ ...request, name: 'lamps', delta: 1 }));
    expect(message).toBe("there is no MiniCluster 'lamps' in namespace 'lab'");
  });

  test('a cluster without the Flux operator is reported', async () => {
    await cluster.api.close();
    cluster = await startStandIn({ withoutMiniClusters: true });
    expect(await backend().check()).toContain('is the Flux operator installed?');
    const { reasonCode, message } = await refusal(resize(1));
    expect(reasonCode).toBe('not_found');
    expect(message).toContain('is the Flux operator installed?');
  });

  test('an account without permission is reported', async () => {
    minicluster({ size: 2 });
    await cluster.api.close();
    const weak: Account = { ...service, verbs: ['get', 'list'] };
    cluster = await startStandIn({ accounts: [admin, weak] });
    minicluster({ size: 2 });
    const { reasonCode, status, message } = await refusal(resize(1));
    expect([reasonCode, status]).toEqual(['forbidden', 'DENIED']);
    expect(message).toMatch(/cannot patch.*needs get, list and patch/);
  });

  test('an unknown token is reported', async () => {
    minicluster({ size: 2 });
    expect(await backend().check()).toBeNull();
    const { reasonCode, message } = await refusal(resize(1, { account: { ...service, token: 'old' } }));
    expect(reasonCode).toBe('forbidden');
    expect(message).toContain("does not accept the service's credentials");
  });

  test("a namespace other than the service's is refused", async () => {
    minicluster({ size: 2 });
    const { status, message } = await refusal(backend().resize({ ...request, namespace: 'other', delta: 1 }));
    expect(status).toBe('DENIED');
    expect(message).toBe("this service looks after namespace 'lab', not 'other'");
    expect(cluster.api.requests).toEqual([]);
  });

  test('too many requests delay the next try', async () => {
    minicluster({ size: 2 });
    cluster.api.fail({ verb: 'patch', status: 429, retryAfter: '1' });
    expect(await resize(1)).toMatchObject({ after: 3 });
  });

  test('a delay beyond the deadline fails the request at once', async () => {
    minicluster({ size: 2 });
    cluster.api.fail({ verb: 'get', status: 429, retryAfter: '3600' });
    const { reasonCode, message } = await refusal(resize(1));
    expect(reasonCode).toBe('busy');
    expect(message).toContain('asks to wait for 3600 s');
    expect(cluster.api.verbs).toEqual(['get']);
  });

  test.each([503, 500, 502, 504])('status %d is retried', async (status) => {
    minicluster({ size: 2 });
    cluster.api.fail({ verb: 'get', status, times: 2 });
    cluster.api.fail({ verb: 'patch', status, times: 2 });
    expect(await resize(1)).toMatchObject({ before: 2, after: 3 });
    expect(spec().size).toBe(3);
  });

  test('a lost answer does not repeat a completed change', async () => {
    minicluster({ size: 2, maxSize: 10 });
    cluster.api.fail({ verb: 'patch', answer: 'drop', done: true });
    expect(await resize(1)).toMatchObject({ before: 2, after: 3, message: 'grew from 2 to 3' });
    expect(spec().size).toBe(3);
  });

  test('a lost connection repeats a missing change', async () => {
    minicluster({ size: 2, maxSize: 10 });
    cluster.api.fail({ verb: 'patch', answer: 'drop', times: 2 });
    expect(await resize(1)).toMatchObject({ before: 2, after: 3 });
    expect(spec().size).toBe(3);
  });

  test('a missing answer is resolved by reading the size', async () => {
    minicluster({ size: 2, maxSize: 10 });
    cluster.api.fail({ verb: 'patch', answer: 'hang', done: true });
    expect(await resize(1, { timeout: 500 })).toMatchObject({ before: 2, after: 3 });
    expect(spec().size).toBe(3);
  });

  test('a missing answer and a change by another client have an unknown result', async () => {
    minicluster({ size: 2, maxSize: 10 });
    cluster.api.fail({ verb: 'patch', answer: 'drop' });
    cluster.api.fail({ verb: 'get', times: 1 });
    cluster.api.fail({ verb: 'get', meanwhile: somebodyElse({ spec: { size: 7 } }) });
    const { reasonCode, message } = await refusal(resize(1));
    expect(reasonCode).toBe('unclear');
    expect(message).toContain('its size is 7');
    expect(spec().size).toBe(7);
  });

  test('a permanently missing answer has an unknown result', async () => {
    minicluster({ size: 2, maxSize: 10 });
    cluster.api.fail({ verb: 'patch', answer: 'hang', times: 1000 });
    const { reasonCode } = await refusal(resize(1, { timeout: 300, patience: 1000 }));
    expect(reasonCode).toBe('unclear');
  });

  test('an unreachable server is reported', async () => {
    const { environment, root } = cluster.pod();
    const { config, namespace } = connect({
      client,
      root,
      environment: { ...environment, KUBERNETES_SERVICE_PORT: '1' },
    });
    const api = miniClusterApi({ client, config }, 1000);
    const gone = new KubernetesBackend({ api, namespace, runs: noRuns, patience: 200, backoff: 5 });
    const { reasonCode, message } = await refusal(gone.resize({ ...request, delta: 1 }));
    expect(reasonCode).toBe('unavailable');
    expect(message).toContain('ECONNREFUSED');
  });

  test('an untrusted certificate is reported without a retry', async () => {
    const { environment, root: folder } = cluster.pod();
    const secrets = join(folder, 'var/run/secrets/kubernetes.io/serviceaccount');
    copyFileSync(join(root, 'test/fixtures/tls/stranger.pem'), join(secrets, 'ca.crt'));
    const { config, namespace } = connect({ client, root: folder, environment });
    const wrong = new KubernetesBackend({
      api: miniClusterApi({ client, config }, 1000),
      namespace,
      runs: noRuns,
    });
    const { reasonCode, message } = await refusal(wrong.resize({ ...request, delta: 1 }));
    expect(reasonCode).toBe('unavailable');
    expect(message).toContain('certificate');
  });

  test('the request of a disconnected caller is abandoned', async () => {
    minicluster({ size: 2 });
    const controller = new AbortController();
    cluster.api.fail({ verb: 'get', status: 503, times: 1000, meanwhile: () => controller.abort() });
    const { reasonCode } = await refusal(
      backend().resize({ ...request, signal: controller.signal, delta: 1 }),
    );
    expect(reasonCode).toBe('unavailable');
    expect(cluster.api.verbs).toEqual(['get']);
  });
});

describe('the status', () => {
  test('of one MiniCluster has its sizes and limits', async () => {
    minicluster({ size: 3, minSize: 2, maxSize: 8 }, { size: 2, maximumSize: 6 });
    expect(await backend().status(request)).toEqual({
      member: 'minicluster',
      namespace: 'lab',
      name: 'lammps',
      size: 3,
      currentSize: 2,
      limits: { min: 2, max: 6 },
      run: null,
      jobs: null,
      metrics: null,
    });
  });

  test('of all MiniClusters lists those of the namespace', async () => {
    minicluster({ size: 3 });
    cluster.api.store.create({ metadata: { namespace: 'other', name: 'theirs' } });
    const status = await backend().status({ ...request, name: '' });
    expect(status).toMatchObject({
      namespace: 'lab',
      miniclusters: [{ name: 'lammps', limits: { min: 1, max: null } }],
    });
  });

  test('includes the registered run', async () => {
    minicluster({ size: 3 });
    const { config } = connect({ client, ...cluster.pod() });
    const run = {
      member: 'minicluster',
      size: null,
      limits: null,
      jobs: { lammps: { running: 2 } },
      metrics: { 'mean.lammps-duration': 31 },
      about: { state: 'running' },
      resize: () => Promise.reject(new Error('not asked')),
    };
    const runs = { names: () => ['lammps'], find: (name: string) => (name === 'lammps' ? run : null) };
    const known = new KubernetesBackend({
      api: miniClusterApi({ client, config }, 5000),
      namespace: 'lab',
      runs,
    });
    expect(await known.status(request)).toMatchObject({
      run: { state: 'running' },
      jobs: { lammps: { running: 2 } },
      metrics: { 'mean.lammps-duration': 31 },
    });
  });
});
