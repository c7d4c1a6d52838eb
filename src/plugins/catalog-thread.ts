/**
 * Passes on questions to the process that looks at plugins (catalog-child.ts), for a thread that waits for the answers
 * and so can't follow a process itself. No code of the user runs here.
 */

import { fileURLToPath } from 'node:url';
import { type MessagePort, workerData } from 'node:worker_threads';
import { escapeControls } from '../text/describe.js';
import { describeEnd } from '../usercode/guarded.js';
import { wireOf } from '../usercode/javascript/wire.js';
import { UserProcess } from '../usercode/user-process.js';
import type { Answer, FromCatalog, Request, ToCatalog } from './catalog.js';

// Two levels up from src/plugins and from dist/plugins alike.
const program = fileURLToPath(new URL('../../dist/plugins/catalog-child.js', import.meta.url));

const { port, bell } = workerData as { port: MessagePort; bell: Int32Array };
let end: string | null = null;

function answer(message: Answer): void {
  port.postMessage(message);
  Atomics.store(bell, 0, 1);
  Atomics.notify(bell, 0);
}

const print = (line: string) => process.stderr.write(`${escapeControls(line)}\n`);

const child = new UserProcess([process.execPath, program], wireOf<ToCatalog, FromCatalog>(), {
  output: print,
  problem: (error) => print(error.message),
  message: (message) => answer(message.answer),
  ended: (how) => {
    end = `its process ended (${describeEnd(how)})`;
    answer({ failed: end });
  },
});

port.on('message', (request: Request) => {
  if (end === null) child.tell({ kind: 'ask', request });
  else answer({ failed: end });
});

// The thread ends when the process, with all that plugins have started, is gone.
port.on('close', () => void child.close());
