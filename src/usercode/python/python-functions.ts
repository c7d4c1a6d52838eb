/**
 * Custom functions in Python: one python3 process for an ensemble. It takes one call at a time; a function that does not
 * answer in time is killed with its process and all that it started, and the next call begins with a new one.
 */

import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NoAction } from '../../model/follow-up.js';
import type { CustomArguments } from '../../model/user-function.js';
import { describeEnd, type ProgramEnd } from '../guarded.js';
import { fromJson, toJson } from '../json.js';
import { type Codec, type UserCodeListener, UserProcess } from '../user-process.js';

/** Source code and where it stands. */
export interface PythonSource {
  /** Null for all of the file, which Python reads itself. */
  readonly text: string | null;
  /** The file that it stands in, or what to call it in tracebacks. */
  readonly file: string;
  /** The source's first line in that file, counted from 1. */
  readonly line: number;
}

/** The process could not be started: there is no python3. */
export class PythonMissing extends Error {}

interface Request {
  readonly id: number;
  readonly do: 'load' | 'call';
  readonly with: object;
}

type Answer = { readonly id: number } & (
  | { readonly value: unknown }
  /** A traceback, or what else went wrong. */
  | { readonly error: string }
  /** What is wrong with what a function returned. */
  | { readonly unusable: string }
);

function isAnswer(value: unknown): value is Answer {
  if (typeof value !== 'object' || value === null || !('id' in value)) return false;
  return 'value' in value || 'error' in value || 'unusable' in value;
}

const codec: Codec<Request, Answer> = {
  encode: toJson,
  decode: (line) => {
    const answer = fromJson(line);
    if (!isAnswer(answer)) throw new Error('no answer');
    return answer;
  },
};

// Three levels up from src/usercode/python and from dist/usercode/python alike.
const program = fileURLToPath(new URL('../../../src/usercode/python/functions.py', import.meta.url));

interface Interpreter {
  readonly process: UserProcess<Request, Answer>;
  /** Takes the answer to a request, or what became of the process. */
  answered: ((answer: Answer | Error) => void) | null;
  /** Number of the request that is under way. */
  request: number;
}

export class PythonFunctions {
  readonly #source: PythonSource;
  readonly #names: readonly string[];
  readonly #listener: UserCodeListener;
  #interpreter: Interpreter | null = null;
  /** Of processes that have ended, or are being ended. */
  readonly #ends = new Set<Promise<void>>();
  #line: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** `names` are those of the functions that rules name. */
  constructor(source: PythonSource, names: readonly string[], listener: UserCodeListener) {
    this.#source = source;
    this.#names = names;
    this.#listener = listener;
  }

  /**
   * Starts the process and runs the source. Resolves with those of the names that are functions, each with why it can't
   * be called, or null. An aborted signal ends the process. Throws PythonMissing, or Error with Python's traceback.
   */
  async load(signal?: AbortSignal): Promise<Readonly<Record<string, string | null>>> {
    if (this.#closed || signal?.aborted) throw new Error('the run has come to its end');
    const onAbort = () => this.#end(new Error('it was still loading when its time was over'));
    signal?.addEventListener('abort', onAbort);
    try {
      this.#interpreter = this.#start();
      const { text, file, line } = this.#source;
      const request = { source: text, file, line, folder: dirname(file), names: this.#names };
      return (await this.#ask('load', request)) as Record<string, string | null>;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Runs the work when that before it has ended: Python does one thing at a time. */
  turn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#line.then(work);
    this.#line = result.catch(() => {});
    return result;
  }

  /**
   * Calls a function with those arguments of a custom function that it takes, and resolves with what it returned, as
   * JSON has it. Throws NoAction for what is no JSON, and Error with Python's traceback, or with what became of the
   * process. An aborted signal ends the process. For one at a time, in a `turn`.
   */
  async call(name: string, args: CustomArguments): Promise<unknown> {
    const { metrics, event, rule, action, handle } = args;
    const onAbort = () => this.#end(new Error('its python3 process was ended'));
    handle.signal.addEventListener('abort', onAbort);
    try {
      if (this.#interpreter === null) await this.load(handle.signal);
      const told = event === null ? null : { ...event, events: [event] };
      const { groups, status } = metrics;
      const of = { function: name, metrics: groups, state: status.state, event: told };
      return await this.#ask('call', { ...of, rule: plainRule(rule), action });
    } finally {
      handle.signal.removeEventListener('abort', onAbort);
    }
  }

  /** Ends the process. Resolves when it and all that it started is gone. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#end(new Error('the run has come to its end'));
    await Promise.all(this.#ends);
  }

  #start(): Interpreter {
    const settle = (answer: Answer | Error) => {
      const { answered } = interpreter;
      interpreter.answered = null;
      answered?.(answer);
    };
    const interpreter: Interpreter = {
      process: new UserProcess<Request, Answer>(['python3', '-u', program], codec, {
        output: this.#listener.output,
        problem: this.#listener.problem,
        message: (answer) => {
          // Answers to requests that were given up, and what functions write themselves, are of no use.
          if (answer.id === interpreter.request) settle(answer);
        },
        ended: (end) => {
          const error = errorOf(end);
          settle(error);
          if (this.#interpreter === interpreter) this.#end(error);
        },
      }),
      answered: null,
      request: 0,
    };
    return interpreter;
  }

  #end(reason: Error): void {
    const interpreter = this.#interpreter;
    if (interpreter === null) return;
    this.#interpreter = null;
    interpreter.answered?.(reason);
    const end = interpreter.process.close().finally(() => this.#ends.delete(end));
    this.#ends.add(end);
  }

  async #ask(method: Request['do'], request: object): Promise<unknown> {
    const interpreter = this.#interpreter;
    if (interpreter === null) throw new Error('its python3 process is gone');
    const answer = await new Promise<Answer | Error>((resolve) => {
      interpreter.answered = resolve;
      interpreter.process.tell({ id: ++interpreter.request, do: method, with: request });
    });
    if (answer instanceof Error) throw answer;
    if ('unusable' in answer) throw new NoAction(answer.unusable);
    if ('error' in answer) throw new Error(answer.error);
    return answer.value;
  }
}

function errorOf(end: ProgramEnd): Error {
  return end.kind === 'refused'
    ? new PythonMissing(`python3 can't be started: ${end.reason}`)
    : new Error(`its python3 process ended (${describeEnd(end)})`);
}

/** A rule with the keys that it has in the file, as functions in Python know them. */
function plainRule({ triggerText, title, whenText, action }: CustomArguments['rule']): object {
  return { trigger: triggerText, name: title, when: whenText, action };
}
