import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { status } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { ensemblesProto } from '../../../src/service/ensembles/proto.js';
import type { WatchResponse } from '../../../src/service/index.js';
import { eventually } from '../../support/cli.js';
import { hello, type LocalService, localService } from './local-service.js';

type Failure = Error & { code: status; details: string };

/** The error of a call of the bare stub. */
function failure(call: (done: (error: Error | null) => void) => void): Promise<Failure> {
  return new Promise((resolve, reject) => {
    call((error) => (error === null ? reject(new Error('it did not fail')) : resolve(error as Failure)));
  });
}

function portOf({ address }: { address: { kind: string; port?: number } }): number {
  if (address.port === undefined) throw new Error('no port');
  return address.port;
}

/** Connections that send nothing. */
async function idle(port: number, count: number) {
  let closed = 0;
  const sockets: Socket[] = [];
  for (let i = 0; i < count; i++) {
    await new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1', resolve);
      socket.on('error', () => {});
      socket.on('data', () => {});
      socket.on('close', () => closed++);
      sockets.push(socket);
    });
  }
  return {
    closed: () => closed,
    end: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/**
 * A watcher that reads nothing until `read()`. It is written by hand, because gRPC's own client buffers
 * messages before its first read without a limit.
 */
function watchByHand({ to }: LocalService, ensemble: string) {
  const { path } = to.address as { path: string };
  const session = connectHttp2('http://localhost', { createConnection: () => connect(path) });
  const method = ensemblesProto().Ensembles.service.Watch;
  const stream = session.request({
    ':method': 'POST',
    ':path': method.path,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  const message = method.requestSerialize({ ensemble });
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  stream.end(Buffer.concat([prefix, message]));
  return {
    session,
    stream,
    async readUntil(last: (message: WatchResponse) => boolean): Promise<WatchResponse[]> {
      const seen: WatchResponse[] = [];
      let bytes = Buffer.alloc(0);
      for await (const chunk of stream) {
        bytes = Buffer.concat([bytes, chunk as Buffer]);
        while (bytes.length >= 5 && bytes.length >= 5 + bytes.readUInt32BE(1)) {
          const length = bytes.readUInt32BE(1);
          const received = method.responseDeserialize(bytes.subarray(5, 5 + length));
          bytes = bytes.subarray(5 + length);
          seen.push(received);
          if (last(received)) return seen;
        }
      }
      throw new Error('the stream has ended');
    },
    end: () => session.destroy(),
  };
}

describe('the limits of a service', () => {
  test('close idle connections before they keep other clients out', async () => {
    const service = await localService({ maxConnections: 100, admissionTimeout: 1 }, { tcp: true });
    expect(await service.client.list()).toEqual([]);
    const strangers = await idle(portOf(service.to as never), 1000);
    // The oldest of them were closed for later ones, and for this.
    expect(await service.client.list()).toEqual([]);
    await eventually(() => strangers.closed() === 1000, 'all of them are closed');
    expect(await service.client.list()).toEqual([]);
    strangers.end();
    await service.close();
  });

  test('close a connection without a call after a while', async () => {
    const service = await localService({ idleTimeout: 0.2 });
    const watcher = watchByHand(service, '');
    const closed = new Promise<void>((resolve) => watcher.session.on('close', resolve));
    watcher.stream.on('error', () => {});
    expect(watcher.session.closed).toBe(false);
    watcher.stream.close();
    // The service closes it: the test does not.
    await closed;
    expect(await service.client.list()).toEqual([]);
    await service.close();
  });

  test('refuse a message that is too large, without an effect on other clients', async () => {
    const service = await localService({ maxMessageSize: 10_000 });
    const long = await failure((done) => service.stub.Get({ ensemble: 'x'.repeat(20_000) }, done));
    expect(long.code).toBe(status.RESOURCE_EXHAUSTED);
    const run = service.stub.Register();
    const ended = new Promise<Failure>((resolve) => run.on('error', (error) => resolve(error as Failure)));
    run.on('data', () => {});
    run.write({ hello: hello('large') });
    run.write({ update: { state: 'y'.repeat(20_000) } });
    expect((await ended).code).toBe(status.RESOURCE_EXHAUSTED);
    expect((await service.client.list()).map(({ run }) => run?.id)).toEqual(['large']);
    await service.close();
  });

  test('refuse too many calls, with the time to wait', async () => {
    const service = await localService({ callsPerSecond: 0.01, callsAtOnce: 5 });
    const codes: string[] = [];
    for (let i = 0; i < 8; i++) {
      codes.push(
        await service.client.list().then(
          () => 'ok',
          ({ message }: Error) => message,
        ),
      );
    }
    expect(codes.slice(0, 5)).toEqual(Array(5).fill('ok'));
    for (const code of codes.slice(5))
      expect(code).toMatch(/RESOURCE_EXHAUSTED: too many calls; wait \d+ ms/);
    await service.close();
  });

  test('bound the number of streams on one connection', async () => {
    const service = await localService({ maxStreams: 4 });
    const watches = Array.from({ length: 4 }, () => service.stub.Watch({}));
    for (const watch of watches) watch.on('error', () => {}).on('data', () => {});
    // The fifth stream waits for the end of another one, as HTTP/2 requires.
    let answered = false;
    const fifth = new Promise<void>((resolve) =>
      service.stub.List({}, () => {
        answered = true;
        resolve();
      }),
    );
    expect(await service.client.list()).toEqual([]);
    expect(answered).toBe(false);
    watches[0]?.cancel();
    await fifth;
    await service.close();
  });

  test('apply to the reports of runs', async () => {
    const service = await localService();
    const said = async (...messages: object[]) => {
      const run = service.stub.Register();
      const error = new Promise<Failure>((resolve) => run.on('error', (e) => resolve(e as Failure)));
      run.on('data', () => {});
      for (const message of messages) run.write(message);
      return (await error).details;
    };
    expect(await said({ update: {} })).toBe('the first message of a run must be its hello');
    expect(await said({ hello: { ...hello('x'), id: '' } })).toBe('a run needs an id and a name');
    expect(await said({ hello: hello('z'.repeat(1000)) })).toMatch(/longer than 256/);
    expect(await said({ hello: hello('x') }, {})).toBe('a message without known content');
    expect(await said({ hello: hello('y') }, { hello: hello('y') })).toMatch(/without known content/);
    await service.close();
  });

  test('show no internals in errors', async () => {
    const service = await localService();
    service.registry.find = () => {
      throw new TypeError('secret: /etc/passwd');
    };
    const error = await failure((done) => service.stub.Get({ ensemble: 'x' }, done));
    expect([error.code, error.details]).toEqual([
      status.INTERNAL,
      'internal error; the log of the service has it',
    ]);
    const watch = service.stub.Watch({ ensemble: 'x' });
    const watchError = await new Promise<Failure>((resolve) =>
      watch.on('data', () => {}).on('error', (e) => resolve(e as Failure)),
    );
    expect(watchError.details).toBe('internal error; the log of the service has it');
    expect(service.log.join()).toMatch(/TypeError: secret.*\n +at /);
    await service.close();
  });
});

describe('a slow reader', () => {
  test('receives the latest state without all intermediate ones', async () => {
    const service = await localService();
    const run = service.stub.Register();
    run.on('data', () => {}).on('error', () => {});
    run.write({ hello: hello('busy') });
    await eventually(async () => (await service.client.list()).length === 1, 'it is known');
    const slow = watchByHand(service, 'busy');
    const updates = 300;
    const filler = 'z'.repeat(50_000);
    for (let i = 1; i <= updates; i++) {
      const sent = new Promise((resolve) => run.write({ update: { time: i, state: filler } }, resolve));
      await sent;
    }
    const [entry] = service.registry.entries;
    await eventually(() => entry?.state(0).updated === updates, 'all updates have come');
    const seen = await slow.readUntil(({ ensemble }) => ensemble?.updated === updates);
    // The buffers of the connection hold some states that were sent before.
    expect(seen.length).toBeLessThan(updates / 3);
    const times = seen.map(({ ensemble }) => ensemble?.updated ?? 0);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    slow.end();
    await service.close();
  });
});
