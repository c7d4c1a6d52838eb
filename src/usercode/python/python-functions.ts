/**
 * Custom functions in Python, in one python3 process for each ensemble, which runs one call at a time. A function
 * that exceeds its timeout is killed with its process and all descendants. The next call starts a new process.
 */

import { dirname } from 'node:path';
import { InvalidAnswer } from '../../model/follow-up.js';
import type { CustomArguments } from '../../model/user-function.js';
import { packageFile } from '../../text/package-file.js';
import { describeEnd, type ProgramEnd } from '../guarded.js';
import { fromJson, toJson } from '../json.js';
import { type Codec, type UserCodeListener, UserProcess } from '../user-process.js';

/** Source code and its place. */
export interface PythonSource {
  /** Null for a whole file, which Python reads itself. */
  readonly text: string | null;
  /** The file that contains it, or its name in tracebacks. */
  readonly file: string;
  /** The source's first line in that file, counted from 1. */
  readonly line: number;
}

/** The process could not be started, for example because python3 is missing. */
export class PythonMissing extends Error {}

interface Request {
  readonly id: number;
  readonly do: 'load' | 'call' | 'read';
  readonly with: object;
}

type Answer = { readonly id: number } & (
  | { readonly value: unknown }
  /** A traceback, or another failure. */
  | { readonly error: string }
  /** Describes an invalid result of a function. */
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

// The path is the same from src/usercode/python and from dist/usercode/python.
const program = packageFile('src/usercode/python/functions.py');

interface Interpreter {
  readonly process: UserProcess<Request, Answer>;
  /** Receives the answer to a request, or the reason of the process's end. */
  answered: ((answer: Answer | Error) => void) | null;
  /** Number of the current request. */
  request: number;
}

export class PythonFunctions {
  readonly #source: PythonSource;
  readonly #names: readonly string[];
  readonly #listener: UserCodeListener;
  readonly #kind: 'functions' | 'reader';
  #interpreter: Interpreter | null = null;
  /** Ends of processes that have ended or are being ended. */
  readonly #ends = new Set<Promise<void>>();
  #line: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** `names` are those of the functions that rules name, or that of the function of a `reader` of jobs. */
  constructor(
    source: PythonSource,
    names: readonly string[],
    listener: UserCodeListener,
    kind: 'functions' | 'reader' = 'functions',
  ) {
    this.#source = source;
    this.#names = names;
    this.#listener = listener;
    this.#kind = kind;
  }

  /**
   * Starts the process and runs the source. Resolves with the names that are functions, each with the reason why it
   * can't be called, or null. An aborted signal ends the process. Throws PythonMissing, or Error with Python's
   * traceback.
   */
  async load(signal?: AbortSignal): Promise<Readonly<Record<string, string | null>>> {
    if (this.#closed || signal?.aborted) throw new Error('the run has ended');
    const onAbort = () => this.#end(new Error('it had not finished loading at the timeout'));
    signal?.addEventListener('abort', onAbort);
    try {
      this.#interpreter = this.#start();
      const { text, file, line } = this.#source;
      const reader = this.#kind === 'reader';
      const request = { source: text, file, line, folder: dirname(file), names: this.#names, reader };
      return (await this.#ask('load', request)) as Record<string, string | null>;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Runs the work after the previous one has ended, because Python runs one call at a time. */
  turn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#line.then(work);
    this.#line = result.catch(() => {});
    return result;
  }

  /**
   * Calls a function with the arguments that it accepts, and resolves with its result as JSON values. Throws
   * InvalidAnswer for an invalid result. Throws Error with Python's traceback, or with the reason of the process's end.
   * An aborted signal ends the process. Must be called within a `turn`.
   */
  async call(name: string, args: CustomArguments): Promise<unknown> {
    const { metrics, event, rule, action, firing, handle } = args;
    const { attempt } = firing;
    const told = event === null ? null : { ...event, events: [event], attempt };
    const { groups, status } = metrics;
    const of = { function: name, metrics: groups, state: status.state, event: told };
    return this.#perform('call', { ...of, rule: plainRule(rule), action, attempt }, handle.signal);
  }

  /**
   * Calls the function of a reader with a job. Resolves with its numbers by name, or with its only one; NaN and infinities are
   * texts. Throws as `call`. One call at a time.
   */
  read(name: string, job: object, signal: AbortSignal): Promise<unknown> {
    return this.#perform('read', { function: name, job }, signal);
  }

  /** An aborted signal ends the process. */
  async #perform(method: 'call' | 'read', request: object, signal: AbortSignal): Promise<unknown> {
    const onAbort = () => this.#end(new Error('its python3 process was ended'));
    signal.addEventListener('abort', onAbort);
    try {
      if (this.#interpreter === null) await this.load(signal);
      return await this.#ask(method, request);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Ends the process. Resolves when it and its descendants have ended. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#end(new Error('the run has ended'));
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
          // Ignores answers to canceled requests, and text that functions write to the channel.
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
    if ('unusable' in answer) throw new InvalidAnswer(answer.unusable);
    if ('error' in answer) throw new Error(answer.error);
    return answer.value;
  }
}

function errorOf(end: ProgramEnd): Error {
  return end.kind === 'refused'
    ? new PythonMissing(`python3 can't be started: ${end.reason}`)
    : new Error(`its python3 process ended (${describeEnd(end)})`);
}

/** Returns a rule with the keys of the file, as functions in Python know them. */
function plainRule({ triggerText, title, whenText, action }: CustomArguments['rule']): object {
  return { trigger: triggerText, name: title, when: whenText, action };
}
