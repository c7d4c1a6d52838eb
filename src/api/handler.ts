/** Answers the requests of a listener. */

import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { Access } from '../service/admission.js';
import { Admission } from '../service/admission.js';
import type { Audit } from '../service/audit.js';
import { Connections } from '../service/connections.js';
import { admitBy } from './access.js';
import { type Api, makeApi } from './app.js';
import type { HttpLimits } from './limits.js';
import type { HostPolicy } from './request-checks.js';
import type { Source } from './sources/source.js';

export interface HandlerOptions {
  readonly source: Source;
  readonly audit: Audit;
  readonly access: Access;
  readonly hosts: HostPolicy;
  readonly limits: HttpLimits;
  readonly version: string;
  readonly log: (text: string) => void;
}

export class Handler {
  readonly answer: RequestListener;
  readonly #connections: Connections;
  readonly #api: Api;

  constructor({ source, audit, access, hosts, limits, version, log }: HandlerOptions) {
    const connections = new Connections(limits);
    const admission = new Admission({
      ...limits,
      access,
      audit,
      admitted: (address, port) => connections.admitted(address, port),
    });
    this.#connections = connections;
    this.#api = makeApi({
      ...{ source, hosts, audit, log, version },
      admit: admitBy(admission),
      maxStreams: limits.maxStreams,
      ownsRoot: true,
      dashboard: true,
    });
    this.answer = getRequestListener(this.#api.app.fetch, { overrideGlobalObjects: false });
  }

  /** Takes in a new connection, within the limits. */
  connected(socket: Socket): void {
    this.#connections.add(socket);
  }

  /** Ends all streams, and closes all connections. */
  close(): void {
    this.#api.close();
    this.#connections.close();
  }
}
