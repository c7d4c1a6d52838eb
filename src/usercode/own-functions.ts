/** Functions of the program that runs the ensemble. They run in this process, and nothing ends one that blocks it. */

import type { ProgramFunction } from '../model/ensemble.js';
import { InvalidAnswer } from '../model/follow-up.js';
import type { CustomArguments, CustomFunction, LoadedFunctions } from '../model/user-function.js';

export class OwnFunctions implements LoadedFunctions {
  readonly #functions: ReadonlyMap<string, ProgramFunction>;

  constructor(functions: ReadonlyMap<string, ProgramFunction>) {
    this.#functions = functions;
  }

  /** Resolves with a copy of the result. Throws InvalidAnswer for a result that can't be copied. */
  async call(name: string, args: CustomArguments): Promise<unknown> {
    const called = this.#functions.get(name) as CustomFunction | undefined;
    if (called === undefined) throw new Error('it is not defined');
    const answer = await called(args);
    try {
      return structuredClone(answer);
    } catch (cause) {
      throw new InvalidAnswer(`it must be plain data: ${(cause as Error).message}`);
    }
  }

  turn<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }

  async close(): Promise<void> {}
}
