/** The console of a process that runs code of the user: printed text is sent in order with its results. */

import { Console } from 'node:console';
import { Writable } from 'node:stream';

/** Maximum characters of a message with printed text. */
const MAX_PRINTED = 1 << 20;

/** Sends the text that code prints in pieces. The pipe of process.stdout would not keep the order. */
export function sendPrinted(send: (text: string) => void): void {
  const printed = new Writable({
    decodeStrings: false,
    write: (text: string, _encoding, done) => {
      for (let at = 0; at < text.length; at += MAX_PRINTED) send(text.slice(at, at + MAX_PRINTED));
      done();
    },
  });
  globalThis.console = new Console({ stdout: printed, stderr: printed });
}
