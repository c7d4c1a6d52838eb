/** `exec`: any program, which is told what happened on its standard input and may answer with what to do next. */

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Duplex, Readable, Writable } from 'node:stream';
import { getSystemErrorMap } from 'node:util';
import { cannotRun, SPAWNER_PATH } from '../members/local/spawner.js';
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
 * aborted, or this process dies, it is killed with all that it started.
 */
function runProgram(
  command: readonly string[],
  input: string,
  signal: AbortSignal,
  output: (line: string) => void,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    // The program's guard (native/local/guard.h), which ends as it does. In a session of its own, out of a ^C's reach.
    const guard = spawn(SPAWNER_PATH, ['exec', ...command], { detached: true, stdio: Array(4).fill('pipe') });
    guard.on('error', (cause) => reject(new Error(cannotRun(SPAWNER_PATH, cause.message), { cause })));
    if (guard.pid === undefined) return;
    const [stdin, stdout, stderr, control] = guard.stdio as unknown as [Writable, Readable, Readable, Duplex];
    // Its end is the end of the program.
    const kill = () => control.destroy();
    signal.addEventListener('abort', kill);
    let refusal = '';
    control.setEncoding('latin1').on('data', (errno: string) => {
      refusal += errno;
    });
    // A program need not read what it is told.
    for (const stream of [stdin, control]) stream.on('error', () => {});
    stdin.end(input);
    createInterface({ input: stderr }).on('line', output);
    const pieces: Buffer[] = [];
    let bytes = 0;
    stdout.on('data', (piece: Buffer) => {
      bytes += piece.length;
      if (bytes <= LONGEST_ANSWER) pieces.push(piece);
      else kill();
    });
    guard.on('close', (status, how) => {
      signal.removeEventListener('abort', kill);
      if (refusal !== '') return reject(new Error(`it can't be started: ${describeErrno(Number(refusal))}`));
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

/** `no such file or directory (ENOENT)`. */
function describeErrno(errno: number): string {
  const [name = `errno ${errno}`, text = 'unknown error'] = getSystemErrorMap().get(-errno) ?? [];
  return `${text} (${name})`;
}
