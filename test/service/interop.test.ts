/** The wire of EnsembleOperator with an independent client and an independent server, both in Python. */

import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAddress } from '../../src/service/address.js';
import { OperatorClient } from '../../src/service/operator/client.js';
import { RunsBackend } from '../../src/service/operator/runs-backend.js';
import { ensembleFile, eventually, root } from '../support/cli.js';
import { startService } from '../support/service.js';
import { knownRun, knownRuns, startOperator } from './operator-server.js';

// Debian's modules belong to Debian's Python, whichever is first on PATH.
const python = '/usr/bin/python3';
const program = join(root, 'test/service/python/ensemble_operator.py');

function whatIsMissing(): string | null {
  try {
    execFileSync(python, ['-c', 'import grpc, google.protobuf'], { stdio: 'pipe' });
    return null;
  } catch {
    return `${python} has no grpc; Debian has it as python3-grpcio and python3-protobuf`;
  }
}

const missing = whatIsMissing();
const base = { version: 'v1alpha2', group: 'flux-framework.org' };

/** The Python program; its standard output a line at a time. */
function start(args: readonly string[]) {
  const child = spawn(python, [program, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    write: (line: string) => child.stdin.write(`${line}\n`),
    read: async () => (await lines.next()).value as string,
    end: () => child.stdin.end(),
  };
}

describe.skipIf(missing !== null)(`Python${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
  test('is a client of our service', async () => {
    const runs = knownRuns({ study: knownRun('local', 2, 4) });
    const service = await startOperator(new RunsBackend(runs));
    const client = start(['client', service.target]);
    const ask = async (request: object) => {
      client.write(JSON.stringify(request));
      const answer = JSON.parse(await client.read());
      return { ...answer, payload: JSON.parse(answer.payload) };
    };
    const action = (name: string, what: string, payload: string) =>
      ask({ method: 'RequestAction', member: 'locals', name, action: what, payload });

    expect(await action('study', 'grow', JSON.stringify({ ...base, grow: 5 }))).toMatchObject({
      status: 1,
      payload: { before: 2, after: 4, message: 'grew from 2 to 4: asked 7, clamped to 4' },
    });
    expect(await action('study', 'shrink', JSON.stringify({ ...base, shrink: 1 }))).toMatchObject({
      status: 1,
      payload: { after: 3 },
    });
    expect(await action('nobody', 'grow', JSON.stringify(base))).toMatchObject({ status: 2 });
    expect(await action('study', 'explode', '{}')).toMatchObject({ status: 2 });
    expect(await action('study', 'grow', 'no JSON')).toMatchObject({ status: 2 });
    expect(await action('study', 'grow', JSON.stringify({ ...base, grow: -3 }))).toMatchObject({ status: 2 });
    expect(await ask({ method: 'RequestStatus', member: 'local', name: 'study' })).toMatchObject({
      status: 1,
      payload: { size: 3, limits: { min: 1, max: 4 }, jobs: { lammps: { running: 2 } } },
    });
    client.end();
    await service.close();
  });

  test('is a client of the command, for a registered run', async () => {
    const service = await startService(['--insecure', '--port', '0']);
    const file = ensembleFile(
      'jobs: [{name: idle, command: "true"}]\nrules: [{trigger: start, action: {name: submit, label: idle}}]\n',
    );
    const run = service.start(
      ...[
        'run',
        file,
        '--service',
        service.address,
        '--insecure',
        '--name',
        'study',
        '--slots',
        '2',
        '--watch',
      ],
    );
    await eventually(async () => (await service.client.list()).length === 1, 'the run has registered');
    const client = start(['client', service.address]);
    const ask = async (action: string, payload: object) => {
      client.write(
        JSON.stringify({
          method: 'RequestAction',
          member: 'local',
          name: 'study',
          action,
          payload: JSON.stringify(payload),
        }),
      );
      return JSON.parse(JSON.parse(await client.read()).payload);
    };
    expect(await ask('grow', { ...base, grow: 3 })).toMatchObject({ before: 2, asked: 5, after: 5 });
    expect(await ask('shrink', { ...base, shrink: 9 })).toMatchObject({
      after: 1,
      limits: { min: 1, max: null },
      message: 'shrank from 5 to 1: asked -4, clamped to 1',
    });
    client.end();
    await service.client.act('study', { name: 'terminate' });
    expect((await run.finished).stdout).toContain('grow (from 2 to 5)');
    await service.stop();
  });

  describe('as a service for our client', () => {
    let server: ReturnType<typeof start>;
    let address: ReturnType<typeof parseAddress>;
    beforeAll(async () => {
      server = start(['server']);
      address = parseAddress(`127.0.0.1:${await server.read()}`);
    });
    afterAll(() => server?.end());

    async function resize(name: string, delta: number, namespace: string | null = null) {
      const client = new OperatorClient({ address, insecure: true, name, namespace });
      try {
        return await client.resize(delta);
      } finally {
        client.close();
      }
    }

    test('grows and shrinks', async () => {
      expect(await resize('lammps', 1)).toMatchObject({ before: 2, after: 3 });
      const { payload, ...heard } = JSON.parse(await server.read());
      expect(heard).toEqual({ member: 'miniclusters', name: 'lammps', action: 'grow' });
      expect(JSON.parse(payload)).toEqual({ ...base, grow: 1, request: expect.any(String) });
      expect(await resize('lammps', -5, 'lab')).toMatchObject({ before: 3, after: 1 });
      const { payload: second } = JSON.parse(await server.read());
      expect(JSON.parse(second)).toMatchObject({ shrink: 5, namespace: 'lab' });
    });

    test('may answer without a result, as the plain one of ensemble-python', async () => {
      expect(await resize('mute', 1)).toEqual({
        before: null,
        after: null,
        note: 'the service accepted it and did not report a result',
      });
    });

    test('may answer that it is done, as that of ensemble-python in Kubernetes', async () => {
      expect(await resize('terse', 1)).toMatchObject({
        before: null,
        after: null,
        note: expect.stringMatching(/^done/),
      });
    });

    test('may refuse', async () => {
      await expect(resize('nobody', 1)).rejects.toMatchObject({
        code: 'ERR_SERVICE',
        message: "grow of MiniCluster 'nobody': ERROR: no such cluster",
      });
    });

    test('may speak a later version', async () => {
      await expect(resize('odd', 1)).rejects.toMatchObject({ code: 'ERR_SERVICE' });
    });
  });
});
