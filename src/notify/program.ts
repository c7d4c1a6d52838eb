/** Programs that get a message on their standard input: those of the file, and the site's `sendmail`. */

import type { Channel } from '../model/notification.js';
import { describeEnd, Guarded } from '../usercode/guarded.js';
import { NotDelivered, type Send } from './attempt.js';

/** Runs a program to its end, and kills it with all that it started when the signal is aborted. Throws NotDelivered. */
export async function runWith(
  command: readonly string[],
  input: string,
  signal: AbortSignal,
): Promise<string> {
  let last = '';
  const program = new Guarded(command, {
    stdout: () => {},
    line: (line) => {
      if (line.trim() !== '') last = line.trim().slice(0, 300);
    },
  });
  let aborted = signal.aborted;
  const kill = () => {
    aborted = true;
    void program.kill();
  };
  if (aborted) kill();
  signal.addEventListener('abort', kill);
  program.stdin?.end(input);
  const end = await program.ended;
  signal.removeEventListener('abort', kill);
  if (!aborted) await program.kill();
  if (end.kind === 'exit' && end.status === 0) return describeEnd(end);
  const reason = aborted ? 'it was killed' : describeEnd(end);
  throw new NotDelivered(last === '' ? reason : `${reason}: ${last}`, end.kind !== 'refused');
}

/** The program gets the same JSON as a webhook. */
export const sendToProgram: Send<Extract<Channel, { kind: 'program' }>> = (
  { command },
  { event },
  _references,
  signal,
) => runWith(command, `${JSON.stringify(event)}\n`, signal);
