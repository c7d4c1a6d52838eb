/**
 * The whole way as a user has it: a run under real Flux on the minicluster member, a service started with --kubernetes,
 * TLS and a token between them, and the stand-in for the Kubernetes API at its end.
 */

import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connection } from '../../src/service/connect.js';
import type { ProtoGrpcType } from '../../src/service/generated/ensemble-service.js';
import { loadProto } from '../../src/service/proto.js';
import { cli, ensembleFile, newFolder, type Running, serverProgram, start } from '../support/cli.js';
import { describeFlux, type Instance, withInstance } from '../support/flux-instance.js';
import { tlsFiles } from '../support/service.js';
import { type StandIn, service, startStandIn } from './stand-in/cluster.js';

const grow = ensembleFile(`
jobs:
  - {name: sleep, command: "true", count: 2}
rules:
  - trigger: start
    action: {name: submit, label: sleep}
  - trigger: metric
    name: count.sleep.success
    when: 2
    action: {name: grow, value: 2}
`);

describeFlux('a run in a MiniCluster', () => {
  let cluster: StandIn;
  let server: Running;
  let port: string;
  let token: string;

  beforeAll(async () => {
    cluster = await startStandIn();
    token = join(newFolder(), 'token');
    await cli(['token', token, '--name', 'lammps'], { program: serverProgram });
    const { server: tls } = tlsFiles(cluster.folder);
    server = start(
      [
        ...['start', '--kubernetes', '--host', '127.0.0.1', '--port', '0', '--token-file', token],
        ...['--tls-cert', tls.cert, '--tls-key', tls.key],
      ],
      { program: serverProgram, env: { KUBECONFIG: cluster.kubeconfig(service) } },
    );
    const printed = await server.printed('listening on');
    expect(printed).toMatch(/^resizing MiniClusters of namespace lab \(.*, context stand-in\)$/m);
    port = /listening on 127\.0\.0\.1:(\d+)/.exec(printed)?.[1] ?? '';
  });
  afterAll(async () => {
    server?.process.kill('SIGTERM');
    await server?.finished;
    await cluster?.api.close();
  });
  beforeEach(() => {
    if (cluster.api.store.list('lab').length > 0) cluster.api.store.delete('lab', 'lammps');
    cluster.api.store.create({
      metadata: { namespace: 'lab', name: 'lammps' },
      spec: { size: 2, maxSize: 3 },
    });
  });

  const run = (instance: Instance, name: string, ...more: readonly string[]) =>
    instance.start([
      ...['run', grow, '--executor', 'minicluster', '--name', name, '--host', '127.0.0.1', '--port', port],
      ...['--tls-ca', join(cluster.folder, 'ca.crt'), '--token-file', token, ...more],
    ]).finished;

  /** Returns the service's status of a MiniCluster. */
  async function status(name: string): Promise<object> {
    const { target, credentials, options } = connection({
      address: { kind: 'tcp', host: '127.0.0.1', port: Number(port) },
      tls: { ca: join(cluster.folder, 'ca.crt'), cert: null, key: null },
      tokenFile: token,
    });
    const { EnsembleOperator } =
      loadProto<ProtoGrpcType>('ensemble-service.proto').convergedcomputing.org.grpc.v1;
    const client = new EnsembleOperator(target, credentials, options);
    const payload = await new Promise<string>((resolve, reject) => {
      client.RequestStatus({ member: 'minicluster', name }, (error, answer) =>
        answer === undefined ? reject(error) : resolve(answer.payload),
      );
    });
    client.close();
    return JSON.parse(payload);
  }

  test('grows, reports the result, and continues after refusals', async () => {
    await withInstance(async (instance) => {
      const text = await run(instance, 'lab/lammps');
      expect(text.stdout).toContain('grow (grew from 2 to 3: asked 4, clamped to 3 (maxSize))');
      expect(text.status).toBe(0);
      expect(cluster.api.store.get('lab', 'lammps').spec.size).toBe(3);

      const json = await run(instance, 'lammps', '--json');
      const lines = json.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(lines).toContainEqual(
        expect.objectContaining({
          type: 'action',
          action: 'grow',
          before: 3,
          after: 3,
          note: 'no change: asked 5, clamped to 3 (maxSize)',
        }),
      );

      // The status of a MiniCluster includes the state of its registered run.
      await run(instance, 'lab/lammps', '--service', `127.0.0.1:${port}`);
      expect(await status('lammps')).toMatchObject({
        name: 'lammps',
        size: 3,
        limits: { min: 1, max: 3 },
        run: { status: 'ended' },
        jobs: { sleep: { submitted: 2, success: 2 } },
        metrics: { 'mean.sleep-duration': expect.any(Number) },
      });

      const other = await run(instance, 'theirs/lammps');
      expect(other.stderr).toContain(
        "grow of MiniCluster 'lammps': DENIED: this service looks after namespace 'lab', not 'theirs' (forbidden)",
      );
      expect(other.status).toBe(0);

      const unknown = await run(instance, 'lab/lamps');
      expect(unknown.stderr).toContain("did you mean 'lammps'?");

      const guessed = join(newFolder(), 'token');
      await cli(['token', guessed], { program: serverProgram });
      cluster.api.store.patch('lab', 'lammps', { spec: { size: 2 } });
      const { stderr } = await run(instance, 'lab/lammps', '--token-file', guessed);
      expect(stderr).toMatch(/refuses the credentials: the token is not one of this service \[ERR_SERVICE\]/);
      expect(cluster.api.store.get('lab', 'lammps').spec.size).toBe(2);
    });
  });
});

describe('invalid command lines', () => {
  test.each([
    ['no name', [], /needs the name of the MiniCluster/],
    ['no such name', ['--name', 'a/b/c'], /'a\/b\/c' is invalid/],
    ['TCP without TLS', ['--name', 'a/b', '--host', 'localhost'], /without TLS.*\[ERR_INSECURE\]/],
  ])('run reports %s', async (_name, more, message) => {
    const { stderr, status } = await cli(['run', grow, '--executor', 'minicluster', ...more]);
    expect(stderr).toMatch(message);
    expect(status).toBe(2);
  });

  test.each([
    ['no cluster', ['--kubernetes'], /\/nowhere is missing; set KUBECONFIG \[ERR_SERVICE\]/],
    ['a namespace without a cluster', ['--namespace', 'lab'], /--namespace requires --kubernetes/],
  ])('server reports %s', async (_name, more, message) => {
    const env = { KUBECONFIG: '/nowhere', KUBERNETES_SERVICE_HOST: '' };
    const { stderr, status } = await cli(['start', ...more], { program: serverProgram, env });
    expect(stderr).toMatch(message);
    expect(status).not.toBe(0);
  });
});
