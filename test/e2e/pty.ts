/** Runs the command on a pseudo-terminal, which Python brings. */

import { spawn } from 'node:child_process';
import { afterAll } from 'vitest';
import { main, root } from '../support/cli.js';

/** Runs the command in a terminal of that size; gives the terminal's own signals on to it. */
const script = `
import fcntl, os, pty, select, signal, struct, sys, termios
columns, rows = int(sys.argv[1]), int(sys.argv[2])
child, terminal = pty.fork()
if child == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    os.execvp(sys.argv[3], sys.argv[3:])
signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGKILL))
while True:
    try:
        piece = os.read(terminal, 65536)
    except OSError:
        break
    if not piece:
        break
    os.write(1, piece)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 255)
`;

export interface Terminal {
  /** Resolves with all that was written so far when the text has been. */
  printed(text: string): Promise<string>;
  /** Kills the command. */
  kill(): void;
  /** Resolves with all that was written when the command has ended. */
  readonly output: Promise<string>;
}

const running = new Set<Terminal>();
afterAll(() => {
  for (const terminal of running) terminal.kill();
});

export interface TerminalOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly columns?: number;
  readonly rows?: number;
}

/** Starts `ensemble` on a terminal. */
export function startOnTerminal(
  args: readonly string[],
  { env, columns = 80, rows = 24 }: TerminalOptions = {},
): Terminal {
  const command = [process.execPath, main, ...args];
  const child = spawn('python3', ['-c', script, String(columns), String(rows), ...command], {
    cwd: root,
    env: { ...process.env, TERM: 'xterm', NO_COLOR: undefined, FORCE_COLOR: undefined, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const waiting: { text: string; resolve: (output: string) => void }[] = [];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
    for (const { text, resolve } of waiting) if (output.includes(text)) resolve(output);
  });
  const ended = new Promise<string>((resolve) => child.on('close', () => resolve(output)));
  const terminal: Terminal = {
    printed: (text) =>
      new Promise((resolve, reject) => {
        if (output.includes(text)) return resolve(output);
        waiting.push({ text, resolve });
        void ended.then(() => reject(new Error(`ended without printing ${text}:\n${output}`)));
      }),
    kill: () => child.kill('SIGTERM'),
    output: ended,
  };
  running.add(terminal);
  void ended.then(() => running.delete(terminal));
  return terminal;
}

/** Runs `ensemble` on a terminal to its end; resolves with all that was written. */
export function onTerminal(args: readonly string[], options: TerminalOptions = {}): Promise<string> {
  return startOnTerminal(args, options).output;
}
