/** Receivers of notifications: a web server, an SMTP server, and a program in place of sendmail. */

import { chmodSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll } from 'vitest';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const closing: (() => void)[] = [];
afterAll(() => {
  for (const close of closing) close();
});

/** A web server. `answer` gets the number of requests so far, this one included. */
export async function webSink(answer: (response: ServerResponse, count: number, path: string) => void) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (piece: string) => {
      body += piece;
    });
    request.on('end', () => {
      const path = request.url ?? '';
      received.push({ path, headers: request.headers, body });
      answer(response, received.length, path);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { received, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

export const accept = (response: ServerResponse) => response.writeHead(204).end();

/** An SMTP server without encryption. It keeps all lines that it gets. */
export async function smtpSink() {
  const lines: string[] = [];
  const talk = (socket: Socket) => {
    let [inData, rest] = [false, ''];
    const say = (text: string) => socket.write(`${text}\r\n`);
    say('220 sink');
    socket.setEncoding('utf8').on('data', (piece: string) => {
      const all = (rest + piece).split('\r\n');
      rest = all.pop() ?? '';
      for (const line of all) {
        lines.push(line);
        if (inData) {
          if (line !== '.') continue;
          inData = false;
          say('250 kept');
        } else if (line === 'DATA') {
          inData = true;
          say('354 go on');
        } else if (line.startsWith('EHLO')) {
          say('250-sink');
          say('250 AUTH PLAIN');
        } else if (line.startsWith('AUTH')) say('235 welcome');
        else if (line === 'QUIT') socket.end('221 bye\r\n');
        else say('250 ok');
      }
    });
    socket.on('error', () => {});
  };
  const server = createTcpServer(talk);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  return { lines, url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** A program that keeps its arguments and its input in files of a folder: `args` and `input`. */
export function keepingProgram(folder: string): string {
  const path = join(folder, 'keep.sh');
  writeFileSync(path, `#!/bin/sh\necho "$@" >> '${folder}/args'\ncat >> '${folder}/input'\n`);
  chmodSync(path, 0o755);
  return path;
}
