import { chmodSync, chownSync, mkdirSync, mkdtempSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { parseAddress } from '../../src/service/address.js';
import { ServiceClient } from '../../src/service/ensembles/client.js';
import { OperatorClient } from '../../src/service/operator/client.js';
import { cli, eventually, newFolder, serverProgram } from '../support/cli.js';
import { asNobody, isRoot, NOBODY, tokenFile } from '../support/other-user.js';
import { startService, tlsFiles } from '../support/service.js';

const server = (args: string[], env: NodeJS.ProcessEnv = {}) => cli(args, { env, program: serverProgram });

/** The error that ends a client's watching. */
async function endOf(client: ServiceClient): Promise<unknown> {
  try {
    for await (const _update of client.watch(null));
    return null;
  } catch (error) {
    return error;
  }
}

describe.concurrent('the Unix socket of a service', () => {
  test('is in a folder that only its owner can enter', async () => {
    const service = await startService();
    const folder = join(service.folder, 'flux-ensemble');
    const socket = join(folder, 'service.sock');
    expect(service.address).toBe(`unix:${socket}`);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    if (isRoot) {
      // Let them get as far as they can.
      chmodSync(service.folder, 0o755);
      expect(await asNobody(socket)).toBe('EACCES');
      chmodSync(folder, 0o755);
      // Even then another user can't write to the socket, and our programs refuse such a folder.
      expect(await asNobody(socket)).toBe('EACCES');
      expect(await service.cli('ls')).toMatchObject({
        status: 2,
        stderr: expect.stringContaining('is open to others (mode 0755)'),
      });
      chmodSync(folder, 0o700);
    }
    expect((await service.cli('ls')).status).toBe(0);
    await service.stop();
  });

  test('is refused where others could replace it', async () => {
    const base = newFolder();
    const refused = async (runtime: string, text: string) => {
      const env = { XDG_RUNTIME_DIR: runtime };
      const started = await server(['start'], env);
      expect(started).toMatchObject({ status: 2, stderr: expect.stringContaining(text) });
      expect(started.stderr).toContain('ERR_INSECURE');
      expect(await cli(['ls'], { env })).toMatchObject({ status: 2, stderr: expect.stringContaining(text) });
    };
    const made = (name: string) => {
      const path = join(base, name);
      mkdirSync(join(path, 'flux-ensemble'), { recursive: true, mode: 0o700 });
      return path;
    };
    const open = made('open');
    chmodSync(join(open, 'flux-ensemble'), 0o770);
    await refused(open, 'is open to others (mode 0770)');

    const linked = join(base, 'linked');
    mkdirSync(linked);
    symlinkSync(join(made('target'), 'flux-ensemble'), join(linked, 'flux-ensemble'));
    await refused(linked, 'is not a folder');

    const writable = made('writable');
    chmodSync(writable, 0o777);
    await refused(writable, 'others may write to');

    if (isRoot) {
      const foreign = made('foreign');
      chownSync(join(foreign, 'flux-ensemble'), NOBODY, NOBODY);
      await refused(foreign, `belongs to uid ${NOBODY}`);
      const below = made('below');
      chownSync(below, NOBODY, NOBODY);
      await refused(below, `belongs to uid ${NOBODY}`);
    }
  });

  test('belongs to one service at a time, and a stale one is replaced', async () => {
    const service = await startService();
    expect(await server(['start'], service.env)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('listens on'),
    });
    await service.stop('SIGKILL');
    const next = await startService([], service.folder);
    expect(await next.client.list()).toEqual([]);
    await next.stop();
    writeFileSync(join(service.folder, 'flux-ensemble/service.sock'), 'precious');
    expect(await server(['start'], service.env)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('is not a socket'),
    });
  });

  test('may be in another place, if that is private', async () => {
    const folder = mkdtempSync(join(newFolder(), 'own-'));
    const service = await startService(['--socket', join(folder, 's.sock')]);
    expect(service.address).toBe(`unix:${join(folder, 's.sock')}`);
    expect((await service.cli('ls', '--service', join(folder, 's.sock'))).status).toBe(0);
    await service.stop();
    expect(await server(['start', '--socket', '/tmp/s.sock'])).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/\/tmp (is open to others|belongs to)/),
    });
    const long = join(folder, 'x'.repeat(120));
    expect(await server(['start', '--socket', long])).toMatchObject({ status: 1 });
  });
});

