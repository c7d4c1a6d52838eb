/** The stand-in for the Kubernetes API against the real kubectl: what kubectl can do with it, a client of ours can. */

import { execFile, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { admin, runs, type StandIn, service, startStandIn } from './stand-in/cluster.js';

const missing = runs('kubectl', 'version', '--client')
  ? null
  : 'kubectl is not on PATH; Debian has it as kubernetes-client';
let cluster: StandIn;

interface Output {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
}

function run(args: readonly string[], kubeconfig = cluster.kubeconfig()): Promise<Output> {
  const env = { ...process.env, HOME: cluster.folder, KUBECONFIG: kubeconfig };
  return new Promise((resolve) => {
    execFile('kubectl', [...args], { env, timeout: 30_000 }, (error, stdout, stderr) => {
      resolve({ stdout, stderr, status: error === null ? 0 : Number(error.code ?? 1) });
    });
  });
}

async function kubectl(...args: readonly string[]): Promise<string> {
  const output = await run(args);
  if (output.status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${output.stderr}`);
  return output.stdout.trim();
}

const size = () => cluster.api.store.get('lab', 'lammps').spec.size;

const title = missing === null ? 'kubectl' : `kubectl (skipped: ${missing})`;
describe.skipIf(missing !== null)(title, () => {
  beforeAll(async () => {
    cluster = await startStandIn();
  });
  afterAll(() => cluster?.api.close());
  beforeEach(() => {
    if (cluster.api.store.list('lab').length > 0) cluster.api.store.delete('lab', 'lammps');
    cluster.api.store.create({
      metadata: { namespace: 'lab', name: 'lammps' },
      spec: { size: 2, maxSize: 4 },
    });
  });

  test('kubectl finds MiniClusters by discovery and lists them', async () => {
    expect(await kubectl('get', 'miniclusters', '-o', 'name')).toBe('minicluster.flux-framework.org/lammps');
    expect(await kubectl('get', 'miniclusters', '-A', '-o', 'jsonpath={.items[*].spec.size}')).toBe('2');
    expect(await kubectl('get', 'minicluster', 'lammps')).toContain('lammps');
  });

  test('kubectl gets one, and receives an error for a missing one', async () => {
    const object = JSON.parse(await kubectl('get', 'minicluster', 'lammps', '-o', 'json'));
    expect(object).toMatchObject({
      kind: 'MiniCluster',
      metadata: { namespace: 'lab' },
      spec: { maxSize: 4 },
    });
    const { stderr, status } = await run(['get', 'minicluster', 'nope']);
    expect(status).toBe(1);
    expect(stderr).toContain('(NotFound): miniclusters.flux-framework.org "nope" not found');
  });

  test('kubectl patches by merging', async () => {
    await kubectl('patch', 'minicluster', 'lammps', '--type=merge', '-p', '{"spec":{"size":3}}');
    expect(cluster.api.store.get('lab', 'lammps').spec).toEqual({ size: 3, maxSize: 4 });
    await kubectl('patch', 'minicluster', 'lammps', '--type=merge', '-p', '{"spec":{"maxSize":null}}');
    expect(cluster.api.store.get('lab', 'lammps').spec).toEqual({ size: 3 });
  });

  test('kubectl patches only one version if requested', async () => {
    const version = cluster.api.store.get('lab', 'lammps').metadata.resourceVersion;
    const patch = JSON.stringify({ metadata: { resourceVersion: version }, spec: { size: 3 } });
    await kubectl('patch', 'minicluster', 'lammps', '--type=merge', '-p', patch);
    const { stderr, status } = await run(['patch', 'minicluster', 'lammps', '--type=merge', '-p', patch]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/\(Conflict\).*the object has been modified/s);
  });

  test('a size that is not an int32 is refused', async () => {
    const { stderr } = await run([
      'patch',
      'minicluster',
      'lammps',
      '--type=merge',
      '-p',
      '{"spec":{"size":1.5}}',
    ]);
    expect(stderr).toContain('is invalid');
    expect(size()).toBe(2);
  });

  test('kubectl scales by the subresource, also with a condition', async () => {
    await kubectl('scale', 'minicluster', 'lammps', '--replicas=3');
    expect(size()).toBe(3);
    const { status } = await run(['scale', 'minicluster', 'lammps', '--replicas=4', '--current-replicas=2']);
    expect(status).toBe(1);
    expect(size()).toBe(3);
    await kubectl('scale', 'minicluster', 'lammps', '--replicas=4', '--current-replicas=3');
    expect(size()).toBe(4);
  });

  test('kubectl watches changes', async () => {
    const args = ['get', 'miniclusters', '-w', '-o', 'jsonpath={.spec.size} '];
    const watching = spawn('kubectl', args, {
      env: { ...process.env, HOME: cluster.folder, KUBECONFIG: cluster.kubeconfig() },
    });
    const printed = (wanted: string) =>
      new Promise<void>((resolve) => {
        let seen = '';
        watching.stdout.on('data', (chunk) => {
          seen += chunk;
          if (seen.includes(wanted)) resolve();
        });
      });
    try {
      await printed('2 ');
      cluster.api.store.patch('lab', 'lammps', { spec: { size: 4 } });
      await printed('4 ');
    } finally {
      watching.kill();
    }
  });

  test('kubectl creates from a file and deletes', async () => {
    const path = join(cluster.folder, 'minicluster.json');
    const object = {
      apiVersion: 'flux-framework.org/v1alpha2',
      kind: 'MiniCluster',
      metadata: { name: 'second' },
      spec: { size: 1, minSize: 1 },
    };
    writeFileSync(path, JSON.stringify(object));
    await kubectl('create', '--validate=false', '-f', path);
    expect(cluster.api.store.get('lab', 'second').spec).toEqual({ size: 1, minSize: 1 });
    await kubectl('delete', 'minicluster', 'second', '--wait=false');
    expect(cluster.api.store.list('lab')).toHaveLength(1);
  });

  test('kubectl needs a token, and has only the permissions of its account', async () => {
    const stranger = cluster.kubeconfig({ ...admin, token: 'guessed' });
    expect((await run(['get', 'miniclusters'], stranger)).stderr).toMatch(
      /unauthorized|provide credentials/i,
    );
    const ours = cluster.kubeconfig(service);
    expect((await run(['get', 'miniclusters', '-o', 'name'], ours)).stdout).toContain('lammps');
    expect((await run(['delete', 'minicluster', 'lammps'], ours)).stderr).toContain('(Forbidden)');
    expect((await run(['get', 'miniclusters', '-n', 'other'], ours)).stderr).toContain('(Forbidden)');
  });
});
