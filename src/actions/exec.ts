/** `exec`: a program, which gets the event on its standard input and may print what to do next. */

import { fillCommand, showWords } from '../language/fill.js';
import { isTemplate, type Lookup } from '../language/template.js';
import type { ActionOf } from '../model/action.js';
import { escapeControls } from '../text/describe.js';
import { describeEnd, Guarded } from '../usercode/guarded.js';
import { fromJson, toJson } from '../usercode/json.js';
import type { Programs } from '../usercode/programs.js';
import { defineAction } from './define.js';
import { commandKey, timeoutKey } from './keys.js';
import { tagValues } from './tag-values.js';
import { callCode, customEvent, metricsOf } from './user-code.js';

/** The types of the kind `exec`. */
export interface ExecKind {
  readonly data: {
    /** The program and its arguments, which may hold tags. */
    readonly command: readonly string[];
    /** As it was written. */
    readonly commandText: string;
    /** Seconds that the program may take. */
    readonly timeout: number;
  };
  readonly report: { readonly command: string };
}

declare module '../model/action.js' {
  interface ActionKinds {
    exec: ExecKind;
  }
}

/** Bytes of an answer; an action takes some hundred. */
const MAX_ANSWER = 1 << 20;

const codeOf = ({ commandText }: ActionOf<'exec'>) => `exec '${commandText}'`;

export const exec = defineAction({
  name: 'exec',
  description:
    'Runs the program `command`, for at most `timeout` (60s), and performs the actions that it prints.',
  keys: { command: commandKey, timeout: timeoutKey },
  resolve: ({ command: { words, text }, timeout }) => ({ command: words, commandText: text, timeout }),
  runsUserCode: true,
  mayGrow: true,
  needsHeartbeat: false,
  quiet: false,
  external: false,
  wantsEvent: () => true,
  target: ({ commandText }) => ({ kind: 'code', id: `exec-${commandText}`, title: commandText }),
  words: {
    planned: ({ commandText }) => `exec ${escapeControls(commandText)}`,
    drawn: () => 'run',
    line: ({ command }) => ({ what: `exec ${command}` }),
    done: ({ command }) => `ran ${command}`,
  },
  code: codeOf,
  perform: async (context, request) => {
    const metrics = await metricsOf(context, request);
    const action = filledIn(request.action, tagValues(request, metrics));
    request.report({ kind: 'exec', command: action.commandText });
    const { groups, status } = metrics;
    const event = customEvent(request.event);
    const rule = request.origin.rule.title;
    const output = (line: string) => context.observer.output?.(line);
    return callCode(context, request, {
      code: codeOf(action),
      timeout: action.timeout,
      work: ({ signal }, _handle, attempt) => {
        const input = toJson({ event, metrics: groups, state: status.state, rule, action, attempt });
        return runProgram(context.programs, { command: action.command, input, attempt }, signal, output);
      },
    });
  },
});

/** The action with the tags of its command filled in. Throws FillError, and what `lookup` throws. */
function filledIn(action: ActionOf<'exec'>, lookup: Lookup): ActionOf<'exec'> {
  if (!action.command.some(isTemplate)) return action;
  const command = fillCommand(action.command, lookup);
  return { ...action, command, commandText: showWords(command) };
}

interface ProgramCall {
  readonly command: readonly string[];
  /** For its standard input. */
  readonly input: string;
  /** Value of ENSEMBLE_ATTEMPT. */
  readonly attempt: number;
}

/**
 * The JSON value that the program prints before it ends, null when it prints nothing. Rejects with the reason of a
 * failure. The program is killed with all that it started when the signal is aborted, or when this process dies.
 */
async function runProgram(
  programs: Programs,
  { command, input, attempt }: ProgramCall,
  signal: AbortSignal,
  output: (line: string) => void,
): Promise<unknown> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  const listener = {
    stdout: (piece: Buffer) => {
      bytes += piece.length;
      if (bytes <= MAX_ANSWER) pieces.push(piece);
      else kill();
    },
    line: output,
  };
  const program = new Guarded(command, listener, { variables: { ENSEMBLE_ATTEMPT: String(attempt) } });
  programs.add(program);
  const kill = () => void program.kill();
  signal.addEventListener('abort', kill);
  program.stdin?.end(input);
  const end = await program.ended;
  signal.removeEventListener('abort', kill);
  if (bytes > MAX_ANSWER) throw new Error(`it printed more than ${MAX_ANSWER} bytes`);
  if (end.kind === 'refused' || end.kind === 'lost') throw new Error(describeEnd(end));
  if (end.kind === 'signal' || end.status !== 0) throw new Error(`it ended with ${describeEnd(end)}`);
  return readAnswer(Buffer.concat(pieces));
}

function readAnswer(bytes: Buffer): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes).trim();
  } catch (cause) {
    throw new Error('its output is not UTF-8 text', { cause });
  }
  if (text === '') return null;
  try {
    return fromJson(text);
  } catch (cause) {
    throw new Error(`its output is not JSON: ${(cause as Error).message}`, { cause });
  }
}
