/** `exec`: any program, which is told what happened on its standard input and may answer with what to do next. */

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { ActionContext, ActionNamed, Due } from './context.js';
import type { FollowUp } from './follow-up.js';
import { toJson } from './json.js';
import { asked, eventOf, withinTime } from './user-code.js';

/** Bytes of an answer; an action takes some hundred. */
const LONGEST_ANSWER = 1 << 20;

/** Runs the program and returns what it asks for. Throws ActionError. */
export async function exec(context: ActionContext, due: Due<ActionNamed<'exec'>>): Promise<FollowUp[]> {
  const { action, rule, firing } = due;
  context.observer.action?.({ kind: 'exec', command: action.commandText }, firing);
  const { groups, status } = firing.metrics ?? (await context.engine.metrics());
  const input = toJson({
    event: eventOf(firing),
    metrics: groups,
    state: status.state,
    rule: rule.title,
    action,
  });
  const where = `rule '${rule.title}' (rules[${firing.rule}]): exec '${action.commandText}'`;
  const output = (line: string) => context.observer.output?.(line);
  return asked(context, due, where, (stop) =>
    withinTime(
      () => runProgram(action.command, input, stop.signal, output),
      action.timeout,
      stop,
      context.signal,
    ),
  );
}

/**
 * The JSON value that the program prints, null when it prints nothing. Rejects with what went wrong. When the signal is
 * aborted, it is killed with all that it started.
 */
function runProgram(
  [program = '', ...args]: readonly string[],
  input: string,
  signal: AbortSignal,
  output: (line: string) => void,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    // The leader of a process group of its own, which can be killed as one.
    const child = spawn(program, args, { detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    const kill = () => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    };
    signal.addEventListener('abort', kill);
    // A program need not read what it is told.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    createInterface({ input: child.stderr as Readable }).on('line', output);
    const pieces: Buffer[] = [];
    let bytes = 0;
    child.stdout.on('data', (piece: Buffer) => {
      bytes += piece.length;
      if (bytes <= LONGEST_ANSWER) pieces.push(piece);
      else kill();
    });
    child.on('error', (cause) => reject(cause));
    child.on('close', (status, how) => {
      signal.removeEventListener('abort', kill);
      if (bytes > LONGEST_ANSWER) return reject(new Error(`it printed more than ${LONGEST_ANSWER} bytes`));
      if (status !== 0) return reject(new Error(`it ended with ${how ?? `exit status ${status}`}`));
      const text = Buffer.concat(pieces).toString('utf8').trim();
      if (text === '') return resolve(null);
      try {
        resolve(JSON.parse(text));
      } catch (cause) {
        reject(new Error(`what it printed is no JSON: ${(cause as Error).message}`));
      }
    });
  });
}
