/** JavaScript values as text. Both ends of a channel are ours and run JavaScript. */

import { deserialize, serialize } from 'node:v8';
import { type Codec, MAX_MESSAGE } from '../user-process.js';

/**
 * Encodes a value that can be cloned on one line. Throws DataCloneError for others, and Error for a value that is
 * too large.
 */
function encode(message: unknown): string {
  const line = serialize(message).toString('base64');
  if (line.length > MAX_MESSAGE) throw new Error(`it exceeds ${MAX_MESSAGE} bytes`);
  return line;
}

/** Returns the codec for these types of messages. */
export function wireOf<Sent, Heard extends { readonly kind: string }>(): Codec<Sent, Heard> {
  return {
    encode,
    decode: (line) => {
      const message: unknown = deserialize(Buffer.from(line, 'base64'));
      if (typeof message !== 'object' || message === null || !('kind' in message))
        throw new Error('no message');
      return message as Heard;
    },
  };
}
