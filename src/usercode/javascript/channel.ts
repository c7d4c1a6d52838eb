/** The end of a channel in the process that runs code of the user. */

import { Socket } from 'node:net';
import { TextLines } from '../text-lines.js';
import { MAX_MESSAGE } from '../user-process.js';
import { wireOf } from './wire.js';

/** Of `UserProcess`. */
const DESCRIPTOR = 4;

export interface Channel<Sent> {
  /** Sends a message. Throws for one that can't be cloned. `sent` is called when it has been written. */
  tell(message: Sent, sent?: () => void): void;
}

/** Opens the channel. When the other end is closed, so is this process, whatever the code of the user is doing. */
export function openChannel<Heard extends { readonly kind: string }, Sent>(
  hear: (message: Heard) => void,
): Channel<Sent> {
  const wire = wireOf<Sent, Heard>();
  const socket = new Socket({ fd: DESCRIPTOR, readable: true, writable: true });
  // Each message in a turn of its own: what the one before has led to is sent, even if this one never returns.
  const lines = new TextLines((line) => setImmediate(() => hear(wire.decode(line))), MAX_MESSAGE);
  socket.on('data', (bytes) => lines.push(bytes));
  socket.on('close', () => process.exit(0));
  socket.on('error', () => process.exit(0));
  return {
    tell: (message, sent) => {
      // On a line of its own, whatever else was written to the descriptor.
      socket.write(`\n${wire.encode(message)}\n`, sent);
    },
  };
}
