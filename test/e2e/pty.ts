/** Runs the command on a pseudo-terminal, which Python brings. */

import { spawn } from 'node:child_process';
import { afterAll } from 'vitest';
import { main, root } from '../support/cli.js';

/**
 * Runs the command in a terminal of that size; gives the terminal's own signals on to it. Lines on standard input are JSON:
 * a text is typed, a list is a new size, and a number is a signal for the command.
 */
const script = `
import fcntl, json, os, pty, select, signal, struct, sys, termios
columns, rows = int(sys.argv[1]), int(sys.argv[2])
child, terminal = pty.fork()
def resize(columns, rows):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
if child == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    os.execvp(sys.argv[3], sys.argv[3:])
signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGKILL))
asked, ready = b"", [0, terminal]
while True:
    found = select.select(ready, [], [])[0]
    if 0 in found:
        piece = os.read(0, 65536)
        if not piece:
            ready.remove(0)
        asked += piece
        *lines, asked = asked.split(b"\\n")
        for line in lines:
            what = json.loads(line)
            if isinstance(what, str):
                os.write(terminal, what.encode())
            elif isinstance(what, list):
                resize(*what)
            else:
                os.kill(child, what)
    if terminal not in found:
        continue
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
  /** All that was written so far. */
  readonly written: string;
  /** Types text, as keys send it. */
  type(text: string): void;
  resize(columns: number, rows: number): void;
  /** Sends a signal to the command. */
  signal(number: number): void;
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
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let output = '';
  const waiting: { text: string; resolve: (output: string) => void }[] = [];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
    for (const { text, resolve } of waiting) if (output.includes(text)) resolve(output);
  });
  const ended = new Promise<string>((resolve) => child.on('close', () => resolve(output)));
  // The command may have ended.
  child.stdin.on('error', () => {});
  const ask = (what: unknown) => child.stdin.write(`${JSON.stringify(what)}\n`);
  const terminal: Terminal = {
    get written() {
      return output;
    },
    type: ask,
    resize: (...size) => ask(size),
    signal: ask,
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
  void ended.then(() => {
    running.delete(terminal);
    child.stdin.end();
  });
  return terminal;
}

/** Runs `ensemble` on a terminal to its end; resolves with all that was written. */
export function onTerminal(args: readonly string[], options: TerminalOptions = {}): Promise<string> {
  return startOnTerminal(args, options).output;
}
