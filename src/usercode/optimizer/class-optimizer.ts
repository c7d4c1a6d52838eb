/** An optimizer that is an object of a class in Python or JavaScript, in a process that keeps it. */

import { InvalidAnswer } from '../../model/follow-up.js';
import type { OptimizerFacts, ToldRow } from '../../model/search.js';
import { packageFile } from '../../text/package-file.js';
import { describeEnd, type ProgramEnd } from '../guarded.js';
import { wireOf } from '../javascript/wire.js';
import { fromJson, toJson } from '../json.js';
import { type Codec, type UserCodeListener, UserProcess } from '../user-process.js';
import type { OptimizerAnswer, OptimizerRequest } from './messages.js';
import type { Optimizer } from './optimizer.js';

/** The paths are the same from `src` and from `dist`. */
const PROGRAMS = {
  python: ['python3', '-u', packageFile('src/usercode/python/optimizer.py')],
  javascript: [process.execPath, packageFile('dist/usercode/optimizer/child.js')],
} as const;

const json: Codec<OptimizerRequest, OptimizerAnswer> = {
  encode: ({ id, do: method, with: request }) => toJson({ id, do: method, with: request }),
  decode: (line) => {
    const answer = fromJson(line);
    if (typeof answer !== 'object' || answer === null || !('id' in answer)) throw new Error('no answer');
    return { kind: 'answer', ...answer } as OptimizerAnswer;
  },
};

export class ClassOptimizer implements Optimizer {
  readonly #process: UserProcess<OptimizerRequest, OptimizerAnswer>;
  /** Resolves when the object has been made. */
  readonly #begun: Promise<unknown>;
  #waiting: { resolve(value: unknown): void; reject(error: Error): void } | null = null;
  #requests = 0;
  /** Why the process has ended; null while it runs. */
  #end: Error | null = null;

  /** `name` is that of the class; null for the only one of the file. */
  constructor(
    language: 'python' | 'javascript',
    path: string,
    name: string | null,
    facts: OptimizerFacts,
    listener: UserCodeListener,
  ) {
    const codec = language === 'python' ? json : wireOf<OptimizerRequest, OptimizerAnswer>();
    this.#process = new UserProcess(PROGRAMS[language], codec, {
      output: listener.output,
      problem: listener.problem,
      message: (answer) => {
        if (answer.kind === 'printed') {
          for (const line of answer.text.replace(/\n$/, '').split('\n')) listener.output(line);
        } else if (answer.id === this.#requests) this.#settle(answer);
      },
      ended: (end) => this.#ended(endOf(end, language)),
    });
    this.#begun = this.#ask('begin', { path, name, facts });
    // The first exchange reports it.
    this.#begun.catch(() => {});
  }

  async exchange(told: readonly ToldRow[], count: number): Promise<unknown> {
    await this.#begun;
    return this.#ask('exchange', { told, count });
  }

  close(): Promise<void> {
    this.#ended(new Error('the run has ended'));
    return this.#process.close();
  }

  #ask(method: OptimizerRequest['do'], request: object): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#end !== null) return reject(this.#end);
      this.#waiting = { resolve, reject };
      this.#process.tell({ kind: 'request', id: ++this.#requests, do: method, with: request });
    });
  }

  #settle(answer: OptimizerAnswer & { kind: 'answer' }): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    if ('value' in answer) waiting?.resolve(answer.value);
    else if ('unusable' in answer) waiting?.reject(new InvalidAnswer(answer.unusable));
    else waiting?.reject(new Error(answer.error));
  }

  #ended(reason: Error): void {
    this.#end ??= reason;
    this.#waiting?.reject(this.#end);
    this.#waiting = null;
  }
}

function endOf(end: ProgramEnd, language: string): Error {
  const program = language === 'python' ? 'python3' : 'node';
  return end.kind === 'refused'
    ? new Error(`${program} can't be started: ${end.reason}`)
    : new Error(`its ${program} process ended (${describeEnd(end)})`);
}
