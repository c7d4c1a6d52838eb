/**
 * Hosts gRPC services on its own sockets, so that connections are counted, checked and dropped before gRPC handles
 * them.
 */

import { createServer, type Server as NetServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import {
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { escapeMessage } from '../text/describe.js';
import { guard, type ListenOptions, type TlsMaterial } from './access.js';
import { formatAddress, type ServiceAddress } from './address.js';
import { Audit } from './audit.js';
import { Connections } from './connections.js';
import { admissionInterceptor } from './grpc-admission.js';
import { listen } from './listen.js';
import { settledWithin } from './settled-within.js';

/** Milliseconds for the last status of each call. */
const LAST_STATUSES = 100;

/** A gRPC service and its handlers. */
export interface HostedService {
  readonly definition: ServiceDefinition;
  readonly handlers: UntypedServiceImplementation;
  /** The server is about to close. Calls without an end should end now. */
  close(): void;
}

export interface ServiceLimits {
  /** Maximum connections on each listener. */
  readonly maxConnections: number;
  /** Maximum concurrent calls on one connection. */
  readonly maxStreams: number;
  /** Maximum bytes of one message. */
  readonly maxMessageSize: number;
  /** Limit of calls of one caller, a second and at once. */
  readonly callsPerSecond: number;
  readonly callsAtOnce: number;
  /** Seconds for a new connection to make an admitted call. */
  readonly admissionTimeout: number;
  /** Seconds without a call in progress after which a connection is closed. */
  readonly idleTimeout: number;
  /** Seconds between two keepalive pings, and for the answer. */
  readonly keepaliveInterval: number;
  readonly keepaliveTimeout: number;
}

export const defaultLimits: ServiceLimits = {
  maxConnections: 1024,
  maxStreams: 100,
  maxMessageSize: 4 * 2 ** 20,
  callsPerSecond: 100,
  callsAtOnce: 500,
  admissionTimeout: 10,
  idleTimeout: 300,
  keepaliveInterval: 20,
  keepaliveTimeout: 10,
};

export interface ServiceServerOptions {
  readonly services: (audit: Audit, log: (text: string) => void) => readonly HostedService[];
  readonly limits?: Partial<ServiceLimits>;
  /** File that the audit is appended to; null for standard error. */
  readonly auditFile?: string | null;
  /** Receives messages for the service's owner; written to standard error by default. */
  readonly log?: (text: string) => void;
}

interface Listener {
  readonly server: Server;
  readonly sockets: NetServer;
  readonly connections: Connections;
}

/** Maximum memory for headers and frames of one connection, in MB. */
const SESSION_MEMORY = 10;

function credentialsOf(tls: TlsMaterial | null): ServerCredentials {
  if (tls === null) return ServerCredentials.createInsecure();
  const { cert, key, ca } = tls;
  return ServerCredentials.createSsl(ca, [{ cert_chain: cert, private_key: key }], ca !== null);
}

export class ServiceServer {
  readonly #limits: ServiceLimits;
  /** Shared with other servers of the process, which close before this one. */
  readonly audit: Audit;
  readonly log: (text: string) => void;
  readonly #services: readonly HostedService[];
  readonly #listeners: Listener[] = [];
  #closing: Promise<void> | null = null;

  /** Throws ServiceError when the audit can't be written. */
  constructor(options: ServiceServerOptions) {
    this.#limits = { ...defaultLimits, ...options.limits };
    // Unlike a stream, the console does not end a process that can't write.
    this.log = options.log ?? ((text) => console.error(`ensemble-server: ${escapeMessage(text)}`));
    this.audit = new Audit(options.auditFile ?? null, this.log);
    this.#services = options.services(this.audit, this.log);
  }

  /**
   * Adds a listener. Resolves with the address and its port. Throws ServiceError: `ERR_INSECURE` when strangers
   * could call, unless the options allow it.
   */
  async listen(options: ListenOptions): Promise<ServiceAddress> {
    const { tls, access, warnings } = await guard(options, this.log);
    const limits = this.#limits;
    const connections = new Connections(limits);
    const server = new Server({
      'grpc.max_receive_message_length': limits.maxMessageSize,
      'grpc.max_concurrent_streams': limits.maxStreams,
      'grpc.max_connection_idle_ms': Math.ceil(limits.idleTimeout * 1000),
      'grpc.keepalive_time_ms': limits.keepaliveInterval * 1000,
      'grpc.keepalive_timeout_ms': limits.keepaliveTimeout * 1000,
      'grpc-node.max_session_memory': SESSION_MEMORY,
      'grpc.enable_channelz': 0,
      interceptors: [
        admissionInterceptor({
          ...limits,
          access,
          audit: this.audit,
          admitted: (address, port) => connections.admitted(address, port),
        }),
      ],
    });
    for (const { definition, handlers } of this.#services) server.addService(definition, handlers);
    const injector = server.createConnectionInjector(credentialsOf(tls));
    const sockets = createServer({ noDelay: true }, (socket) => {
      // A socket error closes that connection only. It is not logged.
      socket.on('error', () => {});
      if (connections.add(socket)) injector.injectConnection(socket);
    });
    let address: ServiceAddress;
    try {
      address = await listen(sockets, options.address);
    } catch (error) {
      connections.close();
      server.forceShutdown();
      throw error;
    }
    sockets.on('error', (error) => this.log(`${formatAddress(address)}: ${error.message}`));
    this.#listeners.push({ server, sockets, connections });
    for (const warning of warnings) this.log(`warning: ${warning}`);
    return address;
  }

  /** Stops accepting calls, lets calls end for `grace` seconds, and closes everything. Idempotent. */
  close(grace = 2): Promise<void> {
    this.#closing ??= this.#close(grace);
    return this.#closing;
  }

  async #close(grace: number): Promise<void> {
    for (const { sockets } of this.#listeners) sockets.close();
    for (const service of this.#services) service.close();
    // The calls end in later turns of the event loop. Node 24 drops a status that is sent after the shutdown has begun.
    await setTimeout(LAST_STATUSES);
    await Promise.all(
      this.#listeners.map(async ({ server, connections }) => {
        const ended = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
        await settledWithin(ended, grace * 1000);
        server.forceShutdown();
        connections.close();
      }),
    );
    this.audit.close();
  }
}
