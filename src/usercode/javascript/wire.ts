/** JavaScript values as text: the ends of a channel are both ours, and both JavaScript. */

import { deserialize, serialize } from 'node:v8';
import { type Codec, MAX_MESSAGE } from '../user-process.js';

/** One line for a value that can be cloned. Throws DataCloneError for others, and Error for one that is too large. */
function encode(message: unknown): string {
  const line = serialize(message).toString('base64');
  if (line.length > MAX_MESSAGE) throw new Error(`it is larger than ${MAX_MESSAGE} bytes`);
  return line;
}

/** The codec of messages of these types. */
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
