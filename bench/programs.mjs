// Other programs, in processes of their own.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Starts a program of this package by its path from this folder. `line` and `ask` return its next line. */
export function start(path, ...args) {
  const program = fileURLToPath(new URL(path, import.meta.url));
  const child = spawn(process.execPath, [program, ...args.map(String)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async () => (await lines.next()).value;
  const ask = (text) => {
    child.stdin.write(`${text}\n`);
    return line();
  };
  return { child, line, ask };
}
