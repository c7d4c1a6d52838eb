/** `exec`: any program, which is told what happened on its standard input and may answer with what to do next. */

import { fillCommand, showWords } from '../language/fill.js';
import { isTemplate, type Lookup } from '../language/template.js';
import type { FollowUp } from '../model/follow-up.js';
import { describeEnd, Guarded } from '../usercode/guarded.js';
import { fromJson, toJson } from '../usercode/json.js';
import type { Programs } from '../usercode/programs.js';
import type { ActionContext, ActionNamed, Due } from './context.js';
import { tagValues } from './tag-values.js';
import { asked, eventOf, withinTime } from './user-code.js';

/** Bytes of an answer; an action takes some hundred. */
const LONGEST_ANSWER = 1 << 20;

/** Runs the program and returns what it asks for. Throws ActionError. */
export async function exec(context: ActionContext, due: Due<ActionNamed<'exec'>>): Promise<FollowUp[]> {
  const { rule, firing } = due;
  const metrics = firing.metrics ?? (await context.engine.metrics());
  const action = filledIn(due.action, tagValues(firing, metrics));
  context.observer.action?.({ kind: 'exec', command: action.commandText }, firing);
  const { groups, status } = metrics;
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
      () => runProgram(context.programs, action.command, input, stop.signal, output),
      action.timeout,
      stop,
      context.signal,
    ),
  );
}

/** The action with the tags of its command filled in. Throws FillError, and what `lookup` throws. */
function filledIn(action: ActionNamed<'exec'>, lookup: Lookup): ActionNamed<'exec'> {
  if (!action.command.some(isTemplate)) return action;
  const command = fillCommand(action.command, lookup);
  return { ...action, command, commandText: showWords(command) };
}

/**
 * The JSON value that the program prints before it ends, null when it prints nothing. Rejects with what went wrong. When
 * the signal is aborted, or this process dies, it is killed with all that it started.
 */
async function runProgram(
  programs: Programs,
  command: readonly string[],
  input: string,
  signal: AbortSignal,
  output: (line: string) => void,
): Promise<unknown> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  const program = new Guarded(command, {
    stdout: (piece) => {
      bytes += piece.length;
      if (bytes <= LONGEST_ANSWER) pieces.push(piece);
      else kill();
    },
    line: output,
  });
  programs.add(program);
  const kill = () => void program.kill();
  signal.addEventListener('abort', kill);
  program.stdin?.end(input);
  const end = await program.ended;
  signal.removeEventListener('abort', kill);
  if (bytes > LONGEST_ANSWER) throw new Error(`it printed more than ${LONGEST_ANSWER} bytes`);
  if (end.kind === 'refused' || end.kind === 'lost') throw new Error(describeEnd(end));
  if (end.kind === 'signal' || end.status !== 0) throw new Error(`it ended with ${describeEnd(end)}`);
  return readAnswer(Buffer.concat(pieces));
}

function readAnswer(bytes: Buffer): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes).trim();
  } catch (cause) {
    throw new Error('what it printed is not UTF-8 text', { cause });
  }
  if (text === '') return null;
  try {
    return fromJson(text);
  } catch (cause) {
    throw new Error(`what it printed is no JSON: ${(cause as Error).message}`, { cause });
  }
}
