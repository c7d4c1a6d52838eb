/** The listener of the HTTP API, with the rules of the service for addresses, credentials and connections. */

import { X509Certificate } from 'node:crypto';
import { createServer, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { hostname } from 'node:os';
import { getRequestListener } from '@hono/node-server';
import { guard, type ListenOptions, type TlsMaterial } from '../service/access.js';
import { formatAddress, type ServiceAddress } from '../service/address.js';
import { Admission } from '../service/admission.js';
import type { Audit } from '../service/audit.js';
import { Connections } from '../service/connections.js';
import { listen } from '../service/listen.js';
import { settledWithin } from '../service/settled-within.js';
import { admitBy } from './access.js';
import { type Api, makeApi } from './app.js';
import type { HostPolicy } from './request-checks.js';
import type { Source } from './sources/source.js';

export interface HttpOptions extends ListenOptions {
  readonly source: Source;
  readonly audit: Audit;
  /** Receives messages for the owner of the server. */
  readonly log: (text: string) => void;
  /** The version of this package. */
  readonly version: string;
  /** Other names of this server in requests, as behind a proxy. */
  readonly names?: readonly string[];
  readonly limits?: Partial<HttpLimits>;
}

export interface HttpLimits {
  /** Maximum connections. */
  readonly maxConnections: number;
  /** Maximum open streams of events. */
  readonly maxStreams: number;
  /** Limit of calls of one caller, a second and at once. */
  readonly callsPerSecond: number;
  readonly callsAtOnce: number;
  /** Seconds for a new connection to make an admitted call. */
  readonly admissionTimeout: number;
  /** Seconds for the headers of a request, and for all of it. */
  readonly headersTimeout: number;
  readonly requestTimeout: number;
}

const defaultHttpLimits: HttpLimits = {
  maxConnections: 1024,
  maxStreams: 256,
  callsPerSecond: 200,
  callsAtOnce: 1000,
  admissionTimeout: 20,
  headersTimeout: 10,
  requestTimeout: 30,
};

/** Milliseconds for the last answers at the end. */
const GRACE = 1000;

function serverFor(tls: TlsMaterial | null, { headersTimeout, requestTimeout }: HttpLimits): Server {
  const options: ServerOptions = {
    headersTimeout: headersTimeout * 1000,
    requestTimeout: requestTimeout * 1000,
    connectionsCheckingInterval: 1000,
    maxHeaderSize: 16_384,
  };
  if (tls === null) return createServer(options);
  const { cert, key, ca } = tls;
  const verified = ca === null ? {} : { ca, requestCert: true, rejectUnauthorized: true };
  return createTlsServer({ ...options, cert, key, ...verified, minVersion: 'TLSv1.2' });
}

/** The names by which a listener may be called: given ones, its host, this host, and the names of its certificate. */
function ownNames(address: ServiceAddress, tls: TlsMaterial | null, given: readonly string[]): HostPolicy {
  const certificate = tls === null ? null : new X509Certificate(tls.cert);
  const ofAddress = address.kind === 'unix' ? [] : [address.host, hostname()];
  const names = [...given, ...ofAddress].map((name) => name.toLowerCase());
  return (name) => names.includes(name) || certificate?.checkHost(name) !== undefined;
}

export class HttpListener {
  readonly address: ServiceAddress;
  readonly #server: Server;
  readonly #connections: Connections;
  readonly #api: Api;
  #closing: Promise<void> | null = null;

  private constructor(address: ServiceAddress, server: Server, connections: Connections, api: Api) {
    this.address = address;
    this.#server = server;
    this.#connections = connections;
    this.#api = api;
  }

  /** Listens. Throws ServiceError: `ERR_INSECURE` when strangers could call, unless the options allow it. */
  static async open(options: HttpOptions): Promise<HttpListener> {
    const { source, audit, log, version } = options;
    const limits = { ...defaultHttpLimits, ...options.limits };
    const { tls, access, warnings } = guard(options, log);
    const connections = new Connections(limits);
    const admission = new Admission({
      ...limits,
      access,
      audit,
      admitted: (address, port) => connections.admitted(address, port),
    });
    const api = makeApi({
      source,
      admit: admitBy(admission),
      hosts: ownNames(options.address, tls, options.names ?? []),
      audit,
      log,
      version,
      maxStreams: limits.maxStreams,
      ownsRoot: true,
      dashboard: true,
    });
    const server = serverFor(tls, limits);
    // Node counts the bytes of a request's headers before anything is called.
    server.on('connection', (socket) => {
      socket.on('error', () => {});
      connections.add(socket);
    });
    server.on('request', getRequestListener(api.app.fetch, { overrideGlobalObjects: false }));
    let address: ServiceAddress;
    try {
      address = await listen(server, options.address);
    } catch (error) {
      connections.close();
      api.close();
      throw error;
    }
    server.on('error', (error) => log(`${formatAddress(address)}: ${error.message}`));
    for (const warning of warnings) log(`warning: ${warning}`);
    return new HttpListener(address, server, connections, api);
  }

  /** Ends streams, lets answers end for a second, and closes everything. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    // A connection whose answer has ended later is idle then.
    const idle = setInterval(() => this.#server.closeIdleConnections(), 20);
    await settledWithin(closed, GRACE);
    clearInterval(idle);
    this.#api.close();
    this.#connections.close();
  }
}
