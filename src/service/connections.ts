/** The connections of a service: limits their number, and the time without an admitted call. */

import type { Socket } from 'node:net';

export interface ConnectionLimits {
  readonly maxConnections: number;
  /** Seconds for a new connection to make an admitted call. */
  readonly admissionTimeout: number;
}

interface Connection {
  readonly socket: Socket;
  /** Milliseconds, on the monotonic clock. */
  readonly since: number;
}

const keyOf = (address: string | undefined, port: number | undefined) => `${address} ${port}`;
/** Milliseconds between two checks for late connections. */
const LOOK_INTERVAL = 500;

export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #all = new Set<Socket>();
  /** Connections without an admitted call, the oldest first. */
  readonly #strangers = new Map<string, Connection>();
  readonly #timer: NodeJS.Timeout;
  #lastUnix = 0;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
    this.#timer = setInterval(() => this.#dropLate(), LOOK_INTERVAL).unref();
  }

  get size(): number {
    return this.#all.size;
  }

  /**
   * Adds a new connection. Returns false after closing it when the limit is reached. The oldest connection without
   * a call is closed first, so that strangers can't block others.
   */
  add(socket: Socket): boolean {
    // Connections to a Unix socket have no address of their own. A number identifies each of them.
    if (socket.remoteAddress === undefined && socket.remotePort === undefined) {
      Object.defineProperty(socket, 'remotePort', { value: ++this.#lastUnix });
    }
    if (this.#all.size >= this.#limits.maxConnections && !this.#dropOldestStranger()) {
      socket.destroy();
      return false;
    }
    const key = keyOf(socket.remoteAddress, socket.remotePort);
    this.#all.add(socket);
    this.#strangers.set(key, { socket, since: performance.now() });
    socket.once('close', () => {
      this.#all.delete(socket);
      if (this.#strangers.get(key)?.socket === socket) this.#strangers.delete(key);
    });
    return true;
  }

  /** A call on the connection was let in. */
  admitted(address: string | undefined, port: number | undefined): void {
    this.#strangers.delete(keyOf(address, port));
  }

  /** Closes all connections. */
  close(): void {
    clearInterval(this.#timer);
    for (const socket of this.#all) socket.destroy();
  }

  #dropOldestStranger(): boolean {
    const [oldest] = this.#strangers;
    if (oldest === undefined) return false;
    this.#drop(...oldest);
    return true;
  }

  #dropLate(): void {
    const late = performance.now() - this.#limits.admissionTimeout * 1000;
    for (const [key, connection] of this.#strangers) {
      if (connection.since > late) return;
      this.#drop(key, connection);
    }
  }

  #drop(key: string, { socket }: Connection): void {
    this.#strangers.delete(key);
    this.#all.delete(socket);
    socket.destroy();
  }
}
