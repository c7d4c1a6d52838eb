/** The channel of the process that runs code of the user. */

import { Socket } from 'node:net';
import { TextLines } from '../text-lines.js';
import { MAX_MESSAGE } from '../user-process.js';
import { wireOf } from './wire.js';

/** The same descriptor as in `UserProcess`. */
const DESCRIPTOR = 4;

export interface Channel<Sent> {
  /** Sends a message. Throws for a message that can't be cloned. `sent` is called after it was written. */
  tell(message: Sent, sent?: () => void): void;
}

/** Opens the channel. This process exits when the other end closes, even while code of the user runs. */
export function openChannel<Heard extends { readonly kind: string }, Sent>(
  hear: (message: Heard) => void,
): Channel<Sent> {
  const wire = wireOf<Sent, Heard>();
  const socket = new Socket({ fd: DESCRIPTOR, readable: true, writable: true });
  // One message in each turn: the replies to the previous one are sent even if this one never returns.
  const lines = new TextLines((line) => setImmediate(() => hear(wire.decode(line))), MAX_MESSAGE);
  socket.on('data', (bytes) => lines.push(bytes));
  socket.on('close', () => process.exit(0));
  socket.on('error', () => process.exit(0));
  return {
    tell: (message, sent) => {
      // A message begins on a line of its own, because code of the user may write to the descriptor too.
      socket.write(`\n${wire.encode(message)}\n`, sent);
    },
  };
}
