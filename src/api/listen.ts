/**
 * The listener of the HTTP API, with the rules of the service for addresses, credentials and connections. It answers by
 * modules that are loaded at the first connection, because most runs have none.
 */

import { X509Certificate } from 'node:crypto';
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import { hostname } from 'node:os';
import { guard, type ListenOptions, type TlsMaterial } from '../service/access.js';
import { formatAddress, type ServiceAddress } from '../service/address.js';
import type { Audit } from '../service/audit.js';
import { listen } from '../service/listen.js';
import { settledWithin } from '../service/settled-within.js';
import type { Handler } from './handler.js';
import { defaultHttpLimits, type HttpLimits } from './limits.js';
import type { HostPolicy } from './request-checks.js';
import type { Source } from './sources/source.js';

export interface HttpOptions extends ListenOptions {
  readonly source: Source;
  /** Called at the first connection. */
  readonly audit: () => Audit;
  /** Receives messages for the owner of the server. */
  readonly log: (text: string) => void;
  /** The version of this package. */
  readonly version: string;
  /** Other names of this server in requests, as behind a proxy. */
  readonly names?: readonly string[];
  readonly limits?: Partial<HttpLimits>;
}

/** Milliseconds for the last answers at the end. */
const GRACE = 1000;

async function serverFor(
  tls: TlsMaterial | null,
  { headersTimeout, requestTimeout }: HttpLimits,
): Promise<Server> {
  const options: ServerOptions = {
    headersTimeout: headersTimeout * 1000,
    requestTimeout: requestTimeout * 1000,
    connectionsCheckingInterval: 1000,
    maxHeaderSize: 16_384,
  };
  if (tls === null) return createServer(options);
  const { cert, key, ca } = tls;
  const verified = ca === null ? {} : { ca, requestCert: true, rejectUnauthorized: true };
  const { createServer: createTlsServer } = await import('node:https');
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
  readonly #source: Source;
  readonly #answers: Answers;
  #closing: Promise<void> | null = null;

  private constructor(address: ServiceAddress, server: Server, source: Source, answers: Answers) {
    this.address = address;
    this.#server = server;
    this.#source = source;
    this.#answers = answers;
  }

  /** Listens. Throws ServiceError: `ERR_INSECURE` when strangers could call, unless the options allow it. */
  static async open(options: HttpOptions): Promise<HttpListener> {
    const { source, audit, log, version } = options;
    const limits = { ...defaultHttpLimits, ...options.limits };
    const { tls, access, warnings } = await guard(options, log);
    const hosts = ownNames(options.address, tls, options.names ?? []);
    const answers = new Answers(async () => {
      const { Handler } = await import('./handler.js');
      return new Handler({ ...{ source, access, hosts, limits, version, log }, audit: audit() });
    }, log);
    const server = await serverFor(tls, limits);
    // Node counts the bytes of a request's headers before anything is called.
    server.on('connection', (socket) => answers.connected(socket));
    server.on('request', (request, response) => void answers.answer(request, response));
    const address = await listen(server, options.address);
    server.on('error', (error) => log(`${formatAddress(address)}: ${error.message}`));
    for (const warning of warnings) log(`warning: ${warning}`);
    return new HttpListener(address, server, source, answers);
  }

  /** Whether there was a connection. */
  get used(): boolean {
    return this.#answers.used;
  }

  /** Ends streams, lets answers end for a second, and closes everything, also the source. Idempotent. */
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
    this.#source.close();
    await this.#answers.close();
  }
}

/** Loads what answers requests at the first connection. */
class Answers {
  readonly #make: () => Promise<Handler>;
  readonly #log: (text: string) => void;
  #handler: Promise<Handler | null> | null = null;

  constructor(make: () => Promise<Handler>, log: (text: string) => void) {
    this.#make = make;
    this.#log = log;
  }

  get used(): boolean {
    return this.#handler !== null;
  }

  connected(socket: Socket): void {
    socket.on('error', () => {});
    void this.#loaded().then((handler) => {
      if (handler === null) socket.destroy();
      else if (!socket.destroyed) handler.connected(socket);
    });
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    (await this.#loaded())?.answer(request, response);
  }

  async close(): Promise<void> {
    (await this.#handler)?.close();
  }

  /** Null, after a message, where the modules can't be loaded. */
  #loaded(): Promise<Handler | null> {
    this.#handler ??= this.#make().catch((error: unknown) => {
      this.#log(`the HTTP API can't answer: ${error instanceof Error ? error.message : String(error)}`);
      return null;
    });
    return this.#handler;
  }
}
