/** Listeners that throw: that is the user's error, and must be seen as such. */

import { Engine } from '../../../src/engine/engine.js';
import { journal, plan, say, sleep } from './common.js';

let fired = 0;
let failures = 0;
const engine = new Engine(plan(), {
  firing() {
    fired++;
    if (fired % 20 === 1) throw new Error(`thrown on purpose ${fired}`);
  },
  decodeError() {
    throw new Error('thrown on purpose by decodeError');
  },
});

if (process.argv[2] === 'handled') {
  process.on('uncaughtException', (error) => {
    if (!error.message.startsWith('thrown on purpose')) throw error;
    failures++;
  });
}
let answered = 0;
const count = () => {
  answered++;
};
/** Waits for the answer to all that was sent, or for the end of its patience: the test then shows the difference. */
async function answers(sent: number): Promise<void> {
  for (let tries = 0; tries < 1000 && answered < sent; tries++) await sleep(10);
}
engine.ingest(journal(1, 20)).then(count);
await answers(1);
engine.ingest(Buffer.from('nonsense\n')).then(count);
await answers(2);
engine.ingest(journal(21, 20)).then(count);
await answers(3);
// Firings may be delivered after the answer.
for (let tries = 0; tries < 1000 && fired < 200; tries++) await sleep(10);
say({ fired, failures, answered });