describe.concurrent('a TCP listener', () => {
  test('requires certificates, a token, or --insecure', async () => {
    const plain = await server(['start', '--port', '0']);
    expect(plain).toMatchObject({ status: 2, stderr: expect.stringContaining('--token-file') });
    const token = tokenFile(newFolder(), 'token', `${'t'.repeat(40)}\n`);
    // A token on an unencrypted connection is not a protection.
    const wide = await server(['start', '--host', '0.0.0.0', '--port', '0', '--token-file', token]);
    expect(wide).toMatchObject({ status: 2, stderr: expect.stringContaining('has no TLS') });
    const service = await startService(['--port', '0', '--insecure']);
    const { cli: run, address } = service;
    expect((await run('ls', '--service', address, '--insecure')).status).toBe(0);
    // The other side has to say so too: anybody could listen there, and steer the run.
    expect(await run('ls', '--service', address)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('ERR_INSECURE'),
    });
    expect((await service.stop()).stderr).toMatch(/warning: --insecure: every client that can reach/);
  });

  test('admits only clients with a valid token', async () => {
    const folder = newFolder();
    const soon = new Date(Date.now() + 3600_000).toISOString();
    const good = 'a'.repeat(40);
    const old = 'b'.repeat(40);
    const all = tokenFile(
      folder,
      'all',
      `# who may\n${old} name=bob expires=2020-01-01T00:00:00Z\n${good} name=alice expires=${soon}\n`,
    );
    const service = await startService([
      '--port',
      '0',
      '--token-file',
      all,
      '--audit',
      join(folder, 'audit'),
    ]);
    const act = (...more: string[]) =>
      service.cli('act', 'nothing', 'grow', '--service', service.address, '--insecure', ...more);
    const withToken = (text: string) => act('--token-file', tokenFile(folder, `token-${text[0]}`, text));
    const refusals = {
      missing: await act(),
      wrong: await withToken('c'.repeat(40)),
      old: await withToken(old),
    };
    expect(refusals.missing).toMatchObject({ status: 1, stderr: expect.stringContaining('UNAUTHENTICATED') });
    expect(refusals.wrong.stderr).toContain('UNAUTHENTICATED: the token is not one of this service');
    expect(refusals.old.stderr).toContain('UNAUTHENTICATED: the token has expired');
    expect((await withToken(good)).stderr).toContain("no ensemble is called 'nothing'");
    // It never goes out in the clear without a word.
    const path = tokenFile(folder, 'mine', good);
    expect(await service.cli('ls', '--service', service.address, '--token-file', path)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('without TLS'),
    });
    // A file that is changed holds from then on.
    tokenFile(folder, 'all', `${'d'.repeat(40)} name=dora\n`);
    await eventually(
      async () => (await withToken(good)).stderr.includes('not one of this service'),
      'the old tokens are out',
    );
    expect((await withToken('d'.repeat(40))).stderr).toContain('no ensemble is called');
    await service.stop();
    const { readFileSync } = await import('node:fs');
    const text = readFileSync(join(folder, 'audit'), 'utf8');
    expect(statSync(join(folder, 'audit')).mode & 0o777).toBe(0o600);
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, string>);
    expect(lines.slice(0, 4).map(({ call, who, result }) => [call, who, result])).toEqual([
      ['refused', 'unknown', 'UNAUTHENTICATED'],
      ['refused', 'unknown', 'UNAUTHENTICATED'],
      ['refused', 'unknown', 'UNAUTHENTICATED'],
      ['Act', 'token:alice', 'NOT_FOUND'],
    ]);
    expect(lines[0]?.peer).toMatch(/^(127\.0\.0\.1|::1|::ffff:127\.0\.0\.1) port \d+$/);
    for (const token of [good, old, 'c'.repeat(40)]) expect(text).not.toContain(token);
  });

  test('lets a viewer look, but not act', async () => {
    const folder = newFolder();
    const made = join(folder, 'viewer');
    expect(await server(['token', made, '--name', 'wall', '--role', 'viewer'])).toMatchObject({ status: 0 });
    const service = await startService(['--port', '0', '--token-file', made]);
    const as = ['--service', service.address, '--insecure', '--token-file', made];
    expect(await service.cli('ls', ...as)).toMatchObject({ status: 0 });
    const refused = 'PERMISSION_DENIED: token:wall may look, but not act: the role is viewer';
    expect((await service.cli('act', 'x', 'grow', ...as)).stderr).toContain(refused);
    const { address } = service;
    const operator = new OperatorClient({
      ...{ address: parseAddress(address), insecure: true, tokenFile: made },
      ...{ name: 'x', namespace: null },
    });
    await expect(operator.resize(1)).rejects.toThrow('the role is viewer');
    operator.close();
    const run = service.start('run', 'examples/hello-world.yaml', '--no-log', ...as);
    expect((await run.finished).stderr).toContain('the role is viewer');
    await service.stop();
  });

  test('ends a watch whose token is no longer valid', async () => {
    const folder = newFolder();
    const [leaves, stays] = ['a'.repeat(40), 'b'.repeat(40)];
    const all = tokenFile(folder, 'all', `${leaves} name=alice\n${stays} name=bob\n`);
    const service = await startService(['--port', '0', '--token-file', all]);
    const watch = (name: string, token: string) => {
      const client = new ServiceClient({
        address: parseAddress(service.address),
        insecure: true,
        tokenFile: tokenFile(folder, name, token),
      });
      return { client, end: endOf(client) };
    };
    const alice = watch('alice', leaves);
    const bob = watch('bob', stays);
    await Promise.all([alice.client.list(), bob.client.list()]);
    tokenFile(folder, 'all', `${stays} name=bob\n`);
    expect(await alice.end).toMatchObject({
      message: expect.stringContaining('the token is not one of this service'),
    });
    // As long as it takes until the other was looked at again, too.
    expect(await Promise.race([bob.end, after(4000, 'goes on')])).toBe('goes on');
    bob.client.close();
    alice.client.close();
    await service.stop();
  });

  test('refuses token files that others can read, or without tokens, on both sides', async () => {
    const folder = newFolder();
    const made = join(folder, 'made');
    expect(await server(['token', made, '--name', 'alice', '--expires', '7d'])).toMatchObject({ status: 0 });
    expect(statSync(made).mode & 0o777).toBe(0o600);
    expect((await server(['token', made])).status).toBe(1);
    const files = [
      [tokenFile(folder, 'open', 'e'.repeat(40), 0o644), 'is open to others (mode 0644)', 2],
      [tokenFile(folder, 'empty', '# nobody\n'), 'contains no token', 1],
      [tokenFile(folder, 'short', 'secret\n'), 'at least 16', 1],
      [tokenFile(folder, 'odd', `${'f'.repeat(40)} expiers=tomorrow\n`), 'line 1', 1],
      [join(folder, 'none'), 'ENOENT', 1],
      [folder, 'is not a file', 1],
    ] as const;
    for (const [path, text, status] of files) {
      const expected = { status, stderr: expect.stringContaining(text) };
      expect(await server(['start', '--port', '0', '--token-file', path])).toMatchObject(expected);
      const asked = await cli(['ls', '--service', 'localhost:1', '--insecure', '--token-file', path]);
      expect(asked).toMatchObject(expected);
    }
    if (isRoot) {
      chownSync(made, NOBODY, NOBODY);
      expect((await server(['start', '--port', '0', '--token-file', made])).stderr).toContain(
        'belongs to uid',
      );
    }
  });

  test('identifies clients by their certificates', async () => {
    const folder = newFolder();
    const { ca, server: own, alice, stranger } = tlsFiles(folder);
    const service = await startService([
      ...['--port', '0', '--tls-cert', own.cert, '--tls-key', own.key, '--tls-ca', ca.cert],
    ]);
    const act = (...tls: string[]) => service.cli('act', 'x', 'grow', '--service', service.address, ...tls);
    const shown = ({ cert, key }: { cert: string; key: string }) => ['--tls-cert', cert, '--tls-key', key];
    expect((await act('--tls-ca', ca.cert, ...shown(alice))).stderr).toContain("no ensemble is called 'x'");
    expect((await act('--tls-ca', ca.cert)).status).toBe(3);
    expect((await act('--tls-ca', ca.cert, ...shown(stranger))).status).toBe(3);
    // A service with a certificate of another authority is not believed.
    expect((await act('--tls-ca', stranger.cert, ...shown(alice))).status).toBe(3);
    expect((await act('--insecure')).status).toBe(3);
    chmodSync(alice.key, 0o644);
    expect((await act('--tls-ca', ca.cert, ...shown(alice))).stderr).toContain('is open to others');
    const { stderr } = await service.stop();
    expect(stderr.match(/"call":"Act"/g)).toHaveLength(1);
    expect(stderr).toContain('"who":"certificate:alice"');
  });

  test('answers or drops garbage, and the service continues', async () => {
    const service = await startService(['--port', '0', '--insecure']);
    const port = Number(service.address.split(':').at(-1));
    const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
    const frame = (type: number, length: number, stream: number, body = '') =>
      Buffer.concat([
        Buffer.from([length >> 16, length >> 8, length, type, 0, 0, 0, 0, stream]),
        Buffer.from(body),
      ]);
    const garbage = [
      Buffer.from('GET / HTTP/1.1\r\nhost: x\r\n\r\n'),
      Buffer.from([0x16, 3, 1, 0, 200, 1, 0, 0]),
      Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * 7919) % 256)),
      Buffer.concat([Buffer.from(preface), Buffer.alloc(100, 0xff)]),
      // A frame larger than the maximum, and invalid headers.
      Buffer.concat([Buffer.from(preface), frame(4, 0, 0), frame(0, 0xffffff, 1)]),
      Buffer.concat([Buffer.from(preface), frame(4, 0, 0), frame(1, 4, 1, 'abcd')]),
      Buffer.concat([Buffer.from(preface), frame(4, 0, 0), frame(0, 4, 77, 'abcd')]),
    ];
    for (const bytes of garbage) {
      await new Promise<void>((resolve) => {
        const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
        socket.on('data', () => {});
        socket.on('error', () => {});
        socket.on('close', () => resolve());
        setTimeout(() => socket.destroy(), 300);
      });
    }
    expect((await service.cli('ls', '--service', service.address, '--insecure')).status).toBe(0);
    const { status, stderr } = await service.stop();
    expect(status).toBe(0);
    expect(stderr).not.toMatch(/\n +at /);
  });
});
