/**
 * Custom functions in Python: one python3 process for an ensemble, which is asked by JSON lines over pipes of its own.
 * One call at a time; a function that does not answer in time is killed with its process, and the next call begins
 * with a new one.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { CustomArguments } from '../custom-types.js';
import { toJson } from '../json.js';

/** Source code and where it stands. */
export interface PythonSource {
  readonly text: string;
  /** The file that it stands in, or what to call it in tracebacks. */
  readonly file: string;
  /** The source's first line in that file, counted from 1. */
  readonly line: number;
}

/** The process could not be started: there is no python3. */
export class PythonMissing extends Error {}

type Answer = { readonly value: unknown } | { readonly error: string };

interface Interpreter {
  readonly child: ChildProcess;
  readonly requests: Writable;
  /** Takes the next answer, or what became of the process. */
  answered: ((answer: Answer | Error) => void) | null;
}

// Three levels up from src/actions/python and from dist/actions/python alike.
const program = fileURLToPath(new URL('../../../src/actions/python/functions.py', import.meta.url));

export class PythonFunctions {
  readonly #source: PythonSource;
  readonly #output: (line: string) => void;
  #interpreter: Interpreter | null = null;
  #line: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** `output` gets what the functions print, line by line. */
  constructor(source: PythonSource, output: (line: string) => void) {
    this.#source = source;
    this.#output = output;
  }

  /**
   * Starts the process and runs the source. Resolves with the names of its functions. Throws PythonMissing, or Error
   * with Python's traceback.
   */
  async load(): Promise<string[]> {
    this.#interpreter = this.#start();
    const { text, file, line } = this.#source;
    const request = { source: text, file, line, folder: dirname(file) };
    return (await this.#ask({ do: 'load', with: request })) as string[];
  }

  /** Runs the work when that before it has ended: Python does one thing at a time. */
  turn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#line.then(work);
    this.#line = result.catch(() => {});
    return result;
  }

  /**
   * Calls a function with what a custom function is given and resolves with what it returned, as JSON has it. Throws
   * Error: with Python's traceback, or with what became of the process. An aborted signal ends the process. For one
   * at a time, in a `turn`.
   */
  async call(name: string, args: CustomArguments): Promise<unknown> {
    const { metrics, event, rule, action, handle } = args;
    const onAbort = () => this.#end();
    handle.signal.addEventListener('abort', onAbort);
    try {
      if (this.#interpreter === null && !this.#closed) await this.load();
      const told = event === null ? null : { ...event, events: [event] };
      const { groups, status } = metrics;
      const of = { function: name, metrics: groups, state: status.state, event: told };
      const request = { ...of, rule: plainRule(rule), action };
      return await this.#ask({ do: 'call', with: request });
    } finally {
      handle.signal.removeEventListener('abort', onAbort);
    }
  }

  /** Ends the process. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#end();
  }

  #end(): void {
    this.#interpreter?.child.kill('SIGKILL');
    this.#interpreter = null;
  }

  #start(): Interpreter {
    const child = spawn('python3', ['-u', program], { stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'] });
    const [, , , requests, answers] = child.stdio as unknown as [
      null,
      Readable,
      Readable,
      Writable,
      Readable,
    ];
    const interpreter: Interpreter = { child, requests, answered: null };
    const settle = (answer: Answer | Error) => {
      const { answered } = interpreter;
      interpreter.answered = null;
      answered?.(answer);
    };
    // A process that is gone is told of by its end.
    requests.on('error', () => {});
    createInterface({ input: answers }).on('line', (line) => settle(JSON.parse(line) as Answer));
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream as Readable }).on('line', this.#output);
    }
    child.on('error', (cause) => {
      if (this.#interpreter === interpreter) this.#interpreter = null;
      settle(new PythonMissing(`python3 can't be started: ${cause.message}`));
    });
    child.on('exit', (status, signal) => {
      if (this.#interpreter === interpreter) this.#interpreter = null;
      settle(new Error(`its python3 process ended (${signal ?? `exit status ${status}`})`));
    });
    return interpreter;
  }

  async #ask(request: object): Promise<unknown> {
    const interpreter = this.#interpreter;
    if (interpreter === null) throw new Error('its python3 process is gone');
    const answer = await new Promise<Answer | Error>((resolve) => {
      interpreter.answered = resolve;
      interpreter.requests.write(`${toJson(request)}\n`);
    });
    if (answer instanceof Error) throw answer;
    if ('error' in answer) throw new Error(answer.error);
    return answer.value;
  }
}

/** A rule with the keys that it has in the file, as functions in Python know them. */
function plainRule({ triggerText, title, whenText, action }: CustomArguments['rule']): object {
  return { trigger: triggerText, name: title, when: whenText, action };
}
