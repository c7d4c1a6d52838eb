/** The connections of a service: how many there may be, and how long one may go without a call that is let in. */

import type { Socket } from 'node:net';

export interface ConnectionLimits {
  readonly maxConnections: number;
  /** Seconds that a new connection has to make a call that is let in. */
  readonly admissionTimeout: number;
}

interface Connection {
  readonly socket: Socket;
  /** Milliseconds, on the monotonic clock. */
  readonly since: number;
}

const keyOf = (address: string | undefined, port: number | undefined) => `${address} ${port}`;
/** Milliseconds between two looks for connections whose time is over. */
const LOOK_INTERVAL = 500;

export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #all = new Set<Socket>();
  /** Those that have made no call yet, the oldest first. */
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
   * Takes in a new connection; false when the limit is reached, and it was closed. Before that, the oldest
   * connection without a call is closed, so that strangers can't keep others out.
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

  /** Closes all that is left. */
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
