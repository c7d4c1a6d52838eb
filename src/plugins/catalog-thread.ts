/**
 * Forwards requests to the process that inspects plugins (catalog-child.ts). The main thread blocks until the
 * answer, so it can't read from a process itself. Code of the user does not run here.
 */

import { type MessagePort, workerData } from 'node:worker_threads';
import { escapeControls } from '../text/describe.js';
import { packageFile } from '../text/package-file.js';
import { describeEnd } from '../usercode/guarded.js';
import { wireOf } from '../usercode/javascript/wire.js';
import { UserProcess } from '../usercode/user-process.js';
import type { Answer, FromCatalog, Request, ToCatalog } from './catalog.js';

// The path is the same from src/plugins and from dist/plugins.
const program = packageFile('dist/plugins/catalog-child.js');

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

// The thread ends after the process and its descendants have ended.
port.on('close', () => void child.close());
