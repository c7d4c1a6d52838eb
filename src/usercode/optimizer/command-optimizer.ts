/**
 * An optimizer that is a program. It gets lines of JSON on standard input: `{"begin": FACTS}` first, then
 * `{"tell": [ROW, ...]}` and `{"ask": COUNT}`. It answers each `ask` with one line of JSON on standard output: a list of
 * rows, or null when it has no more.
 */

import { InvalidAnswer } from '../../model/follow-up.js';
import type { OptimizerFacts, ToldRow } from '../../model/search.js';
import { describeEnd, Guarded } from '../guarded.js';
import { fromJson, toJson } from '../json.js';
import { TextLines } from '../text-lines.js';
import { MAX_MESSAGE, type UserCodeListener } from '../user-process.js';
import type { Optimizer } from './optimizer.js';

/** Characters shown of a line that is not an answer. */
const MAX_SHOWN = 60;

export class CommandOptimizer implements Optimizer {
  readonly #program: Guarded;
  #waiting: { resolve(value: unknown): void; reject(error: Error): void } | null = null;
  /** Why it can't answer any more; null while it can. */
  #end: Error | null = null;

  constructor(words: readonly string[], facts: OptimizerFacts, listener: UserCodeListener) {
    const lines = new TextLines((line) => this.#take(line), MAX_MESSAGE);
    this.#program = new Guarded(words, {
      stdout: (bytes) => lines.push(bytes),
      line: (line) => listener.output(line),
    });
    void this.#program.ended.then((end) => this.#ended(new Error(`it ended (${describeEnd(end)})`)));
    this.#send({ begin: facts });
  }

  async exchange(told: readonly ToldRow[], count: number): Promise<unknown> {
    if (this.#end !== null) throw this.#end;
    if (told.length > 0) this.#send({ tell: told });
    if (count === 0) return [];
    const answer = new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
    this.#send({ ask: count });
    return answer;
  }

  close(): Promise<void> {
    this.#ended(new Error('the run has ended'));
    return this.#program.kill();
  }

  #send(message: object): void {
    const { stdin } = this.#program;
    if (stdin?.writable) stdin.write(`${toJson(message)}\n`);
  }

  #take(line: string): void {
    if (line.trim() === '') return;
    const waiting = this.#waiting;
    this.#waiting = null;
    try {
      const answer = fromJson(line);
      if (waiting === null) throw new SyntaxError('nothing was asked');
      waiting.resolve(answer);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      const shown = line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN)}...` : line;
      const what =
        waiting === null ? 'printed a line although nothing was asked' : 'printed a line that is not JSON';
      const wrong = new InvalidAnswer(
        `${what}: ${JSON.stringify(shown)}; standard output is for answers, so print other text to standard error`,
      );
      waiting?.reject(wrong);
      this.#ended(wrong);
    }
  }

  #ended(reason: Error): void {
    this.#end ??= reason;
    this.#waiting?.reject(this.#end);
    this.#waiting = null;
  }
}
