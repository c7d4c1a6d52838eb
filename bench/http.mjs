// The HTTP API of a run: what 50 readers of its events cost an engine at full speed, and requests a second.

import { createServer } from 'node:http';
import { join } from 'node:path';
import { HttpListener } from '../dist/api/listen.js';
import { LiveSource } from '../dist/api/sources/live.js';
import { Audit } from '../dist/service/audit.js';
import { BenchEnsemble } from './bench-ensemble.mjs';
import { feed, recordingOf, withFolder } from './journals.mjs';
import { compare, median, show, spread } from './measure.mjs';
import { start } from './programs.mjs';

const jobs = 1_000_000;
const groups = 10;
const readers = 50;
const rounds = 5;
const loadSeconds = 2;

const clients = (...args) => start('http-client.mjs', ...args);

async function requestsPerSecond(socket) {
  const { perSecond } = JSON.parse(await clients('load', socket, loadSeconds).line());
  return perSecond;
}

/** A server of Node that answers with the same bytes. */
async function bareServer(path, body) {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(body);
  });
  await new Promise((resolve) => server.listen(path, resolve));
  return server;
}

export async function run() {
  return withFolder(async (folder) => {
    const bytes = recordingOf({ jobs, groups });
    const ensemble = new BenchEnsemble(groups);
    const socket = join(folder, 'http.sock');
    const source = new LiveSource(ensemble, { version: 'bench' });
    const listener = await HttpListener.open({
      ...{ address: { kind: 'unix', path: socket }, source, version: 'bench', log: console.error },
      audit: () => new Audit(join(folder, 'audit'), console.error),
      limits: { callsPerSecond: 1e9, callsAtOnce: 1e9 },
    });
    const pass = async () => {
      const engine = ensemble.makeEngine();
      const before = ensemble.engine;
      ensemble.engine = engine;
      before.close();
      await feed(engine, bytes);
    };
    let received = 0;
    const passRead = async () => {
      const { child, line } = clients('readers', socket, readers);
      await line();
      const begin = performance.now();
      await pass();
      const seconds = (performance.now() - begin) / 1000;
      child.stdin.end();
      received = JSON.parse(await line()).bytes;
      return seconds;
    };
    const read = [];
    const alone = await compare({ alone: pass, read: async () => read.push(await passRead()) }, rounds);
    // The start of the readers does not count.
    const withReaders = median(read.slice(1));

    const body = JSON.stringify((await source.list())[0]);
    const bare = await bareServer(join(folder, 'bare.sock'), body);
    const rates = { ours: [], bare: [] };
    for (let round = 0; round < rounds; round++) {
      rates.ours.push(await requestsPerSecond(socket));
      rates.bare.push(await requestsPerSecond(join(folder, 'bare.sock')));
    }
    bare.close();
    await listener.close();
    ensemble.engine.close();
    return [
      {
        name: `an engine at full speed with ${readers} readers of its events over HTTP (${groups} groups and rules)`,
        value: `${show(withReaders)} s for ${jobs} jobs (${show(received / 1e6)} MB were read)`,
        baseline: `without readers ${show(alone.alone.median)} s`,
        ratio: alone.alone.median / withReaders,
      },
      {
        name: 'requests of an ensemble over HTTP, 8 connections',
        value: spread(rates.ours, '/s'),
        baseline: `the same bytes from node:http ${spread(rates.bare, '/s')}`,
        ratio: median(rates.ours) / median(rates.bare),
      },
    ];
  });
}
