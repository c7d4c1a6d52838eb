/** A port for a server that is started later. */

import { type AddressInfo, createServer } from 'node:net';

/** Returns a port of this host that nothing listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
